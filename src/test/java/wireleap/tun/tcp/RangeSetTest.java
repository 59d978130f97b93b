package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.BitSet;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RangeSetTest {
    private final RangeSet set = new RangeSet(3);

    @Test
    void rangesThatTouchBecomeOne() {
        set.add(0, 10);
        set.add(20, 30);
        set.add(10, 20);
        assertEquals(1, set.size());
        assertTrue(set.containsAll(0, 30));
    }

    @Test
    void oneRangeTooManyIsRefused() {
        assertTrue(set.add(0, 1) && set.add(2, 3) && set.add(4, 5));
        assertFalse(set.hasRoomFor(6, 7));
        assertFalse(set.add(6, 7));
        assertEquals(3, set.size());
    }

    @Test
    void aFullSetStillTakesWhatExtendsARange() {
        assertTrue(set.add(0, 1) && set.add(2, 3) && set.add(4, 5));
        assertTrue(set.add(5, 8));
        assertTrue(set.add(1, 2));
        assertEquals(2, set.size());
        assertTrue(set.containsAll(0, 3) && set.containsAll(4, 8));
    }

    @Test
    void itIsWhatASetOfBitsIs() {
        SplittableRandom random = new SplittableRandom(3);
        for (int round = 0; round < 2_000; round++) {
            RangeSet ranges = new RangeSet(8);
            BitSet bits = new BitSet();
            for (int step = 0; step < 40; step++) {
                int from = random.nextInt(100);
                int to = from + 1 + random.nextInt(20);
                if (random.nextInt(8) == 0) {
                    ranges.removeBelow(from);
                    bits.clear(0, from);
                } else if (ranges.add(from, to)) {
                    bits.set(from, to);
                }
                compare(ranges, bits, from, to);
            }
        }
    }

    private static void compare(RangeSet ranges, BitSet bits, int from, int to) {
        assertEquals(bits.isEmpty(), ranges.isEmpty());
        assertEquals(bits.get(from, to).cardinality() == to - from, ranges.containsAll(from, to));
        assertEquals(bits.nextClearBit(from), ranges.firstAbsent(from));
        assertEquals(bits.get(from), ranges.indexOf(from) >= 0);
        if (!bits.isEmpty()) {
            assertEquals(bits.length(), ranges.highest());
        }
        int total = 0;
        for (int i = 0; i < ranges.size(); i++) {
            total += (int) (ranges.right(i) - ranges.left(i));
        }
        assertEquals(bits.cardinality(), total);
    }
}
