package wireleap.tun.mem;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.testing.HeapAllocation;

class RingTest {
    private static final int KIB = 1 << 10;
    private static final int MIB = 1 << 20;

    private final MemorySegment memory = Arena.ofAuto().allocate(4 * MIB);
    private final Slab slab = new Slab(memory);
    private final Ring ring = new Ring(slab);

    private static LongStream seeds() {
        return LongStream.range(0, 60);
    }

    private static MemorySegment bytes(int length, Random random) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        MemorySegment segment = Arena.ofAuto().allocate(Math.max(length, 1));
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, length);
        return segment;
    }

    private byte[] read(long position, int length) {
        byte[] result = new byte[length];
        int first = ring.contiguous(position, length);
        MemorySegment.copy(ring.memory(), ValueLayout.JAVA_BYTE, ring.offset(position), result, 0, first);
        int second = ring.contiguous(position + first, length - first);
        assertEquals(length, first + second, "two slices hold any range");
        MemorySegment.copy(ring.memory(), ValueLayout.JAVA_BYTE, ring.offset(position + first), result, first, second);
        byte[] copied = new byte[length];
        ring.get(position, MemorySegment.ofArray(copied), 0, length);
        assertArrayEquals(result, copied);
        return result;
    }

    @Test
    void bytesBeyondTheWindowCannotBeTakenOut() {
        ring.reset(0, MIB);
        ring.reserve(4 * KIB);
        MemorySegment to = Arena.ofAuto().allocate(1);
        assertThrows(AssertionError.class, () -> ring.get(4 * KIB, to, 0, 1));
    }

    @Test
    void aFreshRingOwnsNoMemory() {
        ring.reset(0, MIB);
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void manyRingsThatAreNeverEmptiedLeaveRoomForOneMore() {
        for (int i = 0; i < 100; i++) {
            Ring other = new Ring(slab);
            other.reset(0, MIB);
            for (int kib = 4; kib <= 1024; kib *= 2) {
                other.reserve(kib * KIB);
            }
            assertTrue(other.capacityBytes() > 0, "ring " + i);
        }
        ring.reset(0, MIB);
        assertTrue(ring.reserve(4 * KIB));
    }

    @Test
    void roomBeyondTheLimitIsRefused() {
        ring.reset(100, 64 * KIB);
        assertFalse(ring.reserve(100 + 64 * KIB + 1));
    }

    @Test
    void roomUpToTheLimitIsMade() {
        ring.reset(100, 64 * KIB);
        assertTrue(ring.reserve(100 + 64 * KIB));
    }

    @Test
    void someRoomIsAllThatWasWantedWhereThereIsMemory() {
        ring.reset(100, MIB);
        assertEquals(50_000, ring.reserveSome(100, 50_000));
        assertEquals(64 * KIB, ring.capacityBytes());
    }

    @Test
    void someRoomIsWhatMemoryAllows() {
        ring.reset(0, MIB);
        assertEquals(MIB / 4, ring.reserveSome(0, MIB));
        assertEquals(0, ring.reserveSome(MIB / 4, 1000));
    }

    @Test
    void someRoomIsWhatIsLeftWhereNothingCanGrow() {
        ring.reset(0, 4 * KIB);
        ring.reserve(4 * KIB);
        assertEquals(96, ring.reserveSome(4000, 4 * KIB));
    }

    @Test
    void noRoomIsZero() {
        ring.reset(0, MIB);
        for (int i = 0; i < 4; i++) {
            slab.allocate(MIB);
        }
        assertEquals(0, ring.reserveSome(0, 1));
    }

    @Test
    void refusedGrowthLosesNothing() {
        ring.reset(0, MIB);
        ring.reserve(4 * KIB);
        MemorySegment data = bytes(4 * KIB, new Random(1));
        ring.put(0, data, 0, 4 * KIB);
        while (slab.allocate(4 * KIB) >= 0) {
            // until there is nothing left to grow with
        }
        assertFalse(ring.reserve(8 * KIB));
        assertArrayEquals(data.toArray(ValueLayout.JAVA_BYTE), read(0, 4 * KIB));
    }

    @Test
    void aRingThatIsEmptyGivesItsMemoryBack() {
        ring.reset(0, MIB);
        ring.reserve(10_000);
        ring.release(10_000);
        ring.discardIfEmpty(10_000);
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void aRingThatHoldsAByteKeepsItsMemory() {
        ring.reset(0, MIB);
        ring.reserve(10_000);
        ring.release(9_999);
        ring.discardIfEmpty(10_000);
        assertEquals(16 * KIB, slab.usedBytes());
    }

    @Test
    void resetGivesTheMemoryBack() {
        ring.reset(0, MIB);
        ring.reserve(1);
        ring.reset(0, MIB);
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void putOutsideTheWindowIsOurDefect() {
        ring.reset(0, MIB);
        ring.reserve(4 * KIB);
        assertThrows(AssertionError.class, () -> ring.put(4 * KIB, memory, 0, 1));
    }

    @Test
    void releasingBackwardsIsOurDefect() {
        ring.reset(10, MIB);
        assertThrows(AssertionError.class, () -> ring.release(9));
    }

    @Test
    void anEmptyPutNeedsNoMemory() {
        ring.reset(77, MIB);
        ring.put(77, memory, 0, 0);
        assertEquals(0, slab.usedBytes());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void bytesStayAtTheirPositionsThroughGrowthAndWrapping(long seed) {
        Random random = new Random(seed);
        int max = 4 * KIB << random.nextInt(9);
        long start = random.nextLong(1L << 40);
        ring.reset(start, max);
        byte[] stream = new byte[3 * MIB];
        long end = start; // all before it has been put
        while (end < start + stream.length) {
            int length = (int) Math.min(1 + random.nextInt(20_000), start + stream.length - end);
            if (ring.reserve(end + length)) {
                MemorySegment data = bytes(length, random);
                int cut = random.nextInt(length + 1); // the later part first: out of order
                ring.put(end + cut, data, cut, length - cut);
                ring.put(end, data, 0, cut);
                MemorySegment.copy(data, ValueLayout.JAVA_BYTE, 0, stream, (int) (end - start), length);
                end += length;
            } else {
                long to = ring.base() + random.nextLong(end - ring.base() + 1);
                assertHolds(stream, start, ring.base(), to);
                ring.release(to);
                ring.discardIfEmpty(end);
            }
        }
        assertHolds(stream, start, ring.base(), end);
    }

    private void assertHolds(byte[] stream, long start, long from, long to) {
        byte[] expected = Arrays.copyOfRange(stream, (int) (from - start), (int) (to - start));
        assertArrayEquals(expected, read(from, (int) (to - from)));
    }

    @Test
    void theWindowNeverGrowsBeyondItsLimit() {
        ring.reset(0, 64 * KIB);
        for (long end = 1; ring.reserve(end); end += 1_000) {
            assertTrue(ring.capacityBytes() <= 64 * KIB);
        }
    }

    @Test
    void aWarmRingAllocatesNothingOnTheHeap() {
        MemorySegment data = bytes(1_500, new Random(1));
        ring.reset(0, MIB);
        assertEquals(0, HeapAllocation.leastOf(20, () -> {
            for (int i = 0; i < 100_000; i++) {
                long position = ring.base();
                ring.reserve(position + 1_500);
                ring.put(position, data, 0, 1_500);
                ring.release(position + 1_500);
                ring.discardIfEmpty(position + 1_500);
            }
        }));
    }
}
