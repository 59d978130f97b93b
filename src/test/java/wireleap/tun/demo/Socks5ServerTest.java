package wireleap.tun.demo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's own SOCKS client against our server, on the loopback. */
@Timeout(20)
class Socks5ServerTest {
    private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

    private Socks5Server server;
    private TcpListener target;
    private final BlockingQueue<SocketChannel> arrived = new ArrayBlockingQueue<>(8);
    private final CountDownLatch over = new CountDownLatch(1);

    @BeforeEach
    void open() throws IOException {
        server = Socks5Server.open(Socks5Settings.at(new InetSocketAddress(LOOPBACK, 0)));
        target = TcpListener.open(new InetSocketAddress(LOOPBACK, 0), this::hold);
    }

    @AfterEach
    void close() {
        over.countDown();
        server.close();
        target.close();
    }

    /** Hands the connection to the test and keeps it open until the test is over with it. */
    private void hold(SocketChannel connection) {
        arrived.add(connection);
        try {
            over.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Socket through(Socks5Server proxy, InetSocketAddress to) throws IOException {
        var socket = new Socket(new Proxy(Proxy.Type.SOCKS, proxy.address()));
        socket.setSoTimeout(10_000);
        socket.connect(to, 10_000);
        return socket;
    }

    private SocketChannel next() throws InterruptedException {
        return arrived.poll(10, TimeUnit.SECONDS);
    }

    @Test
    void bytesGoBothWays() throws Exception {
        try (var near = through(server, target.address()); var far = next()) {
            near.getOutputStream().write("up".getBytes(StandardCharsets.US_ASCII));
            assertEquals("up", StandardCharsets.US_ASCII.decode(Socks5Wire.exactly(far, 2)).toString());
            Socks5Wire.fully(far, ByteBuffer.wrap(new byte[] {1, 2, 3}));
            assertArrayEquals(new byte[] {1, 2, 3}, near.getInputStream().readNBytes(3));
        }
    }

    @Test
    void theOtherDirectionLivesAfterOneHasEnded() throws Exception {
        try (var near = through(server, target.address()); var far = next()) {
            near.shutdownOutput();
            assertEquals(-1, far.read(ByteBuffer.allocate(1)));
            byte[] much = new byte[1 << 20];
            new Random(7).nextBytes(much);
            var reader = Thread.ofPlatform().start(() -> write(far, much));
            assertTrue(Arrays.equals(much, near.getInputStream().readAllBytes()));
            reader.join();
        }
    }

    private static void write(SocketChannel to, byte[] bytes) {
        try {
            Socks5Wire.fully(to, ByteBuffer.wrap(bytes));
            to.shutdownOutput();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void aResetOfTheClientReachesTheTarget() throws Exception {
        try (var near = through(server, target.address()); var far = next()) {
            near.setSoLinger(true, 0);
            near.close();
            assertThrows(SocketException.class, () -> far.read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void aResetOfTheTargetReachesTheClient() throws Exception {
        try (var near = through(server, target.address()); var far = next()) {
            far.setOption(StandardSocketOptions.SO_LINGER, 0);
            far.close();
            assertThrows(SocketException.class, () -> near.getInputStream().read());
        }
    }

    @Test
    void aRefusedConnectionIsReplyFive() throws Exception {
        InetSocketAddress nobody;
        try (var gone = new ServerSocket(0, 1, LOOPBACK)) {
            nobody = new InetSocketAddress(LOOPBACK, gone.getLocalPort());
        }
        assertEquals(Socks5Wire.REFUSED, reply(Socks5Wire.CONNECT, nobody));
    }

    @Test
    void anUnknownCommandIsReplySeven() throws Exception {
        assertEquals(Socks5Wire.COMMAND_NOT_SUPPORTED, reply(2, target.address()));
    }

    private int reply(int command, InetSocketAddress to) throws IOException {
        try (var control = greeted(server)) {
            return request(control, command, to).get(1);
        }
    }

    private static SocketChannel greeted(Socks5Server server) throws IOException {
        var control = SocketChannel.open(server.address());
        Socks5Wire.fully(control, ByteBuffer.wrap(new byte[] {5, 1, 0}));
        assertEquals(ByteBuffer.wrap(new byte[] {5, 0}), Socks5Wire.exactly(control, 2));
        return control;
    }

    private static ByteBuffer request(SocketChannel control, int command, InetSocketAddress to) throws IOException {
        Socks5Wire.fully(control, Socks5Wire.reply(command, to));
        return Socks5Wire.exactly(control, 10);
    }

    @ParameterizedTest
    @ValueSource(strings = {"right", "wrong"})
    void onlyTheRightPasswordIsLetIn(String password) throws Exception {
        var guarded = Socks5Settings.at(new InetSocketAddress(LOOPBACK, 0)).withLogin("user", "right");
        try (var server = Socks5Server.open(guarded); var control = SocketChannel.open(server.address())) {
            Socks5Wire.fully(control, ByteBuffer.wrap(new byte[] {5, 2, 0, 2}));
            assertEquals(2, Socks5Wire.exactly(control, 2).get(1));
            var login = "\u0001\u0004user\u0005" + password;
            Socks5Wire.fully(control, StandardCharsets.US_ASCII.encode(login));
            assertEquals(password.equals("right"), Socks5Wire.exactly(control, 2).get(1) == 0);
        }
    }

    @Test
    void datagramsComeBackFromWhomeverTheyComeFrom() throws Exception {
        try (var control = greeted(server); var socket = new DatagramSocket(0, LOOPBACK);
                var one = new DatagramSocket(0, LOOPBACK); var stranger = new DatagramSocket(0, LOOPBACK)) {
            socket.setSoTimeout(10_000);
            one.setSoTimeout(10_000);
            var relay = request(control, Socks5Wire.UDP_ASSOCIATE, new InetSocketAddress("0.0.0.0", 0));
            int port = Short.toUnsignedInt(relay.getShort(8));
            socket.send(datagram(wrapped(one, 42), new InetSocketAddress(LOOPBACK, port)));
            var received = new DatagramPacket(new byte[64], 64);
            one.receive(received);
            assertEquals(1, received.getLength());
            stranger.send(datagram(new byte[] {43}, (InetSocketAddress) received.getSocketAddress()));
            var answer = new DatagramPacket(new byte[64], 64);
            socket.receive(answer);
            assertArrayEquals(wrapped(stranger, 43), Arrays.copyOf(answer.getData(), answer.getLength()));
        }
    }

    private static DatagramPacket datagram(byte[] bytes, InetSocketAddress to) {
        return new DatagramPacket(bytes, bytes.length, to);
    }

    private static byte[] wrapped(DatagramSocket peer, int payload) {
        var buffer = ByteBuffer.allocate(11).putShort((short) 0).put((byte) 0);
        Socks5Wire.put(buffer, new InetSocketAddress(LOOPBACK, peer.getLocalPort()));
        return buffer.put((byte) payload).array();
    }

    @Test
    void theMirrorTellsTheProxysAddress() throws Exception {
        try (var mirror = Mirror.open(new InetSocketAddress(LOOPBACK, 0));
                var outgoing = Socks5Server.open(Socks5Settings.at(new InetSocketAddress(LOOPBACK, 0))
                        .withOutgoing(InetAddress.ofLiteral("127.0.0.9")));
                var near = through(outgoing, mirror.address())) {
            near.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
            var answer = new String(near.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            assertTrue(answer.endsWith("\r\n\r\n127.0.0.9"), answer);
        }
    }
}
