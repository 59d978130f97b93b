package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.demo.Socks5Server;
import wireleap.tun.demo.Socks5Settings;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** What the packaged program tells of by GET /events and {@code watch} while it happens. */
@NeedsTun
@NeedsProgram({"ip", "curl"})
@Timeout(60)
class EventsKernelTest {
    private static final String ENTRY = "[\"192.0.2.7\"]";

    private TestNet net;
    private Socks5Server proxy;
    private Daemon daemon;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        proxy = proxy();
        daemon = start();
    }

    @AfterEach
    void close() throws Exception {
        daemon.close();
        proxy.close();
        net.close();
    }

    private Socks5Server proxy() throws Exception {
        return net.outside().call(() -> Socks5Server.open(Socks5Settings.at(Upstream.OWN.address())
                .withOutgoing(TestNet.PROXY_4, TestNet.PROXY_6)));
    }

    private Daemon start() throws Exception {
        return Daemon.start(net, "--upstream", "socks5://10.77.0.1:1080");
    }

    private void write(String method, String body) throws IOException {
        assertEquals(200, daemon.api().write(method, "/bypass", body).status());
    }

    /** A running {@code watch}. */
    private final class Watch implements AutoCloseable {
        private final Process process;
        private final StringBuffer lines = new StringBuffer();

        /** Returns when it listens, as a change of the list that it tells of shows. */
        Watch(String... options) throws Exception {
            var words = new ArrayList<>(List.of("watch"));
            words.addAll(List.of(options));
            process = daemon.command(net, words.toArray(String[]::new));
            Thread.ofPlatform().daemon().start(() -> process.inputReader().lines()
                    .forEach(line -> lines.append(line).append('\n')));
            daemon.await("watched", () -> {
                write("PUT", ENTRY);
                write("PUT", "[]");
                return lines.indexOf("-192.0.2.7\n") >= 0;
            });
        }

        void awaitLine(String what) throws InterruptedException {
            daemon.await("telling of " + what + ": " + lines, () -> lines.indexOf(what) >= 0);
        }

        @Override
        public void close() throws InterruptedException {
            process.destroyForcibly().waitFor();
        }
    }

    @Test
    void aChangeOfTheListIsToldWithWhoAskedForIt() throws Exception {
        try (Watch watch = new Watch()) {
            write("PUT", "[\"192.0.2.1\",\"2001:db8::/32\"]");
            watch.awaitLine("bypass by root:root +192.0.2.1 +2001:db8::/32\n");
            write("DELETE", "");
            watch.awaitLine("bypass by root:root -192.0.2.1 -2001:db8::/32\n");
        }
    }

    @Test
    void aRepairIsTold() throws Exception {
        try (Watch watch = new Watch()) {
            TestNet.ip(net.inside(), List.of("rule del pref 13492"));
            watch.awaitLine(" repaired ");
            watch.awaitLine("13492");
        }
    }

    @Test
    void theUpstreamsFallAndReturnAreTold() throws Exception {
        try (Watch watch = new Watch()) {
            proxy.close();
            assertThrows(IOException.class, () -> net.dial(new InetSocketAddress(TestNet.SERVER_4, 80)));
            watch.awaitLine(" upstream unreachable");
            proxy = proxy();
            Flow.open(net, TestNet.SERVER_4).close();
            watch.awaitLine(" upstream up\n");
        }
    }

    @Test
    void aRestartIsToldAndTheWatchGoesOn() throws Exception {
        try (Watch watch = new Watch()) {
            daemon.stop();
            daemon = start();
            watch.awaitLine(" state active -> deactivating\n");
            watch.awaitLine(" lost events were missed: the daemon is another process\n");
            watch.awaitLine(" state activating -> active\n");
        }
    }

    @Test
    void aWatchWithoutPatienceEndsWithTheDaemon() throws Exception {
        try (Watch watch = new Watch("--wait", "0")) {
            daemon.stop();
            assertEquals(1, watch.process.waitFor());
        }
    }

    /** What curl gets of the stream within a second, behind an event. */
    private String curl(String id) throws Exception {
        return TestNet.output(net.inside(), "curl", "-sN", "--max-time", "1", "--unix-socket",
                daemon.socket().toString(), "-H", "Last-Event-ID: " + id, "http://localhost/events");
    }

    private static List<String> ids(String events) {
        return events.lines().filter(line -> line.startsWith("id: ")).map(line -> line.substring(4)).toList();
    }

    @Test
    void whoComesBackIsToldWhatItHasMissedAndNothingTwice() throws Exception {
        String before = curl("none");
        assertTrue(before.contains("event: lost\n"), before);
        assertTrue(before.contains("\"from\":\"activating\",\"to\":\"active\""), before);
        String last = ids(before).getLast();
        assertEquals("id: " + last + "\n\n", curl(last));
        write("PUT", ENTRY);
        write("PUT", "[]");
        String missed = curl(last);
        long number = Long.parseLong(last.substring(9));
        String process = last.substring(0, 9);
        assertEquals(List.of(last, process + (number + 1), process + (number + 2)), ids(missed), missed);
        assertTrue(missed.contains("\"added\":[\"192.0.2.7\"],\"removed\":[]}"), missed);
        assertTrue(missed.contains("\"added\":[],\"removed\":[\"192.0.2.7\"]}"), missed);
        assertFalse(missed.contains("lost"), missed);
    }

    private static String entries(int count) {
        return IntStream.range(0, count).mapToObj(i -> "\"16." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255) + "\"")
                .collect(Collectors.joining(",", "[", "]"));
    }

    @Test
    void whoDoesNotReadIsCutAndNobodyWaits() throws Exception {
        try (Watch watch = new Watch(); var slow = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            long without = descriptors();
            slow.connect(UnixDomainSocketAddress.of(daemon.socket()));
            slow.write(StandardCharsets.US_ASCII.encode("GET /events HTTP/1.1\r\nHost: x\r\n\r\n"));
            slow.read(ByteBuffer.allocate(1));
            String many = entries(20_000);               // much more than the socket's buffer takes
            write("PUT", many);
            write("PUT", "[]");
            write("PUT", ENTRY);
            watch.awaitLine("19992 more\n");
            watch.awaitLine("+192.0.2.7\n");
            daemon.await("rid of the slow reader", () -> descriptors() <= without);
        }
    }

    private long descriptors() throws IOException {
        try (var descriptors = Files.list(Path.of("/proc", "" + daemon.process().pid(), "fd"))) {
            return descriptors.count();
        }
    }
}
