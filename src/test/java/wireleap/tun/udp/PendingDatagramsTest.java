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
    private final Slab slab = new Slab(MemorySegment.ofArray(new byte[2 << 20]));
    private final PendingDatagrams pending = new PendingDatagrams(slab);

    private boolean keep(int port, int length) {
        byte[] bytes = new byte[length];
        Arrays.fill(bytes, (byte) port);
        return pending.keep(7, 8, port, length > 200, MemorySegment.ofArray(bytes), 0, length);
    }

    @Test
    void datagramsComeBackInOrder() {
        keep(1, 100);
        keep(2, 0);
        keep(65_535, 300);
        for (List<Integer> expected : List.of(List.of(1, 100), List.of(2, 0), List.of(65_535, 300))) {
            assertTrue(pending.next());
            assertEquals(expected, List.of(pending.port(), pending.length()));
            assertEquals(List.of(7L, 8L, pending.length() > 200),
                    List.of(pending.hi(), pending.lo(), pending.mayFragment()));
            byte[] bytes = pending.memory().asSlice(pending.offset(), pending.length()).toArray(ValueLayout.JAVA_BYTE);
            byte[] same = new byte[pending.length()];
            Arrays.fill(same, (byte) pending.port());
            assertArrayEquals(same, bytes);
        }
        assertFalse(pending.next());
    }

    @Test
    void largestThatFitsIsKept() {
        assertTrue(keep(1, PendingDatagrams.MOST_BYTES - 24));
        assertFalse(keep(1, 0));
    }

    @Test
    void largerThanTheBlockIsNotKept() {
        assertFalse(keep(1, PendingDatagrams.MOST_BYTES - 23));
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void withoutMemoryNothingIsKept() {
        slab.allocate(1 << 20);
        slab.allocate(1 << 20);
        assertFalse(keep(1, 1));
    }

    @Test
    void noMoreMemoryIsTakenThanIsNeeded() {
        keep(1, 4000);
        assertEquals(4 << 10, slab.usedBytes());
        keep(2, 1000);
        assertEquals(8 << 10, slab.usedBytes());
    }

    /** So that many sessions which are being opened leave memory to others. */
    @Test
    void scarceMemoryIsNotTaken() {
        slab.allocate(1 << 20);
        slab.allocate(1 << 19);
        slab.allocate(1 << 18);
        assertTrue(keep(1, 4000));
        assertTrue(keep(2, 4000));
        assertFalse(keep(3, 4000));
        assertEquals((1 << 20) + (1 << 19) + (1 << 18) + (8 << 10), slab.usedBytes());
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
