package wireleap.tun.testing;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.DatagramChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import wireleap.tun.demo.Namespace;
import wireleap.tun.demo.Trees;

/**
 * Two network namespaces joined by a veth: "inside" is the machine that runs the daemon, "outside" is the world.
 *
 * <pre>
 *  inside                           outside
 *  veth0 10.77.0.2/24      ------   veth0 10.77.0.1/24, fd77::1/64        proxies listen here
 *        fd77::2/64                 lo    198.51.100.0/24, 2001:db8:99::/112  servers, all these addresses are local
 *  default via 10.77.0.1, fd77::1         203.0.113.0/24, 2001:db8:bad::/64   unreachable
 * </pre>
 *
 * Made with the {@code ip} program, so that nothing of the daemon's own is needed to judge it.
 */
public final class TestNet implements AutoCloseable {
    public static final InetAddress INSIDE_4 = InetAddress.ofLiteral("10.77.0.2");
    public static final InetAddress INSIDE_6 = InetAddress.ofLiteral("fd77::2");
    public static final InetAddress PROXY_4 = InetAddress.ofLiteral("10.77.0.1");
    public static final InetAddress PROXY_6 = InetAddress.ofLiteral("fd77::1");
    public static final InetAddress SERVER_4 = InetAddress.ofLiteral("198.51.100.1");
    public static final InetAddress SERVER_6 = InetAddress.ofLiteral("2001:db8:99::1");
    public static final InetAddress UNREACHABLE_4 = InetAddress.ofLiteral("203.0.113.9");
    public static final InetAddress UNREACHABLE_6 = InetAddress.ofLiteral("2001:db8:bad::9");

    private static final List<String> INSIDE = List.of(
            "link set lo up",
            "link set veth0 addrgenmode none",
            "addr add 10.77.0.2/24 dev veth0",
            "addr add fd77::2/64 dev veth0 nodad",
            "link set veth0 up",
            "route add default via 10.77.0.1",
            "route add default via fd77::1");
    private static final List<String> OUTSIDE = List.of(
            "link set lo up",
            "link set veth0 addrgenmode none",
            "addr add 10.77.0.1/24 dev veth0",
            "addr add fd77::1/64 dev veth0 nodad",
            "link set veth0 up",
            "route add local 198.51.100.0/24 dev lo",
            "route add local 2001:db8:99::/112 dev lo",
            "route add unreachable 203.0.113.0/24",
            "route add unreachable 2001:db8:bad::/64");

    private final Namespace inside;
    private final Namespace outside;
    private final Path directory;
    /** Servers that end with this; the last first. */
    private final Deque<AutoCloseable> tied = new ConcurrentLinkedDeque<>();
    private final Thread hook = new Thread(this::end);

    private TestNet(Namespace inside, Namespace outside, Path directory) {
        this.inside = inside;
        this.outside = outside;
        this.directory = directory;
    }

    /** Makes both namespaces and a temporary directory. Needs root and {@code ip}. */
    public static TestNet open() throws IOException, InterruptedException {
        var net = new TestNet(Namespace.open("inside"), Namespace.open("outside"),
                Files.createTempDirectory("wireleap_tun-test"));
        Runtime.getRuntime().addShutdownHook(net.hook);
        ip(net.inside, List.of("link add veth0 type veth peer name veth0 netns " + net.outside.path()));
        ip(net.inside, INSIDE);
        ip(net.outside, OUTSIDE);
        net.outside.call(() -> {
            // A router answers what cannot be reached by ICMP; a host would be silent.
            Files.writeString(Path.of("/proc/sys/net/ipv4/ip_forward"), "1");
            Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1");
            // IPv6 sockets bind to a local route's addresses only with this; IPv4 ones do by themselves.
            return Files.writeString(Path.of("/proc/sys/net/ipv6/ip_nonlocal_bind"), "1");
        });
        net.awaitCarrier();
        return net;
    }

    /** On a busy machine the kernel takes its time to notice that the other end is up, and says so in the routes. */
    private void awaitCarrier() throws IOException, InterruptedException {
        for (int polls = 0; polls < 500 && output(inside, "ip", "route").contains("linkdown"); polls++) {
            Thread.sleep(10);
        }
    }

    /** Where the daemon and its applications are. */
    public Namespace inside() {
        return inside;
    }

    /** Where proxies and servers are. */
    public Namespace outside() {
        return outside;
    }

    /** A directory for sockets, logs and configurations; removed with all that is in it at the end. */
    public Path directory() {
        return directory;
    }

    /** A listening TCP socket outside, at a free port; whoever accepts from it, the connection is outside. */
    public ServerSocketChannel listen(InetAddress at) throws IOException, InterruptedException {
        return outside.call(() -> ServerSocketChannel.open(family(at)).bind(new InetSocketAddress(at, 0), 1024));
    }

    /** A TCP connection from inside. Throws what the kernel says, or SocketTimeoutException after 15 s. */
    public SocketChannel dial(InetSocketAddress to) throws IOException, InterruptedException {
        return dial(to, 15_000);
    }

    /** The same with another patience. */
    public SocketChannel dial(InetSocketAddress to, int patienceMillis) throws IOException, InterruptedException {
        var socket = inside.call(() -> SocketChannel.open(family(to.getAddress())));
        try {
            socket.socket().connect(to, patienceMillis);
            return socket;
        } catch (IOException e) {
            socket.close();
            throw e;
        }
    }

    /** A UDP socket in a namespace, bound (port 0: a free one); 4 MiB of buffer, so that no burst is lost in it. */
    public static DatagramChannel datagrams(Namespace in, InetSocketAddress at)
            throws IOException, InterruptedException {
        var socket = in.call(() -> DatagramChannel.open(family(at.getAddress())));
        socket.setOption(StandardSocketOptions.SO_RCVBUF, 4 << 20);
        return socket.bind(at);
    }

    private static ProtocolFamily family(InetAddress address) {
        return address instanceof Inet4Address ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
    }

    /** How many packets the kernel has sent into the daemon's TUN device. */
    public long packetsIntoTun() throws IOException, InterruptedException {
        String link = output(inside, "ip", "-s", "link", "show", "wltun0");
        return Long.parseLong(link.replaceFirst("(?s).*TX:[^\n]*\n *\\d+ +(\\d+) .*", "$1"));
    }

    /** Ties a server to the life of this: its sockets would keep the namespace. */
    public <S extends AutoCloseable> S tied(S server) {
        tied.push(server);
        return server;
    }

    /** Runs {@code ip -batch} with these lines. */
    public static void ip(Namespace in, List<String> commands) throws IOException, InterruptedException {
        var process = in.start(new ProcessBuilder("ip", "-batch", "-").redirectErrorStream(true));
        try (var input = process.outputWriter(StandardCharsets.US_ASCII)) {
            input.write(String.join("\n", commands) + "\n");
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException("ip " + commands + ": " + output);
        }
    }

    /** Runs a program and gives what it prints, on both streams, whatever its exit code. */
    public static String output(Namespace in, String... command) throws IOException, InterruptedException {
        var process = in.start(new ProcessBuilder(command).redirectErrorStream(true));
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }

    /** Ends every process that was started here and removes the directory; the kernel takes the rest down by itself. */
    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(hook);
        end();
    }

    private void end() {
        for (var server : tied) {
            try {
                server.close();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        }
        inside.close();
        outside.close();
        Trees.delete(directory);
    }
}
