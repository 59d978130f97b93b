package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.wire.PacketOutput;

/** What a flow may read into its ring in one turn, with a client that acknowledges nothing. */
final class ShareTest {
    private static final long BEFORE = 1_000_000;
    private static final long NOW = 2_000_000;

    private final StillLinks links = new StillLinks();
    private final Slab slab = new Slab(Arena.ofAuto().allocate(32 << 20, 4096));
    private final Counters counters = new Counters();
    private final MemorySegment headers = Arena.ofAuto().allocate(PacketOutput.HEADER_SPACE);
    private int synAck;

    private final PacketOutput output = new PacketOutput() {
        @Override
        public boolean cutsDatagrams() {
            return true;
        }

        @Override
        public MemorySegment headers() {
            return headers;
        }

        @Override
        public void send(int headerBytes, MemorySegment m1, long off1, int len1,
                         MemorySegment m2, long off2, int len2) {
            synAck = synAck == 0 ? Bytes.i32(headers, IP_OFFSET + 24) : synAck;
        }
    };

    private final Stack stack = new Stack(World.settings(), slab, output,
            new Direct(links, World.PATIENCE, counters), counters, 1, BEFORE);

    private void give(byte[] packet) {
        MemorySegment memory = Arena.ofAuto().allocate(packet.length);
        MemorySegment.copy(packet, 0, memory, ValueLayout.JAVA_BYTE, 0, packet.length);
        stack.onPacket(memory, 0, packet.length, BEFORE);
    }

    @BeforeEach
    void connect() {
        links.peeks = false;
        give(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 0, 0, Packets.SYN));
        links.owner.onReady(LinkOwner.WRITABLE, BEFORE);
        stack.endOfTurn(BEFORE);
        give(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 1, synAck + 1, Packets.ACK));
        stack.endOfTurn(BEFORE);
        links.receivable = 10 << 20;
        links.owner.onReady(LinkOwner.READABLE, NOW);
    }

    private long readByATurn() {
        long before = counters.value(Counter.BYTES_DOWN);
        stack.endOfTurn(NOW);
        return counters.value(Counter.BYTES_DOWN) - before;
    }

    @Test
    void turnReadsAShareAtMost() {
        for (int i = 0; i < 10; i++) {
            assertTrue(readByATurn() <= 256 << 10);
        }
    }

    @Test
    void readsGrowToTheirShare() {
        long largest = 0;
        for (int i = 0; i < 10; i++) {
            largest = Math.max(largest, readByATurn());
        }
        assertEquals(256 << 10, largest);
    }

    @Test
    void whatIsLeftIsForTheNextTurnAtOnce() {
        readByATurn();
        assertTrue(stack.deadlineNanos() <= NOW);
    }

    @Test
    void fullRingEndsIt() {
        while (stack.deadlineNanos() <= NOW) {
            readByATurn();
        }
        assertEquals(1 << 20, counters.value(Counter.BYTES_DOWN));
    }
}
