package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.VirtioNetHeader;

/** What the stack says itself: echo replies, errors, resets for strays. */
final class StackIcmpTest {
    private static final long SECOND = 1_000_000_000L;

    private World world = World.direct();
    private final IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 1);

    @AfterEach
    void nothingIsLeft() {
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    private void give(byte[] packet) {
        world.inject(packet);
        world.run(SECOND / 10);
    }

    private static byte[] withHopLimit(byte[] packet, int hopLimit) {
        byte[] changed = packet.clone();
        MemorySegment memory = MemorySegment.ofArray(changed);
        boolean v4 = changed[VirtioNetHeader.BYTES] >> 4 == 4;
        changed[VirtioNetHeader.BYTES + (v4 ? 8 : 7)] = (byte) hopLimit;
        if (v4) {
            int sum = Bytes.u16(memory, VirtioNetHeader.BYTES + 10) + (64 - hopLimit << 8);
            Bytes.putU16(memory, VirtioNetHeader.BYTES + 10, (sum & 0xffff) + (sum >>> 16));
        }
        return changed;
    }

    @Test
    void echoIsAnswered() {
        give(Packets.packet(ip, Packets.icmp(ip, 8, 0, 0x1234_0001, SimClient.stream(0, 56))));
        byte[] reply = world.others.getFirst();
        assertEquals(0, reply[20]);
        assertArrayEquals(SimClient.stream(0, 56), Arrays.copyOfRange(reply, 28, reply.length));
    }

    @Test
    void ipv6EchoIsAnswered() {
        IpWriter ip6 = new IpWriter().between(World.CLIENT6_HI, 0, World.TARGET6_HI, 1, 58);
        give(Packets.packet(ip6, Packets.icmp(ip6, 128, 0, 0x1234_0001, SimClient.stream(0, 56))));
        assertEquals(129, world.others.getFirst()[40] & 0xff);
    }

    @ParameterizedTest
    @ValueSource(ints = {1473, 8000, 65_000})
    void largeEchoIsAnsweredInFragments(int length) {
        byte[] message = Packets.icmp(ip, 8, 0, 1, SimClient.stream(0, length));
        for (byte[] fragment : Packets.fragments(ip, message, 1480, 3)) {
            world.inject(fragment);
        }
        world.run(SECOND / 10);
        assertEquals(1, world.count(Counter.ICMP_ECHO_ANSWERED));
        assertEquals((length + 8 + 1479) / 1480, world.others.size());
    }

    @Test
    void echoIsDroppedWhereThatIsWanted() {
        world = new World(1, World.settings().withManners(false, false), 1 << 20, false);
        give(Packets.packet(ip, Packets.icmp(ip, 8, 0, 1, new byte[8])));
        assertEquals(0, world.others.size());
    }

    @Test
    void echoWithAWrongChecksumIsDropped() {
        byte[] packet = Packets.packet(ip, Packets.icmp(ip, 8, 0, 1, new byte[8]));
        packet[packet.length - 1] ^= 1;
        give(packet);
        assertEquals(1, world.count(Counter.DROP_ICMP_CHECKSUM));
        assertEquals(0, world.others.size());
    }

    @Test
    void hopLimitOfOneIsTimeExceededFromUs() {
        give(withHopLimit(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 33434, new byte[8]), 1));
        byte[] error = world.others.getFirst();
        assertEquals(11, error[20]);
        assertEquals((int) World.SELF, Bytes.i32(MemorySegment.ofArray(error), 12));
        assertEquals(0, world.stack.udpSessions());
    }

    @Test
    void ipv6HopLimitOfOneIsTimeExceededFromUs() {
        give(withHopLimit(Packets.udp(World.CLIENT6_HI, 0, 5000, World.TARGET6_HI, 1, 33434, new byte[8]), 1));
        byte[] error = world.others.getFirst();
        assertEquals(3, error[40]);
        assertEquals(World.SELF6_LO, Bytes.i64(MemorySegment.ofArray(error), 16));
    }

    @Test
    void packetToOurselvesMayHaveAHopLimitOfOne() {
        IpWriter toUs = new IpWriter().between(0, World.CLIENT, 0, World.SELF, 1);
        give(withHopLimit(Packets.packet(toUs, Packets.icmp(toUs, 8, 0, 1, new byte[8])), 1));
        assertEquals(1, world.count(Counter.ICMP_ECHO_ANSWERED));
    }

    @Test
    void unknownProtocolIsProtocolUnreachable() {
        give(Packets.packet(new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 132), new byte[20]));
        assertArrayEquals(new byte[] {3, 2}, Arrays.copyOfRange(world.others.getFirst(), 20, 22));
    }

    @Test
    void errorsAreLimitedInRate() {
        byte[] packet = Packets.packet(new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 132), new byte[20]);
        for (int i = 0; i < 10_000; i++) {
            world.inject(packet);
        }
        world.run(SECOND / 10);
        assertEquals(100, world.others.size());
        assertEquals(9900, world.count(Counter.ICMP_RATE_LIMITED));
    }

    @Test
    void datagramToOurselvesIsPortUnreachable() {
        give(Packets.udp(0, World.CLIENT, 5000, 0, World.SELF, 53, new byte[8]));
        assertArrayEquals(new byte[] {3, 3}, Arrays.copyOfRange(world.others.getFirst(), 20, 22));
    }

    @Test
    void connectionToOurselvesIsAReset() {
        give(Packets.tcp(World.CLIENT, 5000, World.SELF, 80, 77, 0, Packets.SYN));
        assertEquals(Packets.RST | Packets.ACK, world.others.getFirst()[33]);
        assertEquals(0, world.net.madeLinks());
    }

    @Test
    void strayAcknowledgmentIsAResetWithItsNumber() {
        give(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 77, 1234, Packets.ACK));
        byte[] reset = world.others.getFirst();
        assertEquals(Packets.RST, reset[33]);
        assertEquals(1234, Bytes.i32(MemorySegment.ofArray(reset), 24));
    }

    @Test
    void strayResetIsNotAnswered() {
        give(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 77, 1234, Packets.RST | Packets.ACK));
        assertEquals(0, world.others.size());
    }

    @Test
    void synThatIsAlsoAFinOpensNothing() {
        give(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 77, 0, Packets.SYN | Packets.FIN));
        assertEquals(0, world.net.madeLinks());
    }

    @Test
    void wrongTcpChecksumIsDropped() {
        byte[] packet = Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 77, 0, Packets.SYN);
        packet[packet.length - 5] ^= 1;
        give(packet);
        assertEquals(1, world.count(Counter.DROP_TCP_CHECKSUM));
        assertEquals(0, world.net.madeLinks());
    }

    @ParameterizedTest
    @ValueSource(ints = {VirtioNetHeader.NEEDS_CSUM, VirtioNetHeader.DATA_VALID})
    void checksumThatIsTheKernelsIsNotVerified(int flag) {
        byte[] packet = Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 77, 0, Packets.SYN);
        packet[packet.length - 3] ^= 1;
        packet[0] = (byte) flag;
        give(packet);
        assertEquals(1, world.net.madeLinks());
    }

    @Test
    void multicastIsDropped() {
        give(Packets.udp(0, World.CLIENT, 5353, 0, SimNet.v4(224, 0, 0, 251), 5353, new byte[9]));
        assertEquals(1, world.count(Counter.DROP_MULTICAST));
        assertEquals(0, world.stack.udpSessions());
    }

    @Test
    void fragmentsThatStayAloneAreToldAfterTheirTime() {
        byte[] message = Packets.icmp(ip, 8, 0, 1, new byte[3000]);
        give(Packets.fragments(ip, message, 1480, 3)[0]);
        assertTrue(world.slab.usedBytes() > 0);
        world.run(31 * SECOND);
        assertArrayEquals(new byte[] {11, 1}, Arrays.copyOfRange(world.others.getFirst(), 20, 22));
    }
}
