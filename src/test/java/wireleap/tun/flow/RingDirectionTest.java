package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.SocketError;

/** How an upstream's bytes are fetched and kept. */
final class RingDirectionTest {
    private static final int MAX = 1 << 18;
    private static final int SLAB_BYTES = 8 << 20;

    private final Slab slab = new Slab(MemorySegment.ofArray(new byte[SLAB_BYTES]));
    private final StillStream stream = new StillStream();
    private final RingDirection down = new RingDirection(slab, new Counters(), MAX);

    @BeforeEach
    void begin() {
        down.begin(stream);
    }

    /** Whether there is more to do at once. */
    private boolean read() {
        down.readable();
        return turn();
    }

    private boolean turn() {
        down.fetch(Long.MAX_VALUE);
        return down.settle();
    }

    private int available() {
        return down.prepare(0, Integer.MAX_VALUE);
    }

    @Test
    void nothingIsReadWithoutReadiness() {
        turn();
        stream.readable = 100;
        assertFalse(turn());
        assertEquals(0, available());
    }

    @Test
    void smallAnswerNeedsASmallBlock() {
        stream.readable = 100;
        read();
        assertEquals(100, available());
        assertEquals(4 << 10, slab.usedBytes());
    }

    @Test
    void nothingIsReadThatCannotBeSent() {
        stream.readable = 1 << 20;
        down.readable();
        down.fetch(20_000);
        down.fetch(20_000);
        assertEquals(20_000, available());
        assertFalse(down.settle(), "it would be for nothing");
    }

    @Test
    void clientThatDoesNotReadCostsNoMemory() {
        stream.readable = 1 << 20;
        down.readable();
        while (available() < 100_000) {
            down.fetch(100_000);
        }
        down.release(100_000);
        down.fetch(100_000);
        assertEquals(0, slab.usedBytes());
        assertTrue(down.mayFollow(100_000), "so that its window is probed");
    }

    @Test
    void turnReadsAShareAtMostAndWhatIsLeftIsForTheNextOneAtOnce() {
        Slab plenty = new Slab(MemorySegment.ofArray(new byte[32 << 20]));
        RingDirection large = new RingDirection(plenty, new Counters(), 1 << 20);
        large.begin(stream);
        stream.readable = 10 << 20;
        long before = 0;
        for (boolean again = true; again; ) {
            large.fetch(Long.MAX_VALUE);
            long after = large.prepare(0, Integer.MAX_VALUE);
            assertTrue(after - before <= 256 << 10);
            before = after;
            again = large.settle();
        }
        assertEquals(1 << 20, before);
    }

    @Test
    void acknowledgedBytesGiveTheirMemoryBack() {
        stream.readable = 100;
        read();
        down.release(100);
        assertEquals(0, slab.usedBytes());
        assertTrue(down.isEmpty());
    }

    @Test
    void readingThatFindsNothingLeavesNoMemory() {
        read();
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void readsGrowWithWhatComesAndShrinkWithIt() {
        stream.readable = 1 << 20;
        for (int i = 0; i < 10; i++) {
            read();
            down.release(available());
        }
        assertEquals(256 << 10, stream.largestRead);
        for (int i = 0; i < 10; i++) {
            stream.readable = 10;
            read();
            down.release(down.prepare(0, Integer.MAX_VALUE));
        }
        stream.largestRead = 0;
        stream.readable = 10;
        read();
        assertTrue(stream.largestRead <= 4 << 10);
    }

    @Test
    void readingStopsAtTheRingsLimitAndGoesOnAfterAnAcknowledgment() {
        stream.readable = 10 * MAX;
        while (read()) {
            assertTrue(available() <= MAX);
        }
        assertEquals(MAX, available());
        down.release(1000);
        assertFalse(turn());
        assertEquals(MAX, down.prepare(1000, Integer.MAX_VALUE));
    }

    @Test
    void withoutMemoryItIsStarvedUntilThereIsSome() {
        for (int i = 0; i < SLAB_BYTES >> 20; i++) {
            slab.allocate(1 << 20);
        }
        stream.readable = 100;
        assertFalse(read());
        assertTrue(down.isStarved());
        slab.free(0, 1 << 20);
        turn();
        assertFalse(down.isStarved());
        assertEquals(100, available());
    }

    @Test
    void endIsWhereTheLastByteWas() {
        stream.readable = 100;
        stream.readResult = 0;
        read();
        assertTrue(down.endsAt(100));
        assertFalse(down.endsAt(99));
    }

    @Test
    void failureIsNoEnd() {
        stream.readable = 100;
        stream.readResult = SocketError.RESET;
        read();
        assertFalse(down.endsAt(100));
        assertTrue(down.hasFailed());
        assertEquals(100, available());
    }

    @Test
    void failureAfterTheEndLeavesTheEndWhereItIs() {
        stream.readResult = 0;
        read();
        stream.readResult = SocketError.RESET;
        read();
        assertTrue(down.endsAt(0));
        assertTrue(down.hasFailed());
    }

    @Test
    void acknowledgmentOfTheEndReleasesNoMoreThanThereIs() {
        stream.readable = 100;
        stream.readResult = 0;
        read();
        down.release(101);
        assertTrue(down.isEmpty());
    }
}
