package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.client.BypassClient;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** What the packaged program lists of flows that stand. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
class FlowsKernelTest {
    private static TestNet net;
    private static Daemon daemon;
    private static String upstream;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        upstream = Upstream.OWN.open(net);
        daemon = Daemon.start(net, "--upstream", upstream);
    }

    @AfterAll
    static void close() {
        net.close();
    }

    private static List<?> listed(Map<String, String> filters) throws IOException, InterruptedException {
        return (List<?>) new BypassClient(daemon.socket()).flows(filters).get("flows");
    }

    /** The one flow of a client's port. */
    private static Map<?, ?> flow(int port) throws IOException, InterruptedException {
        List<?> flows = listed(Map.of("port", "" + port));
        assertEquals(1, flows.size(), flows::toString);
        return (Map<?, ?>) flows.getFirst();
    }

    private static long number(int port, String way, String what) throws IOException, InterruptedException {
        return ((Number) ((Map<?, ?>) flow(port).get(way)).get(what)).longValue();
    }

    private static int port(SocketChannel end) throws IOException {
        return ((InetSocketAddress) end.getLocalAddress()).getPort();
    }

    private static String shown(Family family, InetSocketAddress end) {
        String address = IpPrefix.parse(end.getAddress().getHostAddress()).toString();
        return (family == Family.IPV4 ? address : "[" + address + "]") + ":" + end.getPort();
    }

    @ParameterizedTest
    @EnumSource
    void aTcpFlowHasItsEndsItsStateAndItsBytes(Family family) throws Exception {
        try (var flow = Flow.open(net, family.server())) {
            flow.near().write(ByteBuffer.allocate(1_000));
            flow.far().write(ByteBuffer.allocate(2_000));
            for (int read = 0; read < 2_000; ) {
                read += flow.near().read(ByteBuffer.allocate(2_000));
            }
            int port = port(flow.near());
            daemon.await("done with both ways", () -> number(port, "up", "bytes") == 1_000
                    && number(port, "down", "bytes") == 2_000);
            Map<?, ?> seen = flow(port);
            assertEquals(List.of("tcp", shown(family, (InetSocketAddress) flow.near().getLocalAddress()),
                    shown(family, (InetSocketAddress) flow.near().getRemoteAddress()), "established", upstream),
                    List.of(seen.get("protocol"), seen.get("client"), seen.get("target"), seen.get("state"),
                            seen.get("upstream")));
            assertTrue(((Number) seen.get("ageMillis")).longValue() < 30_000, seen::toString);
            assertEquals(0, number(port, "up", "buffered"));
            assertEquals(0, number(port, "down", "buffered"));
        }
    }

    /** Writes until neither the kernel nor what is behind it takes any more for a while. */
    private static void fill(SocketChannel end) throws Exception {
        end.configureBlocking(false);
        for (int idle = 0; idle < 10; idle++) {
            while (end.write(ByteBuffer.allocate(64 << 10)) > 0) {
                idle = 0;
            }
            Thread.sleep(10);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatWaitsIsInTheBufferOfItsWay(boolean isUp) throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            fill(isUp ? flow.near() : flow.far());
            int port = port(flow.near());
            daemon.await("holding bytes", () -> number(port, isUp ? "up" : "down", "buffered") > 0);
            assertEquals(0, number(port, isUp ? "down" : "up", "buffered"));
            assertTrue(number(port, isUp ? "up" : "down", "bytes") > 0);
        }
    }

    @Test
    void aFlowWhoseServerHasEndedIsHalfClosed() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            flow.far().shutdownOutput();
            int port = port(flow.near());
            daemon.await("half-closed", () -> !listed(Map.of("port", "" + port, "state", "fin-wait-2")).isEmpty());
            assertEquals(List.of(), listed(Map.of("port", "" + port, "state", "established")));
        }
    }

    @ParameterizedTest
    @EnumSource
    void aUdpSessionHasItsLastTargetAndItsBytes(Family family) throws Exception {
        try (DatagramChannel server = TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(), 0));
                DatagramChannel client = TestNet.datagrams(net.inside(), new InetSocketAddress(family == Family.IPV4
                        ? "0.0.0.0" : "::", 0))) {
            client.send(ByteBuffer.allocate(100), server.getLocalAddress());
            server.send(ByteBuffer.allocate(300), server.receive(ByteBuffer.allocate(100)));
            client.receive(ByteBuffer.allocate(300));
            int port = ((InetSocketAddress) client.getLocalAddress()).getPort();
            Map<?, ?> seen = flow(port);
            assertEquals(List.of("udp", shown(family, (InetSocketAddress) server.getLocalAddress()), "open"),
                    List.of(seen.get("protocol"), seen.get("target"), seen.get("state")));
            assertEquals(Map.of("bytes", 100, "buffered", 0), seen.get("up"));
            assertEquals(Map.of("bytes", 300, "buffered", 0), seen.get("down"));
            assertEquals(List.of(), listed(Map.of("port", "" + port, "protocol", "tcp")));
        }
    }

    @Test
    void whatIsClosedIsNotListed() throws Exception {
        int port;
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            port = port(flow.near());
            Flow.reset(flow.near());
        }
        daemon.await("rid of it", () -> listed(Map.of("port", "" + port)).isEmpty());
    }

    @Test
    void theCommandFiltersByAllThatItIsTold() throws Exception {
        try (var one = Flow.open(net, TestNet.SERVER_4); var other = Flow.open(net, TestNet.SERVER_6)) {
            String server = "" + port(one.far());
            assertEquals(1, flows("--addr", "198.51.100.0/24", "--state", "established", "--port", server));
            assertEquals(0, flows("--addr", "2001:db8:99::/112", "--port", server));
            assertEquals(1, flows("--addr", "2001:db8:99::1", "--port", "" + port(other.far())));
            assertEquals(0, flows("--protocol", "udp", "--port", server));
        }
    }

    /** How many lines the command prints below its heading. */
    private static long flows(String... filters) throws Exception {
        Process flows = daemon.command(net, Stream.concat(Stream.of("flows"), Stream.of(filters)).toArray(String[]::new));
        List<String> lines = flows.inputReader().lines().toList();
        assertTrue(lines.getFirst().startsWith("PROTO CLIENT"), lines::toString);
        assertEquals(0, flows.waitFor());
        return lines.size() - 1;
    }
}
