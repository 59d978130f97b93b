package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Gauge;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.VirtioNetHeader;

/** What would otherwise happen in silence, and what the gauges show. */
final class StackCountersTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int ECHO = 8;

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
