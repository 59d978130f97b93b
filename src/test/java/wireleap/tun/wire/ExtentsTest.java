package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExtentsTest {
    private final Extents extents = new Extents();

    private static LongStream seeds() {
        return LongStream.range(0, 300);
    }

    /** The outcome by a table of what has come. */
    private static int naive(boolean[] there, int start, int end) {
        int count = 0;
        for (int i = start; i < end; i++) {
            count += there[i] ? 1 : 0;
        }
        return count == 0 ? Extents.ADDED : count == end - start ? Extents.CONTAINED : Extents.OVERLAPPING;
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void rangesAreTakenAsByATableOfBytes(long seed) {
        Random random = new Random(seed);
        boolean[] there = new boolean[60];
        for (int step = 0; step < 60; step++) {
            int start = random.nextInt(59);
            int end = start + 1 + random.nextInt(Math.min(6, 60 - start));
            int expected = naive(there, start, end);
            assertEquals(expected, extents.add(start, end));
            for (int i = start; i < end && expected == Extents.ADDED; i++) {
                there[i] = true;
            }
        }
    }

    @Test
    void thePrefixEndsAtTheFirstHole() {
        extents.add(0, 8);
        extents.add(16, 24);
        assertEquals(8, extents.prefix());
    }

    @Test
    void aFilledHoleJoinsItsNeighbours() {
        extents.add(0, 8);
        extents.add(16, 24);
        extents.add(8, 16);
        assertEquals(24, extents.prefix());
    }

    @Test
    void withoutItsStartThereIsNoPrefix() {
        extents.add(8, 16);
        assertEquals(0, extents.prefix());
    }

    @Test
    void oneRangeTooManyIsNotTaken() {
        for (int i = 0; i < Extents.MAX_EXTENTS; i++) {
            assertEquals(Extents.ADDED, extents.add(16 * i, 16 * i + 8));
        }
        assertEquals(Extents.FULL, extents.add(16 * Extents.MAX_EXTENTS, 16 * Extents.MAX_EXTENTS + 8));
    }
}
