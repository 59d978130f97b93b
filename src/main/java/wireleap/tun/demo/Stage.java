package wireleap.tun.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;

/**
 * Where the demo plays: two namespaces joined by a veth (veth(4)), a directory, and the servers outside. A signal that
 * ends the program takes it all down as well.
 */
final class Stage implements AutoCloseable {
    private static final int SOCKS = 1080;

    private final Path directory;
    private final List<Side> sides;
    /** What is to be closed at the end, the last first. */
    private final Deque<AutoCloseable> open = new ConcurrentLinkedDeque<>();
    private final Thread hook = new Thread(this::takeDown);
    private volatile boolean takenDown;
    private Namespace inside;

    private Stage(Path directory, List<Side> sides) {
        this.directory = directory;
        this.sides = sides;
    }

    /** Sets everything up, or nothing. */
    static Stage open() throws IOException, InterruptedException {
        // Absent where the kernel was told to be without IPv6 (ipv6.disable=1).
        var sides = Files.exists(Path.of("/proc/net/if_inet6")) ? List.of(Side.values()) : List.of(Side.IPV4);
        var stage = new Stage(Files.createTempDirectory("wireleap_tun-demo"), sides);
        Runtime.getRuntime().addShutdownHook(stage.hook);
        try {
            stage.build();
            return stage;
        } catch (IOException | InterruptedException | RuntimeException e) {
            stage.close();
            throw e;
        }
    }

    private void build() throws IOException, InterruptedException {
        inside = tied(Namespace.open("inside"));
        var outside = tied(Namespace.open("outside"));
        Cable.lay(inside, outside, sides);
        var proxy = Socks5Settings.at(proxy()).withOutgoing(
                sides.stream().map(side -> InetAddress.ofLiteral(side.proxy())).toArray(InetAddress[]::new));
        tied(outside.call(() -> Socks5Server.open(proxy)));
        for (var side : sides) {
            tied(outside.call(() -> Mirror.open(side.mirror())));
        }
    }

    /** Whether it is over, or about to be. */
    boolean isTakenDown() {
        return takenDown;
    }

    private <C extends AutoCloseable> C tied(C closeable) {
        open.push(closeable);
        return closeable;
    }

    /** Where the daemon and its applications are. */
    Namespace inside() {
        return inside;
    }

    /** The families that there are. */
    List<Side> sides() {
        return sides;
    }

    /** For the socket and the log. */
    Path directory() {
        return directory;
    }

    /** Where the SOCKS5 proxy listens. */
    InetSocketAddress proxy() {
        return new InetSocketAddress(InetAddress.ofLiteral(Side.IPV4.proxy()), SOCKS);
    }

    /** The addresses of the web server. */
    List<String> servers() {
        return sides.stream().map(Side::server).toList();
    }

    /** Takes everything down; again is no harm. The namespaces go when nobody is in them any more. */
    @Override
    public void close() {
        takeDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // A signal is ending the program, and the hook is at work.
        }
    }

    private void takeDown() {
        takenDown = true;
        for (var next = open.poll(); next != null; next = open.poll()) {
            try {
                next.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        Trees.delete(directory);
    }
}
