package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.RawPackets;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Rubbish written into the TUN and into the control socket: counted or refused, and nobody else notices. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class NoiseKernelTest {
    private static final int PACKETS = 20_000;
    private TestNet net;
    private Daemon daemon;
    private Flow bystander;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", Upstream.OWN.open(net));
        bystander = Flow.open(net, TestNet.SERVER_4);
    }

    @AfterEach
    void close() throws Exception {
        bystander.close();
        net.close();
    }

    private void assertUndisturbed(long seed) throws Exception {
        bystander.near().write(ByteBuffer.allocate(3));
        assertEquals(3, bystander.far().read(ByteBuffer.allocate(9)), () -> "seed " + seed + "\n" + daemon.log());
        try (var flow = Flow.open(net, TestNet.SERVER_6)) {
            assertTrue(flow.near().isConnected());
        }
        assertFalse(daemon.log().contains("Exception"), () -> "seed " + seed + "\n" + daemon.log());
    }

    @Test
    void noiseOfAllLengthsInTheTunDisturbsNothing() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var packets = RawPackets.open(net.inside(), "wltun0")) {
            for (int i = 0; i < PACKETS; i++) {
                var noise = new byte[1 + random.nextInt(random.nextBoolean() ? 80 : 1500)];
                random.nextBytes(noise);
                packets.send(noise, random.nextBoolean());
            }
        }
        assertUndisturbed(seed);
    }

    @Test
    void packetsThatAreWrongInOnePlaceDisturbNothing() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var packets = RawPackets.open(net.inside(), "wltun0")) {
            for (int i = 0; i < PACKETS; i++) {
                boolean ipv6 = random.nextBoolean();
                var packet = ipv6 ? ipv6(random) : ipv4(random);
                packet[random.nextInt(packet.length)] = (byte) random.nextInt();
                packets.send(packet, ipv6);
            }
        }
        assertUndisturbed(seed);
    }

    /** An IPv4 packet of TCP, UDP or ICMP, nearly well-formed: random flags, options, lengths and fragment fields. */
    private static byte[] ipv4(Random random) {
        var packet = ByteBuffer.allocate(20 + random.nextInt(200));
        packet.put((byte) 0x45).put((byte) 0).putShort((short) packet.capacity()).putShort((short) random.nextInt(4));
        packet.putShort((short) (random.nextInt(4) == 0 ? random.nextInt() : 0x4000));
        packet.put((byte) 64).put(new byte[] {6, 17, 1}[random.nextInt(3)]).putShort((short) 0);
        packet.put(new byte[] {10, 13, 49, 0, (byte) 198, 51, 100, (byte) random.nextInt(250)});
        int sum = 0;
        for (int i = 0; i < 20; i += 2) {
            sum += Short.toUnsignedInt(packet.getShort(i));
        }
        packet.putShort(10, (short) ~((sum & 0xffff) + (sum >>> 16)));
        return fill(packet, random);
    }

    /** The same of IPv6, with extension headers now and then. */
    private static byte[] ipv6(Random random) {
        var packet = ByteBuffer.allocate(40 + random.nextInt(200));
        packet.putInt(0x60000000).putShort((short) (packet.capacity() - 40));
        packet.put(new byte[] {6, 17, 58, 0, 43, 44, 60, 59}[random.nextInt(8)]).put((byte) 64);
        packet.putLong(0xfd77_0000_0000_0000L).putLong(2);
        packet.putLong(0x2001_0db8_0099_0000L).putLong(random.nextInt(250));
        return fill(packet, random);
    }

    private static byte[] fill(ByteBuffer packet, Random random) {
        var rest = new byte[packet.remaining()];
        random.nextBytes(rest);
        return packet.put(rest).array();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "\0\0\0\0", "GET", "GET / HTTP/9.9\r\n\r\n", "POST /bypass HTTP/1.1\r\n"})
    void halfRequestsAtTheSocketDisturbNothing(String text) throws Exception {
        for (int i = 0; i < 50; i++) {
            try (var client = SocketChannel.open(UnixDomainSocketAddress.of(daemon.socket()))) {
                client.write(ByteBuffer.wrap(text.getBytes()));
            }
        }
        assertEquals("[]", daemon.api().read("/bypass").body());
    }

    @Test
    void noiseAtTheSocketDisturbsNothing() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        for (int i = 0; i < 200; i++) {
            shout(random);
        }
        assertEquals("[]", daemon.api().read("/bypass").body(), () -> "seed " + seed);
        assertUndisturbed(seed);
    }

    private void shout(Random random) throws IOException {
        var noise = new byte[random.nextInt(20_000)];
        random.nextBytes(noise);
        try (var client = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            client.connect(UnixDomainSocketAddress.of(daemon.socket()));
            client.write(ByteBuffer.wrap(noise));
        } catch (IOException e) {
            // It may hang up on us in the middle of it.
        }
    }
}
