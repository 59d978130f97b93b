package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Gauge;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.VirtioNetHeader;

/** What would otherwise happen in silence, and what the gauges show. */
final class StackCountersTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int ECHO = 8;
    private static final int ECHO_REPLY = 0;

    private World world = World.direct();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    private void segment(int port, int seq, int flags) {
        world.inject(Packets.tcp(World.CLIENT, 5000, World.TARGET, port, seq, 7, flags));
        world.run(SECOND / 100);
    }

    /** A flow to port 81 whose target does not answer yet. */
    private void dial() {
        world.net.fail(0, World.TARGET, 81, SocketError.AGAIN);
        segment(81, 100, Packets.SYN);
    }

    private static byte[] changed(byte[] packet, int at, int value) {
        byte[] changed = packet.clone();
        changed[VirtioNetHeader.BYTES + at] = (byte) value;
        return changed;
    }

    /** The same, with the checksum that the IPv4 header then has. */
    private static byte[] ipv4(byte[] packet, int at, int value) {
        byte[] changed = changed(packet, at, value);
        MemorySegment ip = MemorySegment.ofArray(changed).asSlice(VirtioNetHeader.BYTES);
        Bytes.putU16(ip, 10, 0);
        Bytes.putU16(ip, 10, Checksum.complement(Checksum.sum(ip, 0, (changed[VirtioNetHeader.BYTES] & 15) << 2, 0)));
        return changed;
    }

    static Stream<Arguments> dropped() {
        byte[] segment = Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 1, 0, Packets.SYN);
        byte[] datagram6 = Packets.udp(World.CLIENT6_HI, 0, 5000, World.TARGET6_HI, 1, 53, new byte[8]);
        IpWriter toTarget = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 1);
        return Stream.of(
                Arguments.of(Counter.DROP_TRUNCATED, Arrays.copyOf(segment, segment.length - 1)),
                Arguments.of(Counter.DROP_IP_VERSION, changed(segment, 0, 0x55)),
                Arguments.of(Counter.DROP_IP_LENGTH, changed(segment, 3, 19)),
                Arguments.of(Counter.DROP_IP_CHECKSUM, changed(segment, 10, segment[VirtioNetHeader.BYTES + 10] ^ 1)),
                // four bytes of options that are the ports 5000 and 80: type 19, length 136
                Arguments.of(Counter.DROP_IP_OPTIONS, ipv4(segment, 0, 0x46)),
                // an extension header that is the source port, 5000: next header 19, 1,096 bytes
                Arguments.of(Counter.DROP_IP_EXTENSIONS, changed(datagram6, 6, 60)),
                Arguments.of(Counter.DROP_JUMBOGRAM, changed(changed(datagram6, 4, 0), 5, 0)),
                Arguments.of(Counter.DROP_IP_SOURCE, ipv4(segment, 12, 224)),
                Arguments.of(Counter.DROP_IP_DESTINATION, ipv4(segment, 16, 127)),
                Arguments.of(Counter.DROP_MULTICAST, ipv4(segment, 16, 224)),
                Arguments.of(Counter.DROP_PROTOCOL, ipv4(segment, 9, 132)),
                Arguments.of(Counter.DROP_HOP_LIMIT, ipv4(segment, 8, 1)),
                Arguments.of(Counter.DROP_TCP_HEADER, changed(segment, 32, 4 << 4)),
                Arguments.of(Counter.DROP_TCP_CHECKSUM, changed(segment, 33, Packets.SYN | Packets.ACK)),
                Arguments.of(Counter.DROP_UDP_HEADER, changed(datagram6, 45, 7)),
                Arguments.of(Counter.DROP_UDP_CHECKSUM, changed(datagram6, 48, 1)),
                Arguments.of(Counter.DROP_ICMP_HEADER, Packets.packet(toTarget, new byte[7])),
                Arguments.of(Counter.DROP_ICMP_CHECKSUM, Packets.packet(toTarget, new byte[8])),
                Arguments.of(Counter.ICMP_IGNORED,
                        Packets.packet(toTarget, Packets.icmp(toTarget, ECHO_REPLY, 0, 7, new byte[8]))));
    }

    @ParameterizedTest
    @MethodSource("dropped")
    void whatIsDroppedIsCountedByItsReason(Counter reason, byte[] packet) {
        world.inject(packet);
        assertEquals(1, world.count(reason));
        assertEquals(0, world.net.madeLinks());
    }

    @Test
    void aSynThatComesAgainIsAbsorbed() {
        dial();
        segment(81, 100, Packets.SYN);
        assertEquals(1, world.count(Counter.TCP_SYN_ABSORBED));
    }

    @Test
    void aSegmentThatMeansNothingWhileDiallingIsDropped() {
        dial();
        segment(81, 100, Packets.FIN);
        assertEquals(1, world.count(Counter.DROP_TCP_FLAGS));
    }

    @Test
    void aResetThatIsNotTheNextWhileDiallingIsDropped() {
        dial();
        segment(81, 5000, Packets.RST);
        assertEquals(1, world.count(Counter.DROP_TCP_SEQUENCE));
    }

    @Test
    void anAckWhileDiallingIsAnsweredByAReset() {
        dial();
        segment(81, 101, Packets.ACK);
        assertEquals(1, world.count(Counter.TCP_RESET_BAD_HANDSHAKE));
    }

    @Test
    void aRefusedFlowIsResetForThat() {
        world.net.fail(0, World.TARGET, 81, SocketError.REFUSED);
        segment(81, 100, Packets.SYN);
        assertEquals(1, world.count(Counter.TCP_RESET_REFUSED));
        assertEquals(1, world.count(Counter.REFUSED_BY_TARGET));
    }

    @Test
    void anAckOfNoFlowIsDroppedAndAnswered() {
        segment(80, 100, Packets.ACK);
        assertEquals(1, world.count(Counter.TCP_NO_FLOW));
        assertEquals(1, world.count(Counter.TCP_RESET_SENT_NO_FLOW));
    }

    @Test
    void aSynToOurselvesIsAnsweredByAReset() {
        world.inject(Packets.tcp(World.CLIENT, 5000, World.SELF, 80, 1, 0, Packets.SYN));
        assertEquals(1, world.count(Counter.TCP_RESET_TO_SELF));
    }

    @Test
    void aDatagramToOurselvesIsDropped() {
        world.inject(Packets.udp(0, World.CLIENT, 5000, 0, World.SELF, 53, new byte[1]));
        assertEquals(1, world.count(Counter.DROP_UDP_TO_SELF));
    }

    @Test
    void anEchoRequestThatIsNotToBeAnsweredIsIgnored() {
        world = new World(1, World.settings().withManners(false, false), 1 << 20, false);
        IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 1);
        world.inject(Packets.packet(ip, Packets.icmp(ip, ECHO, 0, 7, new byte[8])));
        assertEquals(1, world.count(Counter.ICMP_ECHO_IGNORED));
    }

    @Test
    void aSessionThatIsIdleEndsForThat() {
        world.inject(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 99, new byte[1]));
        world.run(100 * SECOND);
        assertEquals(1, world.count(Counter.UDP_SESSIONS_IDLE));
    }

    @Test
    void aSuperSegmentIsAPacketAndASuperSegment() {
        byte[] packet = Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 99, new byte[200]);
        packet[1] = VirtioNetHeader.GSO_UDP_L4;
        packet[4] = 100;
        world.inject(packet);
        world.inject(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 99, new byte[100]));
        world.run(SECOND / 100);
        assertEquals(2, world.count(Counter.PACKETS_IN));
        assertEquals(1, world.count(Counter.SUPER_SEGMENTS_IN));
        assertEquals(3, world.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void gaugesShowFlowsByState() {
        world.net.listen(0, World.TARGET, 80, SimServer::echo);
        world.client(1000).open();
        world.client(1001).open();
        dial();
        assertEquals(2, world.counters.value(Gauge.FLOWS_ESTABLISHED));
        assertEquals(1, world.counters.value(Gauge.FLOWS_HALF_OPEN));
        assertEquals(1, world.counters.value(Gauge.UPSTREAM_DIALLING));
    }

    @Test
    void gaugesShowSessionsFragmentsAndMemory() {
        IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 17);
        world.inject(Packets.fragments(ip, Packets.udpBytes(ip, 5000, 53, new byte[100]), 64, 7)[0]);
        world.inject(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 99, new byte[1]));
        world.turn();
        assertEquals(1, world.counters.value(Gauge.FRAGMENTS_INCOMPLETE));
        assertEquals(1, world.counters.value(Gauge.SESSIONS_OPEN));
        assertEquals(16 << 20, world.counters.value(Gauge.SLAB_CAPACITY));
        assertEquals(world.slab.usedBytes(), world.counters.value(Gauge.SLAB_USED));
        assertTrue(world.counters.value(Gauge.SLAB_PEAK) >= world.slab.usedBytes());
    }

    @Test
    void aGaugeFallsAgain() {
        dial();
        segment(81, 101, Packets.RST);
        assertEquals(0, world.counters.value(Gauge.FLOWS_HALF_OPEN));
    }
}
