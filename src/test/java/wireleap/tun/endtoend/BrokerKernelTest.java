package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Broker;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Echo;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;

/** Through a broker with Go's own HTTP/2 server, as Wireleap's is, and through one with Jetty's. */
@ParameterizedClass
@EnumSource
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class BrokerKernelTest {
    private static final long BYTES = 256L << 20;
    private static final long SEED = 20_220_818;
    private static final int CROWD = 2_000;
    private static final int TRANSFERS = 8;
    private static TestNet net;
    private static Broker broker;
    private static Daemon daemon;

    @Parameter
    Broker.Server server;

    @BeforeParameterizedClassInvocation
    static void open(Broker.Server server) throws Exception {
        net = TestNet.open();
        broker = Broker.of(server, net);
        daemon = Daemon.start(net, "--upstream", broker.start(), "--end-delay", "1");
    }

    @AfterParameterizedClassInvocation
    static void close() {
        net.close();
    }

    private static String say(SocketChannel near, String text) throws IOException {
        near.write(StandardCharsets.UTF_8.encode(text));
        return hear(near, text.length());
    }

    private static String hear(SocketChannel near, int length) throws IOException {
        var heard = ByteBuffer.allocate(length);
        while (heard.hasRemaining() && near.read(heard) >= 0) {
            continue;
        }
        return StandardCharsets.UTF_8.decode(heard.flip()).toString();
    }

    @ParameterizedTest
    @EnumSource
    void everyByteGoesUp(Family family) throws Exception {
        try (var flow = Flow.open(net, family.server())) {
            var received = net.outside().fork(() -> Sha256.receive(flow.far()));
            String sent = Sha256.send(flow.near(), BYTES, SEED);
            flow.near().shutdownOutput();
            assertEquals(sent, received.get(40, TimeUnit.SECONDS), daemon::log);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyByteComesDown(Family family) throws Exception {
        try (var flow = Flow.open(net, family.server())) {
            var received = net.inside().fork(() -> Sha256.receive(flow.near()));
            String sent = Sha256.send(flow.far(), BYTES, SEED);
            flow.far().shutdownOutput();
            assertEquals(sent, received.get(40, TimeUnit.SECONDS), daemon::log);
        }
    }

    @Test
    void twoThousandFlowsAreOpenAtOnce() throws Exception {
        List<SocketChannel> open = new ArrayList<>();
        try (var echo = Echo.open(net, TestNet.SERVER_4)) {
            for (int i = 0; i < CROWD; i++) {
                open.add(net.dial(echo.at(TestNet.SERVER_4)));
            }
            for (int i = 0; i < CROWD; i++) {
                assertEquals("flow " + i, say(open.get(i), "flow " + i));
            }
            assertTrue(daemon.stat("upstream", "connections") >= CROWD / 250);
        } finally {
            for (var near : open) {
                near.close();
            }
        }
    }

    @Test
    void aFlowToASilentTargetIsOpen() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            assertEquals("one way", say(flow, "one way"));
        }
    }

    private static String say(Flow flow, String text) throws IOException {
        flow.near().write(StandardCharsets.UTF_8.encode(text));
        return hear(flow.far(), text.length());
    }

    @Test
    void aTargetThatRefusesIsAReset() throws Exception {
        InetSocketAddress nobody;
        try (var server = net.listen(TestNet.SERVER_4)) {
            nobody = (InetSocketAddress) server.getLocalAddress();
        }
        assertThrows(IOException.class, () -> {
            try (var near = net.dial(nobody)) {
                hear(near, 1);
            }
        });
    }

    @Test
    void anErrorTrailerIsAResetBehindWhatCame() throws Exception {
        var at = new InetSocketAddress(TestNet.SERVER_4, Broker.BROKEN_PORT);
        try (var server = net.outside().call(() -> java.nio.channels.ServerSocketChannel.open().bind(at));
                var flow = Flow.open(net, server)) {
            flow.far().write(StandardCharsets.UTF_8.encode("half"));
            assertEquals("half", hear(flow.near(), 4));
            assertThrows(IOException.class, () -> hear(flow.near(), 1));
            daemon.await("told of the status", () -> daemon.log().contains("circuit is broken"));
        }
    }

    @Test
    void aTargetsResetComesThrough() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            Flow.reset(flow.far());
            assertThrows(IOException.class, () -> hear(flow.near(), 1));
        }
    }

    @Test
    void aClientsResetEndsTheFlow() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            say(flow, "hello");
            Flow.reset(flow.near());
            assertEquals(-1, flow.far().read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void aTargetThatWaitsForTheEndGetsItAfterTheDelay() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            say(flow, "all");
            long start = System.nanoTime();
            flow.near().shutdownOutput();
            assertEquals(-1, flow.far().read(ByteBuffer.allocate(1)));
            assertTrue(System.nanoTime() - start > 900_000_000L);
        }
    }

    @ParameterizedTest
    @EnumSource
    void datagramsGoBothWays(Family family) throws Exception {
        try (var far = TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(), 0));
                var near = TestNet.datagrams(net.inside(), new InetSocketAddress(any(family), 0))) {
            for (int length : new int[] {1, 100, 1400, 9000}) {
                near.send(ByteBuffer.allocate(length), far.getLocalAddress());
                var buffer = ByteBuffer.allocate(1 << 16);
                var from = far.receive(buffer);
                assertEquals(length, buffer.position());
                far.send(buffer.flip(), from);
                assertEquals(far.getLocalAddress(), near.receive(buffer.clear()));
                assertEquals(length, buffer.position());
            }
        }
    }

    private static InetAddress any(Family family) {
        return InetAddress.ofLiteral(family == Family.IPV4 ? "0.0.0.0" : "::");
    }

    @Test
    void aBrokerThatIsKilledResetsItsFlowsAndIsFoundAgain() throws Exception {
        try (var echo = Echo.open(net, TestNet.SERVER_4)) {
            var at = echo.at(TestNet.SERVER_4);
            List<SocketChannel> open = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                open.add(net.dial(at));
                assertEquals("x", say(open.get(i), "x"));
            }
            broker.kill();
            for (var near : open) {
                assertThrows(IOException.class, () -> hear(near, 1));
                near.close();
            }
            assertThrows(IOException.class, () -> net.dial(at).close());
            try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress("0.0.0.0", 0))) {
                near.connect(at);
                near.write(ByteBuffer.allocate(1));
                assertThrows(PortUnreachableException.class, () -> near.read(ByteBuffer.allocate(1)));
            }
            startAgain(at);
        }
    }

    private static void startAgain(InetSocketAddress echo) throws Exception {
        broker.start();
        daemon.await("carrying again", () -> {
            try (var near = net.dial(echo)) {
                return "again".equals(say(near, "again"));
            }
        });
    }

    @Test
    void aBrokerThatIsKilledUnderLoadEndsNoTransferCleanly() throws Exception {
        List<Future<String>> received = new ArrayList<>();
        for (int i = 0; i < TRANSFERS; i++) {
            var flow = Flow.open(net, TestNet.SERVER_4);
            net.outside().fork(() -> Sha256.send(flow.far(), Long.MAX_VALUE, SEED));
            received.add(net.inside().fork(() -> Sha256.receive(flow.near())));
        }
        long before = daemon.stat("bytes", "streamsDown");
        daemon.await("carrying", () -> daemon.stat("bytes", "streamsDown") > before + (16 << 20));
        broker.kill();
        for (var each : received) {
            var end = assertThrows(ExecutionException.class, () -> each.get(15, TimeUnit.SECONDS), () -> "with " + server);
            assertInstanceOf(IOException.class, end.getCause());
        }
        try (var echo = Echo.open(net, TestNet.SERVER_4)) {
            startAgain(echo.at(TestNet.SERVER_4));
        }
    }
}
