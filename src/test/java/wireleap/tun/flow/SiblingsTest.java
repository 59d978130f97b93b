package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Gauge;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/** Packets that come in on a queue of the TUN whose loop has nothing to do with them find the loop that has. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SiblingsTest {
    private static final int PORT = 5000;

    private SiblingStacks stacks = new SiblingStacks(2);
    private final List<byte[]> arrived = new ArrayList<>();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(0, stacks.linksAfterClose());
    }

    private void echoAt(long lo, int port) {
        stacks.net.listenDatagrams(0, lo, port, (from, to, datagram) -> {
            arrived.add(datagram);
            from.deliver(to, datagram);
        });
    }

    private static byte[] datagram(int srcPort, long target, int length) {
        return Packets.udp(0, World.CLIENT, srcPort, 0, target, 80, SimClient.stream(0, length));
    }

    /** The member that has the session of {@link #PORT}, by what it did with the first datagram. */
    private int owner() {
        return Collections.max(List.of(0, 1), (a, b) -> Long.compare(sessions(a), sessions(b)));
    }

    private long sessions(int member) {
        return stacks.each(Gauge.SESSIONS_OPEN).get(member);
    }

    @Test
    void oneSocketToManyTargetsIsOneSessionWhateverTheQueues() {
        for (int i = 0; i < 200; i++) {
            echoAt(World.TARGET + i, 80);
            stacks.members.get(i % 2).receive(datagram(PORT, World.TARGET + i, 100));
        }
        stacks.run();
        assertEquals(1, stacks.each(Gauge.SESSIONS_OPEN).stream().mapToLong(Long::longValue).sum());
        assertEquals(200, arrived.size());
        assertEquals(100, stacks.count(Counter.GIVEN));
    }

    @Test
    void allAnswersLeaveByTheSessionsOwnQueue() {
        for (int i = 0; i < 20; i++) {
            echoAt(World.TARGET + i, 80);
            stacks.members.get(i % 2).receive(datagram(PORT, World.TARGET + i, 100));
        }
        stacks.run();
        assertEquals(20, stacks.members.get(owner()).sent.size());
        assertEquals(20, stacks.sent().size());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 16})
    void sessionsAreSpreadEvenly(int count) {
        stacks = new SiblingStacks(count);
        for (int port = 30_000; port < 30_480; port++) {
            stacks.members.getFirst().receive(datagram(port, World.TARGET, 10));
        }
        stacks.run();
        stacks.each(Gauge.SESSIONS_OPEN).forEach(sessions ->
                assertTrue(sessions > 480 / count / 2 && sessions < 480 / count * 2, stacks.each(Gauge.SESSIONS_OPEN) + ""));
    }

    @Test
    void fragmentsOfDifferentQueuesAreOneDatagram() {
        echoAt(World.TARGET, 80);
        IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, UdpHeader.PROTOCOL);
        for (int id = 0; id < 20; id++) {
            byte[][] fragments = Packets.fragments(ip, Packets.udpBytes(ip, PORT, 80, SimClient.stream(0, 4000)), 1480, id);
            for (int i = 0; i < fragments.length; i++) {
                stacks.members.get((i + id) % 2).receive(fragments[i]);
            }
        }
        stacks.run();
        assertEquals(20, arrived.size());
        arrived.forEach(datagram -> assertArrayEquals(SimClient.stream(0, 4000), datagram));
        assertTrue(stacks.members.stream().allMatch(member -> member.counters.value(Counter.REASSEMBLED) > 0),
                "only one of them puts fragments together");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void theClientsErrorFindsTheSession(int queue) {
        stacks.members.getFirst().receive(datagram(PORT, World.TARGET, 10));
        stacks.run();
        IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, 1);
        byte[] answer = Packets.udp(0, World.TARGET, 80, 0, World.CLIENT, PORT, new byte[10]);
        byte[] quoted = Arrays.copyOfRange(answer, answer.length - 38, answer.length);
        stacks.members.get(queue).receive(Packets.packet(ip, Packets.icmp(ip, 3, 3, 0, quoted)));
        stacks.run();
        assertEquals(1, stacks.count(Counter.UDP_SESSIONS_CLIENT_GONE));
        assertEquals(1, stacks.count(Counter.ICMP_IGNORED));
    }

    @Test
    void whatNobodyHasRoomForIsDroppedAndCounted() {
        stacks.full = true;
        for (int i = 0; i < 2; i++) {
            stacks.members.get(i).receive(datagram(PORT, World.TARGET, 10));
        }
        stacks.run();
        assertEquals(1, stacks.count(Counter.DROP_GIVEN));
        assertEquals(0, stacks.count(Counter.GIVEN));
        assertEquals(1, stacks.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void aDatagramWithAWrongChecksumIsNotGiven() {
        for (int i = 0; i < 2; i++) {
            byte[] damaged = datagram(PORT, World.TARGET, 10);
            damaged[damaged.length - 1]++;
            stacks.members.get(i).receive(damaged);
        }
        assertEquals(2, stacks.count(Counter.DROP_UDP_CHECKSUM));
        assertEquals(0, stacks.count(Counter.GIVEN));
    }

    /** Segment bytes and the leave to become fragments travel with it. */
    @Test
    void aSuperDatagramThatIsGivenIsCutAlike() {
        echoAt(World.TARGET, 80);
        for (int i = 0; i < 2; i++) {
            byte[] packet = datagram(PORT, World.TARGET, 2500);
            VirtioNetHeader.write(MemorySegment.ofArray(packet), 0, VirtioNetHeader.NEEDS_CSUM,
                    VirtioNetHeader.GSO_UDP_L4, 28, 1000, 20, 6);
            stacks.members.get(i).receive(packet);
        }
        stacks.run();
        assertEquals(List.of(500, 500, 1000, 1000, 1000, 1000), arrived.stream().map(bytes -> bytes.length).sorted().toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 16})
    void aSegmentThatNoneKnowsIsResetOnce(int count) {
        stacks = new SiblingStacks(count);
        stacks.members.get(1).receive(Packets.tcp(World.CLIENT, PORT, World.TARGET, 80, 1, 1, Packets.ACK));
        stacks.run();
        assertEquals(1, stacks.count(Counter.TCP_RESET_SENT_NO_FLOW));
        assertEquals(1, stacks.count(Counter.TCP_NO_FLOW));
        assertEquals(count - 1, stacks.count(Counter.GIVEN));
    }

    private int dial(int queue) {
        stacks.net.listen(0, World.TARGET, 80, SimServer::mute);
        stacks.members.get(queue).receive(Packets.tcp(World.CLIENT, PORT, World.TARGET, 80, 7, 0, Packets.SYN));
        stacks.run();
        MemorySegment answer = MemorySegment.ofArray(stacks.members.get(queue).sent.getLast());
        return Bytes.i32(answer, IpPacket.IPV4_HEADER_BYTES + 4);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aSegmentOnAnotherQueueFindsItsFlow(int queue) {
        stacks = new SiblingStacks(3);
        int iss = dial(1);
        stacks.members.get(queue).receive(
                Packets.tcp(World.CLIENT, PORT, World.TARGET, 80, 8, iss + 1, Packets.ACK));
        stacks.run();
        assertEquals(List.of(0L, 1L, 0L), stacks.each(Gauge.FLOWS_ESTABLISHED));
        assertEquals(0, stacks.count(Counter.TCP_RESET_SENT_NO_FLOW));
    }

    @Test
    void whoWasGivenAStrayStillGivesItsOwn() {
        int iss = dial(1);
        stacks.members.get(1).receive(Packets.tcp(World.CLIENT, PORT + 1, World.TARGET, 80, 1, 1, Packets.ACK));
        stacks.run();
        stacks.members.get(0).receive(Packets.tcp(World.CLIENT, PORT, World.TARGET, 80, 8, iss + 1, Packets.ACK));
        stacks.run();
        assertEquals(List.of(0L, 1L), stacks.each(Gauge.FLOWS_ESTABLISHED));
        assertEquals(1, stacks.count(Counter.TCP_RESET_SENT_NO_FLOW));
    }

    @Test
    void aSegmentInFragmentsFindsItsFlow() {
        int iss = dial(0);
        byte[] segment = Packets.tcp(World.CLIENT, PORT, World.TARGET, 80, 8, iss + 1, Packets.ACK);
        IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, TcpHeader.PROTOCOL);
        byte[] transport = Arrays.copyOfRange(segment, segment.length - TcpHeader.BYTES, segment.length);
        for (int id = 0; id < 8; id++) {
            for (byte[] fragment : Packets.fragments(ip, transport, 16, id)) {
                stacks.members.get(id % 2).receive(fragment);
            }
        }
        stacks.run();
        assertEquals(8, stacks.count(Counter.REASSEMBLED));
        assertEquals(List.of(1L, 0L), stacks.each(Gauge.FLOWS_ESTABLISHED));
        assertEquals(0, stacks.count(Counter.TCP_RESET_SENT_NO_FLOW));
    }

    @Test
    void fragmentsOfDifferentStacksNeverHaveTheSameNumber() {
        int count = 3;
        stacks = new SiblingStacks(count);
        stacks.net.listenDatagrams(0, World.TARGET, 80, (from, to, datagram) -> from.deliver(to, new byte[2000]));
        for (int i = 0; i < 60; i++) {
            stacks.members.getFirst().receive(datagram(PORT + i, World.TARGET, 10));
        }
        stacks.run();
        for (int i = 0; i < count; i++) {
            for (byte[] packet : stacks.members.get(i).sent) {
                int id = Bytes.u16(MemorySegment.ofArray(packet), 4);
                assertEquals(i, id % 4);
            }
        }
        assertEquals(120, stacks.sent().size());
    }

    @Test
    void limitsOfAllTogetherAreThoseOfOne() {
        StackSettings all = World.settings().withFlows(100, 64, 1 << 20).withSessions(50, 20, 60_000_000_000L);
        StackSettings each = all.share(16);
        assertTrue(each.maxFlows() * 16 <= 100 && each.maxHalfOpen() * 16 <= 64, each.toString());
        assertTrue(each.maxSessions() * 16 <= 50 && each.maxSessionsPerClient() * 16 <= 20, each.toString());
        assertEquals(all, all.share(1));
    }
}
