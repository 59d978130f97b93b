package wireleap.tun.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SlabTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private record Block(long offset, int bytes) {
        long end() {
            return offset + Slab.blockBytes(bytes);
        }
    }

    private static Slab slab(long bytes) {
        return new Slab(MemorySegment.ofAddress(1 << 20).reinterpret(bytes)); // any access to it would end the JVM
    }

    private static LongStream seeds() {
        return LongStream.range(0, 40);
    }

    @Test
    void aBlockIsThePowerOfTwoThatHoldsWhatWasAsked() {
        assertEquals(4 * KIB, Slab.blockBytes(1));
        assertEquals(4 * KIB, Slab.blockBytes(4 * KIB));
        assertEquals(8 * KIB, Slab.blockBytes(4 * KIB + 1));
        assertEquals(MIB, Slab.blockBytes(MIB));
    }

    @Test
    void theLowestFittingAddressIsHandedOut() {
        Slab slab = slab(2 * MIB);
        long first = slab.allocate(4 * KIB);
        slab.allocate(4 * KIB);
        slab.free(first, 4 * KIB);
        assertEquals(first, slab.allocate(4 * KIB));
    }

    @Test
    void anExhaustedSlabRefusesAndCountsIt() {
        Slab slab = slab(MIB);
        slab.allocate(MIB);
        assertEquals(-1, slab.allocate(1));
        assertEquals(1, slab.refusals());
    }

    @Test
    void freedBuddiesBecomeOneBlockAgain() {
        Slab slab = slab(MIB);
        long[] offsets = LongStream.generate(() -> slab.allocate(4 * KIB)).limit(256).toArray();
        for (long offset : offsets) {
            slab.free(offset, 4 * KIB);
        }
        assertEquals(0, slab.allocate(MIB));
    }

    @Test
    void aRegionThatIsNoMultipleOfTheLargestBlockIsUsedToItsLastPage() {
        Slab slab = slab(MIB + 3 * 4 * KIB + 100);
        slab.allocate(MIB);
        for (int i = 0; i < 3; i++) {
            assertTrue(slab.allocate(4 * KIB) >= 0);
        }
        assertEquals(slab.capacityBytes(), slab.usedBytes());
    }

    @Test
    void freeingTwiceIsOurDefect() {
        Slab slab = slab(MIB);
        long offset = slab.allocate(8 * KIB);
        slab.free(offset, 8 * KIB);
        assertThrows(AssertionError.class, () -> slab.free(offset, 8 * KIB));
    }

    @Test
    void freeingWithAnotherSizeIsOurDefect() {
        Slab slab = slab(MIB);
        long offset = slab.allocate(8 * KIB);
        assertThrows(AssertionError.class, () -> slab.free(offset, 4 * KIB));
    }

    @Test
    void freeingTheMiddleOfABlockIsOurDefect() {
        Slab slab = slab(MIB);
        long offset = slab.allocate(8 * KIB);
        assertThrows(AssertionError.class, () -> slab.free(offset + 4 * KIB, 4 * KIB));
    }

    @Test
    void moreThanTheLargestBlockIsOurDefect() {
        assertThrows(AssertionError.class, () -> slab(4 * MIB).allocate(MIB + 1));
    }

    @Test
    void thePeakStaysWhenBlocksGoBack() {
        Slab slab = slab(MIB);
        slab.free(slab.allocate(64 * KIB), 64 * KIB);
        assertEquals(64 * KIB, slab.peakUsedBytes());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void blocksOutAtOneTimeNeverOverlap(long seed) {
        Random random = new Random(seed);
        Slab slab = slab(8 * MIB + 7 * 4 * KIB);
        List<Block> out = new ArrayList<>();
        for (int step = 0; step < 2_000; step++) {
            if (random.nextInt(5) < 3) {
                Block block = allocate(slab, random);
                if (block != null) {
                    assertApart(slab, out, block);
                    out.add(block);
                }
            } else if (!out.isEmpty()) {
                Block block = out.remove(random.nextInt(out.size()));
                slab.free(block.offset, block.bytes);
            }
        }
        assertEquals(out.stream().mapToLong(b -> Slab.blockBytes(b.bytes)).sum(), slab.usedBytes());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void aRequestIsRefusedOnlyWhenNoAlignedPlaceIsFree(long seed) {
        Random random = new Random(seed);
        Slab slab = slab(2 * MIB);
        boolean[] used = new boolean[2 * MIB / (4 * KIB)];
        List<Block> out = new ArrayList<>();
        for (int step = 0; step < 2_000; step++) {
            int bytes = 1 + random.nextInt(1 << 12 + random.nextInt(9));
            long offset = slab.allocate(bytes);
            if (offset < 0) {
                assertFalse(hasPlace(used, Slab.blockBytes(bytes) / (4 * KIB)));
                Block block = out.remove(random.nextInt(out.size()));
                slab.free(block.offset, block.bytes);
                mark(used, block, false);
            } else {
                Block block = new Block(offset, bytes);
                out.add(block);
                mark(used, block, true);
            }
        }
    }

    private static Block allocate(Slab slab, Random random) {
        int bytes = 1 + random.nextInt(1 << 12 + random.nextInt(9));
        long offset = slab.allocate(bytes);
        return offset < 0 ? null : new Block(offset, bytes);
    }

    private static void assertApart(Slab slab, List<Block> out, Block block) {
        assertTrue(block.end() <= slab.capacityBytes());
        assertEquals(0, block.offset % Slab.blockBytes(block.bytes));
        for (Block other : out) {
            assertTrue(block.end() <= other.offset || other.end() <= block.offset, () -> block + " and " + other);
        }
    }

    private static boolean hasPlace(boolean[] used, int pages) {
        for (int start = 0; start < used.length; start += pages) {
            boolean free = true;
            for (int page = start; page < start + pages; page++) {
                free &= !used[page];
            }
            if (free) {
                return true;
            }
        }
        return false;
    }

    private static void mark(boolean[] used, Block block, boolean value) {
        for (long page = block.offset / (4 * KIB); page < block.end() / (4 * KIB); page++) {
            used[(int) page] = value;
        }
    }

    @Test
    void blocksAreOffsetsInTheMemoryGiven() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(MIB);
            Slab slab = new Slab(memory);
            slab.memory().asSlice(slab.allocate(4 * KIB), 4 * KIB).fill((byte) 1);
            assertEquals(1, memory.get(ValueLayout.JAVA_BYTE, 0));
        }
    }
}
