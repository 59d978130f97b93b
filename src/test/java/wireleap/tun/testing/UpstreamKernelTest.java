package wireleap.tun.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.demo.Mirror;
import wireleap.tun.demo.Socks5Wire;

/** The proxies by themselves, without the daemon: what they cannot do, the daemon cannot be blamed for. */
@NeedsRoot
@NeedsProgram({"ip", "danted", "microsocks"})
@Timeout(60)
class UpstreamKernelTest {
    private static final int PORT = 80;
    private static TestNet net;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        for (var upstream : Upstream.values()) {
            upstream.open(net);
        }
        for (var at : new InetAddress[] {TestNet.SERVER_4, TestNet.SERVER_6}) {
            net.tied(net.outside().call(() -> Mirror.open(new InetSocketAddress(at, PORT))));
        }
    }

    @AfterAll
    static void close() {
        net.close();
    }

    @ParameterizedTest
    @CsvSource({"OWN, 198.51.100.1, 10.77.0.1", "OWN, 2001:db8:99::1, fd77::1", "DANTE, 198.51.100.1, 10.77.0.1",
        "DANTE, 2001:db8:99::1, fd77::1", "MICROSOCKS, 198.51.100.1, 198.51.100.1",
        "MICROSOCKS, 2001:db8:99::1, fd77::1"})
    void connects(Upstream upstream, String target, String from) throws Exception {
        String answer = net.inside().call(() -> {
            try (var socket = new Socket(new Proxy(Proxy.Type.SOCKS, upstream.address()))) {
                socket.setSoTimeout(10_000);
                socket.connect(new InetSocketAddress(InetAddress.ofLiteral(target), PORT), 10_000);
                socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
            }
        });
        String seen = answer.substring(answer.lastIndexOf('\n') + 1);
        assertEquals(InetAddress.ofLiteral(from), InetAddress.ofLiteral(seen));
    }

    @ParameterizedTest
    @CsvSource({"OWN, 198.51.100.1, 10.77.0.1", "OWN, 2001:db8:99::1, fd77::1", "DANTE, 198.51.100.1, 10.77.0.1",
        "DANTE, 2001:db8:99::1, fd77::1"})
    void carriesDatagrams(Upstream upstream, String target, String from) throws Exception {
        String answer = net.inside().call(() -> {
            try (var control = SocketChannel.open(upstream.address()); var socket = new DatagramSocket()) {
                Socks5Wire.fully(control, ByteBuffer.wrap(new byte[] {5, 1, 0}));
                Socks5Wire.exactly(control, 2);
                var anywhere = new InetSocketAddress("0.0.0.0", 0);
                Socks5Wire.fully(control, Socks5Wire.reply(Socks5Wire.UDP_ASSOCIATE, anywhere));
                var reply = Socks5Wire.exactly(control, 10);
                assertEquals(0, reply.get(1));
                byte[] address = InetAddress.ofLiteral(target).getAddress();
                var datagram = ByteBuffer.allocate(64).put(new byte[] {0, 0, 0, (byte) (address.length == 4 ? 1 : 4)})
                        .put(address).putShort((short) PORT).put((byte) 1);
                int relay = Short.toUnsignedInt(reply.getShort(8));
                socket.send(new DatagramPacket(datagram.array(), datagram.position(),
                        new InetSocketAddress(TestNet.PROXY_4, relay)));
                socket.setSoTimeout(5_000);
                var received = new DatagramPacket(new byte[512], 512);
                socket.receive(received);
                int header = 6 + address.length;
                return new String(received.getData(), header, received.getLength() - header, StandardCharsets.US_ASCII);
            }
        });
        assertEquals(InetAddress.ofLiteral(from), InetAddress.ofLiteral(answer));
    }
}
