package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.VirtioNetHeader;

/** A warm packet allocates nothing: the thread's allocated bytes over 100,000 of each kind. */
final class AllocationTest {
    private static final int PACKETS = 100_000;
    private static final int TURN = 16;
    private static final int PAYLOAD = 1400;
    private static final int AT = 64;
    private static final int TCP = AT + VirtioNetHeader.BYTES + 20;
    /** What reading the counter may cost itself, and what the collector's own books may. */
    private static final long NOTHING = 1_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final StillLinks links = new StillLinks();
    private final Slab slab = new Slab(Arena.ofAuto().allocate(4 << 20, 4096));
    private final Sent sent = new Sent();
    private final Stack stack = new Stack(World.settings(), slab, sent,
            new Direct(links, World.PATIENCE, new Counters()), new Counters(), 1, 0);
    private final MemorySegment packet = Arena.ofAuto().allocate(1 << 16);
    private int packetBytes;
    private long nowNanos = 1_000_000;
    private int iss;

    /** The device: looks at what is sent, and keeps nothing. */
    private static final class Sent implements PacketOutput {
        private final MemorySegment headers = Arena.ofAuto().allocate(HEADER_SPACE);
        long packets;
        int nextSeq;

        @Override
        public boolean cutsDatagrams() {
            return true;
        }

        @Override
        public MemorySegment headers() {
            return headers;
        }

        @Override
        public void send(int headerBytes, MemorySegment m1, long off1, int len1, MemorySegment m2, long off2,
                         int len2) {
            packets++;
            int syn = Bytes.u8(headers, IP_OFFSET + 33) >>> 1 & 1;
            nextSeq = Bytes.i32(headers, IP_OFFSET + 24) + len1 + len2 + syn;
        }
    }

    /** Something that a turn does, in the number of its packets. */
    private interface Kind {
        void packet(int number);
    }

    private void take(byte[] bytes) {
        packetBytes = bytes.length;
        MemorySegment.copy(bytes, 0, packet, ValueLayout.JAVA_BYTE, AT, bytes.length);
        packet.set(ValueLayout.JAVA_BYTE, AT, (byte) VirtioNetHeader.NEEDS_CSUM);
    }

    private void give() {
        stack.onPacket(packet, AT, packetBytes, nowNanos);
    }

    private void endTurn() {
        stack.endOfTurn(nowNanos);
        if (stack.deadlineNanos() <= nowNanos) {
            stack.onTimer(nowNanos);
        }
        nowNanos += 50_000;
    }

    private long allocatedBy(Kind kind) {
        for (int i = 0; i < PACKETS / 2; i++) {
            step(kind, i);
        }
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = PACKETS / 2; i < PACKETS / 2 + PACKETS; i++) {
            step(kind, i);
        }
        return threads.getCurrentThreadAllocatedBytes() - before;
    }

    private void step(Kind kind, int number) {
        kind.packet(number);
        if (number % TURN == TURN - 1) {
            endTurn();
        }
    }

    /** A connection, and a segment of it with so much payload as the next packet. */
    private void connect(int payload) {
        take(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 0, 0, Packets.SYN));
        give();
        links.owner.onReady(LinkOwner.WRITABLE, nowNanos);
        endTurn();
        iss = sent.nextSeq;
        byte[] segment = Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 1, iss, Packets.ACK);
        byte[] whole = Arrays.copyOf(segment, segment.length + payload);
        take(whole);
        Bytes.putU16(packet, AT + VirtioNetHeader.BYTES + 2, 40 + payload);
        Bytes.putU16(packet, AT + VirtioNetHeader.BYTES + 10, 0);
        int sum = Checksum.sum(packet, AT + VirtioNetHeader.BYTES, 20, 0);
        Bytes.putU16(packet, AT + VirtioNetHeader.BYTES + 10, Checksum.complement(sum));
        give();
        endTurn();
        assertEquals(1, stack.tcpFlows());
    }

    private void nextSegment(int number) {
        Bytes.putI32(packet, TCP + 4, 1 + PAYLOAD * (number + 1));
        give();
    }

    @Test
    void upload() {
        connect(PAYLOAD);
        assertTrue(allocatedBy(this::nextSegment) < NOTHING);
        assertEquals((long) PAYLOAD * (PACKETS + PACKETS / 2 + 1), links.sent);
    }

    @Test
    void uploadThroughTheRing() {
        connect(PAYLOAD);
        assertTrue(allocatedBy(number -> {
            links.blocked = number % TURN < TURN / 2;
            if (number % TURN == TURN / 2) {
                links.owner.onReady(LinkOwner.WRITABLE, nowNanos);
            }
            nextSegment(number);
        }) < NOTHING);
        assertEquals((long) PAYLOAD * (PACKETS + PACKETS / 2 + 1), links.sent);
    }

    @ParameterizedTest(name = "peeks: {0}")
    @ValueSource(booleans = {true, false})
    void download(boolean peeks) {
        links.peeks = peeks;
        connect(0);
        long before = sent.packets;
        assertTrue(allocatedBy(number -> {
            links.receivable += 20_000;
            links.owner.onReady(LinkOwner.READABLE, nowNanos);
            Bytes.putI32(packet, TCP + 8, sent.nextSeq);
            give();
        }) < NOTHING);
        assertTrue(sent.packets - before > PACKETS / TURN);
        assertEquals(1, stack.tcpFlows());
    }

    @Test
    void flowsThatComeAndGo() {
        take(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 0, 0, Packets.SYN));
        Kind openOrReset = number -> {
            boolean opens = number % 2 == 0;
            Bytes.putU16(packet, TCP, 5000 + number / 2 % 64);
            Bytes.putU8(packet, TCP + 13, opens ? Packets.SYN : Packets.RST);
            Bytes.putI32(packet, TCP + 4, opens ? 0 : 1);
            give();
            if (opens) {
                links.owner.onReady(LinkOwner.WRITABLE, nowNanos);
            }
            nowNanos += 10_000_000;                  // no flood that the door would be kept against
        };
        assertTrue(allocatedBy(openOrReset) < NOTHING);
        assertEquals(0, stack.tcpFlows());
    }

    @Test
    void datagramsBothWays() {
        take(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, new byte[1000]));
        assertTrue(allocatedBy(number -> {
            give();
            links.receivable++;
            links.owner.onReady(LinkOwner.READABLE, nowNanos);
        }) < NOTHING);
        assertTrue(sent.packets > PACKETS / TURN);
        assertEquals(PACKETS + PACKETS / 2, links.sent);
    }

    @Test
    void datagramsInFragments() {
        take(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, new byte[1000]));
        links.datagramBytes = 8000;
        assertTrue(allocatedBy(number -> {
            give();
            links.receivable++;
            links.owner.onReady(LinkOwner.READABLE, nowNanos);
        }) < NOTHING);
    }

    @Test
    void sessionsThatComeAndGo() {
        take(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 53, new byte[100]));
        assertTrue(allocatedBy(number -> {
            Bytes.putU16(packet, TCP, 1 + number % 60_000);
            give();
        }) < NOTHING);
        assertEquals(World.settings().maxSessionsPerClient(), stack.udpSessions());
    }

    @Test
    void straysAndErrors() {
        take(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 7, 7, Packets.ACK));
        assertTrue(allocatedBy(number -> give()) < NOTHING);
        assertTrue(sent.packets > PACKETS);
    }
}
