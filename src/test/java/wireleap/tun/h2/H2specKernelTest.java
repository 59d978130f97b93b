package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Scanner;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.testing.GoProgram;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.TestNet;
import wireleap.tun.upstream.UpstreamStatus;

/**
 * What h2spec, whose program is h2specd for clients, says of ours. It serves each of its cases at a port of its own and
 * starts a client for it: curl, which asks this test for that port as if it were a proxy.
 */
@NeedsRoot
@NeedsProgram({"ip", "curl"})
@Timeout(180) // Go may have to fetch and compile all that h2spec needs
class H2specKernelTest {
    private static final int PROXY_PORT = 8080;
    private static final long PATIENCE_NANOS = 2_500_000_000L;
    private static final int SLAB_BYTES = 1 << 20;
    private static final int CASES = 57;
    /** RFC 7540 wanted an error; RFC 9113 section 5.1 lets what comes behind RST_STREAM be ignored. */
    private static final List<String> OUTDATED = List.of(
            "closed: Sends a DATA frame after sending RST_STREAM frame",
            "closed: Sends a HEADERS frame after sending RST_STREAM frame");

    private static final H2Watch DEAF = new H2Watch() {
        @Override
        public void onStatus(UpstreamStatus status, int socketError) {
        }

        @Override
        public void onStreamStatus(String status) {
        }

        @Override
        public void onConnectionLost(String why, int flows) {
        }
    };

    @Test
    void allCasesAreMetButThoseThatAreOutdated() throws Exception {
        try (var net = TestNet.open()) {
            Path h2specd = GoProgram.build(net, "h2spec", "github.com/summerwind/h2spec/cmd/h2specd");
            var at = new InetSocketAddress(InetAddress.getLoopbackAddress(), PROXY_PORT);
            try (var proxy = net.outside().call(() -> ServerSocketChannel.open().bind(at))) {
                net.outside().fork(() -> serve(proxy));
                String said = TestNet.output(net.outside(), h2specd.toString(), "-o", "1", "-e",
                        "curl -s -x 127.0.0.1:" + PROXY_PORT);
                assertEquals(OUTDATED, lines(said, "\u00d7").distinct().toList(), said);
                assertEquals(CASES - OUTDATED.size(), lines(said, "\u2714").count(), said);
            }
        }
    }

    /** The names of the cases that were marked so. */
    private static Stream<String> lines(String said, String mark) {
        return said.lines().map(String::strip).filter(line -> line.startsWith(mark))
                .map(line -> line.replaceFirst(".*?: ", ""));
    }

    private static Void serve(ServerSocketChannel proxy) throws IOException {
        while (proxy.isOpen()) {
            try (SocketChannel curl = proxy.accept()) {
                String request = new Scanner(Channels.newInputStream(curl), StandardCharsets.US_ASCII).nextLine();
                visit(URI.create(request.split(" ")[1]).getPort());
                curl.write(StandardCharsets.US_ASCII.encode("HTTP/1.1 204 No Content\r\n\r\n"));
            }
        }
        return null;
    }

    /** A flow over a connection of its own to this port, until we have said our last word or enough time has passed. */
    private static void visit(int port) throws IOException {
        var links = new RealLinks();
        var settings = new H2Settings(0, 0, port, "127.0.0.1:" + port, "/", PATIENCE_NANOS, 0);
        try (var arena = Arena.ofConfined()) {
            var h2 = new H2c(links, settings, new Slab(arena.allocate(SLAB_BYTES, 4096)), new Counters(), DEAF);
            long start = System.nanoTime();
            var caller = new Caller();
            caller.stream = h2.open(0, Bench.TARGET, 80, caller, start);
            while (links.isOpen() && System.nanoTime() - start < PATIENCE_NANOS) {
                links.turn();
                if (h2.deadlineNanos() <= System.nanoTime()) {
                    h2.onTimer(System.nanoTime());
                }
            }
            caller.stream.reset();
            h2.close();
        }
    }
}
