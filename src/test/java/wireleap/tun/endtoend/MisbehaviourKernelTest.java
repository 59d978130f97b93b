package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.demo.Socks5Wire;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.ScriptedSocks;
import wireleap.tun.testing.ScriptedSocks.Script;
import wireleap.tun.testing.TestNet;

/** SOCKS servers that lie, hang, stammer or leave: the one flow ends, the daemon and all other flows live on. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class MisbehaviourKernelTest {
    private static final InetSocketAddress TARGET = new InetSocketAddress(TestNet.SERVER_4, 80);
    private static final InetSocketAddress TARGET_6 = new InetSocketAddress(TestNet.SERVER_6, 80);
    private static TestNet net;
    private static ScriptedSocks proxy;
    private static Daemon daemon;
    private static Flow bystander;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        proxy = ScriptedSocks.open(net);
        // Scripts are for the connections of flows, not for those that are made in advance.
        daemon = Daemon.start(net, "--upstream", "socks5://10.77.0.1:1080", "--spares", "0");
        bystander = Flow.open(net, TestNet.SERVER_4);
    }

    @AfterAll
    static void close() throws Exception {
        bystander.close();
        net.close();
    }

    /** After every test. */
    @AfterEach
    void theDaemonAndOtherFlowsAreUndisturbed() throws Exception {
        bystander.near().write(ByteBuffer.allocate(3));
        assertEquals(3, bystander.far().read(ByteBuffer.allocate(9)), daemon::log);
        try (var flow = Flow.open(net, TestNet.SERVER_6)) {
            flow.far().write(ByteBuffer.allocate(3));
            assertEquals(3, flow.near().read(ByteBuffer.allocate(9)), daemon::log);
        }
    }

    /** What a server could do before it has said that it is connected. */
    enum Lie implements Script {
        CLOSES_AT_ONCE(client -> { }),
        RESETS_AT_ONCE(Flow::reset),
        SPEAKS_SOCKS_4(client -> ScriptedSocks.say(client, 0, 0x5a)),
        ACCEPTS_NO_METHOD(client -> ScriptedSocks.say(client, 5, 0xff)),
        CHOOSES_A_METHOD_NOT_OFFERED(client -> ScriptedSocks.say(client, 5, 0x7f)),
        SPEAKS_HTTP(client -> Socks5Wire.fully(client, ByteBuffer.wrap("HTTP/1.1 400 No\r\n\r\n".getBytes()))),
        MAKES_NOISE(client -> Socks5Wire.fully(client, noise(64 << 10))),
        CLOSES_AFTER_THE_GREETING(ScriptedSocks::greet),
        REPLIES_WITH_ANOTHER_VERSION(client -> replies(client, 4, 0, 0, 1, 0, 0, 0, 0, 0, 0)),
        REPLIES_WITH_AN_UNKNOWN_ADDRESS_TYPE(client -> replies(client, 5, 0, 0, 9, 0, 0, 0, 0, 0, 0)),
        CLOSES_IN_THE_REPLY(client -> replies(client, 5, 0, 0, 1, 0)),
        RESETS_IN_THE_REPLY(client -> {
            replies(client, 5, 0, 0);
            Flow.reset(client);
        }),
        REPLIES_GENERAL_FAILURE(client -> ScriptedSocks.reply(client, 1)),
        REPLIES_COMMAND_NOT_SUPPORTED(client -> ScriptedSocks.reply(client, 7)),
        REPLIES_ADDRESS_NOT_SUPPORTED(client -> ScriptedSocks.reply(client, 8)),
        REPLIES_AN_UNKNOWN_CODE(client -> ScriptedSocks.reply(client, 0x5b));

        private final Script script;

        Lie(Script script) {
            this.script = script;
        }

        @Override
        public void run(SocketChannel client) throws IOException {
            script.run(client);
        }

        private static void replies(SocketChannel client, int... octets) throws IOException {
            ScriptedSocks.takeRequest(client);
            ScriptedSocks.say(client, octets);
        }
    }

    private static ByteBuffer noise(int bytes) {
        var noise = new byte[bytes];
        new Random(bytes).nextBytes(noise);
        return ByteBuffer.wrap(noise);
    }

    @ParameterizedTest
    @EnumSource
    void aLieIsARefusal(Lie lie) {
        proxy.next(lie);
        assertThrows(ConnectException.class, () -> net.dial(TARGET));
    }

    @ParameterizedTest
    @CsvSource({"2, No route to host", "3, Network is unreachable", "4, No route to host", "5, Connection refused",
        "6, No route to host"})
    void theCodeIsToldToTheApplication(int code, String message) {
        proxy.next(client -> ScriptedSocks.reply(client, code));
        var error = assertThrows(SocketException.class, () -> net.dial(TARGET));
        assertEquals(message, error.getMessage());
    }

    @ParameterizedTest
    @CsvSource({"2, Permission denied", "3, Network is unreachable", "4, No route to host", "5, Connection refused",
        "6, No route to host"})
    void theCodeIsToldToTheApplicationOverIpv6(int code, String message) {
        proxy.next(client -> ScriptedSocks.reply(client, code));
        var error = assertThrows(SocketException.class, () -> net.dial(TARGET_6));
        assertEquals(message, error.getMessage());
    }

    @Test
    void silenceIsARefusalInTheEnd() throws Exception {
        proxy.next(ScriptedSocks::hang, client -> {
            ScriptedSocks.greet(client);
            ScriptedSocks.hang(client);
        }, client -> {
            ScriptedSocks.takeRequest(client);
            ScriptedSocks.say(client, 5, 0, 0, 1);
            ScriptedSocks.hang(client);
        });
        var dialling = new ArrayList<Future<String>>();
        for (int i = 0; i < 3; i++) {
            dialling.add(net.inside().fork(MisbehaviourKernelTest::patientDial));
        }
        for (var dial : dialling) {
            assertEquals("Connection refused", dial.get(30, TimeUnit.SECONDS));
        }
    }

    private static String patientDial() throws IOException {
        try (var socket = SocketChannel.open(StandardProtocolFamily.INET)) {
            socket.connect(TARGET);
            return "connected";
        } catch (SocketException e) {
            return e.getMessage();
        }
    }

    @Test
    void aStammererIsUnderstood() throws Exception {
        proxy.next(client -> {
            Socks5Wire.exactly(client, 3);
            stammer(client, 5, 0);
            Socks5Wire.exactly(client, 3);
            Socks5Wire.address(client);
            stammer(client, 5, 0, 0, 3, 4, 'n', 'a', 'm', 'e', 0, 80, 'h', 'i');
            ScriptedSocks.hang(client);
        });
        assertSaysHi();
    }

    private static void stammer(SocketChannel client, int... octets) throws IOException {
        for (int octet : octets) {
            ScriptedSocks.say(client, octet);
            pause();
        }
    }

    private static void pause() throws IOException {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }

    @Test
    void bytesThatComeWithTheReplyAreTheApplications() throws Exception {
        proxy.next(client -> {
            ScriptedSocks.takeRequest(client);
            ScriptedSocks.say(client, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0, 'h', 'i');
            ScriptedSocks.hang(client);
        });
        assertSaysHi();
    }

    private static void assertSaysHi() throws Exception {
        try (var near = net.dial(TARGET)) {
            assertEquals(ByteBuffer.wrap(new byte[] {'h', 'i'}), Socks5Wire.exactly(near, 2));
        }
    }

    @Test
    void aServerThatLeavesMidwayEndsTheFlow() throws Exception {
        proxy.next(client -> {
            ScriptedSocks.reply(client, 0);
            Socks5Wire.fully(client, noise(100_000));
        });
        try (var near = net.dial(TARGET)) {
            assertEquals(noise(100_000), Socks5Wire.exactly(near, 100_000));
            assertEquals(-1, near.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void aServerThatResetsMidwayResetsTheFlow() throws Exception {
        proxy.next(client -> {
            ScriptedSocks.reply(client, 0);
            Socks5Wire.octet(client);
            Flow.reset(client);
        });
        try (var near = net.dial(TARGET)) {
            near.write(ByteBuffer.allocate(1));
            assertThrows(SocketException.class, () -> near.read(ByteBuffer.allocate(1)));
        }
    }

    /** A server that says it has no UDP is believed for half a minute. */
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "REPLIES_COMMAND_NOT_SUPPORTED")
    void datagramsFlowAgainAfterALie(Lie lie) throws Exception {
        proxy.next(lie);
        assertDatagramsGetThroughInTheEnd();
    }

    @Test
    void datagramsFlowAgainAfterAnAssociationHasEnded() throws Exception {
        proxy.next(client -> ScriptedSocks.reply(client, 0));
        assertDatagramsGetThroughInTheEnd();
    }

    /** UDP may lose what was sent meanwhile: so the application sends again, as applications do. */
    private static void assertDatagramsGetThroughInTheEnd() throws Exception {
        try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress("0.0.0.0", 0));
                var far = TestNet.datagrams(net.outside(), new InetSocketAddress(TestNet.SERVER_4, 0))) {
            far.configureBlocking(false);
            boolean arrived = false;
            for (int i = 0; i < 200 && !arrived; i++) {
                near.send(ByteBuffer.allocate(2), far.getLocalAddress());
                Thread.sleep(50);
                arrived = far.receive(ByteBuffer.allocate(9)) != null;
            }
            assertTrue(arrived, daemon::log);
        }
    }

    @Test
    void relaysThatSendRubbishDisturbNothing() throws Exception {
        proxy.next(client -> {
            try (var relay = DatagramChannel.open(StandardProtocolFamily.INET)
                    .bind(new InetSocketAddress(TestNet.PROXY_4, 0))) {
                ScriptedSocks.takeRequest(client);
                Socks5Wire.fully(client, Socks5Wire.reply(0, (InetSocketAddress) relay.getLocalAddress()));
                rubbish(relay);
            }
        });
        try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress("0.0.0.0", 0))) {
            near.send(ByteBuffer.allocate(2), TARGET);
            var answer = ByteBuffer.allocate(64);
            assertEquals(TARGET, near.receive(answer));
            assertEquals(ByteBuffer.wrap(new byte[] {'o', 'k'}), answer.flip());
        }
    }

    /** Noise of all short lengths, a fragment, an unknown address type; then a good answer of "ok". */
    private static void rubbish(DatagramChannel relay) throws IOException {
        var request = ByteBuffer.allocate(64);
        var client = relay.receive(request);
        for (int length = 0; length < 64; length++) {
            var noise = noise(length);
            if (length > 3) {
                noise.put(3, (byte) 9);
            }
            relay.send(noise, client);
        }
        byte[] header = {0, 0, 0, 1, (byte) 198, 51, 100, 1, 0, 80, 'o', 'k'};
        byte[] fragment = header.clone();
        fragment[2] = 1;
        relay.send(ByteBuffer.wrap(fragment), client);
        relay.send(ByteBuffer.wrap(header, 0, 7), client);
        relay.send(ByteBuffer.wrap(header), client);
        relay.receive(request.clear());
    }
}
