package wireleap.tun.udp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Slab;

/** What is kept until it can be sent. */
final class PendingDatagramsTest {
    private final Slab slab = new Slab(MemorySegment.ofArray(new byte[16 << 10]));
    private final PendingDatagrams pending = new PendingDatagrams(slab);

    private boolean keep(int port, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) port);
        return pending.keep(7, 8, port, MemorySegment.ofArray(bytes), 0, length);
    }

    @Test
    void datagramsComeBackInOrder() {
        keep(1, 100);
        keep(2, 0);
        keep(65_535, 300);
        for (List<Integer> expected : List.of(List.of(1, 100), List.of(2, 0), List.of(65_535, 300))) {
            assertTrue(pending.next());
            assertEquals(expected, List.of(pending.port(), pending.length()));
            assertEquals(List.of(7L, 8L), List.of(pending.hi(), pending.lo()));
            byte[] bytes = pending.memory().asSlice(pending.offset(), pending.length()).toArray(ValueLayout.JAVA_BYTE);
            byte[] same = new byte[pending.length()];
            Arrays.fill(same, (byte) pending.port());
            assertArrayEquals(same, bytes);
        }
        assertFalse(pending.next());
    }

    @Test
    void largestThatFitsIsKept() {
        assertTrue(keep(1, PendingDatagrams.BLOCK_BYTES - 20));
        assertFalse(keep(1, 0));
    }

    @Test
    void largerThanTheBlockIsNotKept() {
        assertFalse(keep(1, PendingDatagrams.BLOCK_BYTES - 19));
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void withoutMemoryNothingIsKept() {
        slab.allocate(16 << 10);
        assertFalse(keep(1, 1));
    }

    @Test
    void discardGivesTheMemoryBack() {
        keep(1, 100);
        pending.discard();
        assertEquals(0, slab.usedBytes());
        assertFalse(pending.next());
    }

    @Test
    void canBeUsedAgainAfterDiscard() {
        keep(1, 100);
        pending.next();
        pending.discard();
        keep(2, 50);
        assertTrue(pending.next());
        assertEquals(2, pending.port());
    }
}
