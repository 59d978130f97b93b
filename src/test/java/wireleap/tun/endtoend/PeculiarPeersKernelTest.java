package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;

/** Kernels that lack what others have, small windows, small segments, other congestion controls: bulk both ways. */
@NeedsTun
@NeedsProgram({"ip", "iperf3"})
@Timeout(60)
class PeculiarPeersKernelTest {
    private static final long BYTES = 32L << 20;
    private static TestNet net;
    private static Daemon daemon;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", "direct", "--mtu", "1280");
    }

    @AfterAll
    static void close() {
        net.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"tcp_timestamps", "tcp_sack", "tcp_window_scaling"})
    void aKernelWithoutAnOptionGetsEveryByte(String option) throws Exception {
        sysctl(option, "0");
        try {
            bothWays(Family.IPV4, 0, BYTES);
            bothWays(Family.IPV6, 0, BYTES);
        } finally {
            sysctl(option, "1");
        }
    }

    private static void sysctl(String name, String value) throws Exception {
        net.inside().call(() -> Files.writeString(Path.of("/proc/sys/net/ipv4", name), value));
    }

    /** Linux doubles what it is asked for, and takes half of that for itself. */
    @ParameterizedTest
    @EnumSource
    void aReceiveBufferOfFourKibibytesIsEnough(Family family) throws Exception {
        bothWays(family, 4 << 10, 4L << 20);
    }

    private static void bothWays(Family family, int receiveBytes, long bytes) throws Exception {
        try (var server = net.listen(family.server())) {
            var near = net.inside().call(SocketChannel::open);
            if (receiveBytes > 0) {
                near.setOption(StandardSocketOptions.SO_RCVBUF, receiveBytes);
            }
            near.connect((InetSocketAddress) server.getLocalAddress());
            try (var flow = new Flow(near, server.accept())) {
                var up = net.inside().fork(() -> send(flow.near(), bytes, 1));
                var down = net.outside().fork(() -> send(flow.far(), bytes, 2));
                var received = net.outside().fork(() -> Sha256.receive(flow.far()));
                String arrived = Sha256.receive(flow.near());
                assertEquals(down.get(20, TimeUnit.SECONDS), arrived, daemon::log);
                assertEquals(up.get(20, TimeUnit.SECONDS), received.get(20, TimeUnit.SECONDS), daemon::log);
            }
        }
    }

    private static String send(SocketChannel to, long bytes, int seed) throws Exception {
        String digest = Sha256.send(to, bytes, seed);
        to.shutdownOutput();
        return digest;
    }

    /** The congestion controls that this kernel lets everybody choose, among those that are common. */
    static List<String> congestionControls() throws IOException {
        String all = Files.readString(Path.of("/proc/sys/net/ipv4/tcp_allowed_congestion_control"));
        return Stream.of("reno", "cubic", "bbr").filter(all::contains).toList();
    }

    @ParameterizedTest
    @MethodSource("congestionControls")
    void whateverPacesTheKernelItsBytesAreTaken(String congestionControl) throws Exception {
        iperf("-C", congestionControl);
    }

    @ParameterizedTest
    @ValueSource(strings = {"-4", "-R"})
    void segmentsOf88BytesAreCarried(String direction) throws Exception {
        iperf("-M", "88", direction);
    }

    private static void iperf(String... options) throws Exception {
        var server = net.outside().start(new ProcessBuilder("iperf3", "-s", "-1"));
        daemon.await("faced by iperf3", () -> TestNet.output(net.outside(), "ss", "-ltn").contains(":5201 "));
        var command = new ArrayList<>(List.of("timeout", "20", "iperf3", "-n", "16M", "-c",
                Family.IPV4.server().getHostAddress()));
        command.addAll(List.of(options));
        String report = TestNet.output(net.inside(), command.toArray(String[]::new));
        server.destroyForcibly().waitFor();
        assertTrue(report.contains("receiver"), report);
    }
}
