package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.SocketError;

/** How an upstream's bytes are looked at and dropped: as few calls as can be. */
final class PeekDirectionTest {
    private static final int SEGMENT = 60_000;
    private static final int SHARE = 256 << 10;

    private final Slab slab = new Slab(MemorySegment.ofArray(new byte[8 << 20]));
    private final Counters counters = new Counters();
    private final HotBuffer hot = new HotBuffer(slab, SHARE);
    private final StillStream stream = new StillStream();
    private final PeekDirection down = new PeekDirection(hot, counters);
    private final PeekDirection other = new PeekDirection(hot, counters);

    @BeforeEach
    void begin() {
        down.begin(stream);
        down.fetch(Long.MAX_VALUE);
    }

    private String calls() {
        String calls = stream.calls.toString().trim();
        stream.calls.setLength(0);
        return calls;
    }

    /** Prepares as a connection does until no more comes: where that ended. */
    private long prepareFrom(long position) {
        long at = position;
        for (int bytes = down.prepare(at, SEGMENT); bytes > 0; bytes = down.prepare(at, SEGMENT)) {
            at += bytes;
        }
        return at;
    }

    private void otherUsesTheBuffer() {
        StillStream another = new StillStream();
        another.readable = 10;
        other.begin(another);
        other.fetch(Long.MAX_VALUE);
        other.prepare(0, 10);
    }

    @Test
    void nothingIsPeekedAtWithoutReadiness() {
        down.prepare(0, SEGMENT);
        calls();
        stream.readable = 100;
        assertEquals(0, down.prepare(0, SEGMENT));
        assertEquals("", calls());
    }

    @Test
    void onePeekFeedsAllTheSegmentsOfATurn() {
        stream.readable = 1 << 20;
        assertEquals(4 * SEGMENT, prepareFrom(0));
        assertEquals("p240000", calls());
    }

    @Test
    void nothingIsPeekedAtThatCannotBeSent() {
        stream.readable = 1 << 20;
        down.fetch(2 * SEGMENT + 100);
        down.prepare(0, SEGMENT);
        assertEquals("p120000", calls());
    }

    @Test
    void turnThatWasTooSmallIsFollowedByAnother() {
        stream.readable = 1 << 20;
        prepareFrom(0);
        assertTrue(down.settle());
        assertEquals(8 * SEGMENT, prepareFrom(4 * SEGMENT));
    }

    @Test
    void turnThatFoundAllIsNot() {
        stream.readable = SEGMENT;
        prepareFrom(0);
        assertFalse(down.settle());
    }

    @Test
    void retransmissionGoesBackAndTheFrontIsFoundAgain() {
        stream.readable = 1000;
        down.prepare(0, SEGMENT);
        otherUsesTheBuffer();
        calls();
        assertEquals(100, down.prepare(200, 100));
        assertEquals("f200 p100", calls());
        stream.readable = 10;
        down.readable();
        assertEquals(10, down.prepare(1000, SEGMENT));
        assertTrue(calls().startsWith("f1000 p"));
    }

    @Test
    void whatStillIsInTheBufferIsSentAgainFromThere() {
        stream.readable = 1000;
        down.prepare(0, SEGMENT);
        calls();
        assertEquals(100, down.prepare(200, 100));
        assertEquals("", calls());
    }

    @Test
    void acknowledgmentsOfATurnAreOneDiscard() {
        stream.readable = 1000;
        down.prepare(0, SEGMENT);
        down.release(100);
        down.release(300);
        calls();
        down.settle();
        down.settle();
        assertEquals("d300", calls());
    }

    @Test
    void retransmissionCountsFromWhatWasDiscarded() {
        stream.readable = 1000;
        down.prepare(0, SEGMENT);
        down.release(300);
        down.settle();
        otherUsesTheBuffer();
        calls();
        down.prepare(500, 100);
        assertEquals("f200 p100", calls());
    }

    @Test
    void discardThatFallsShortIsContinued() {
        stream.largestDiscard = 100;
        stream.readable = 1000;
        down.prepare(0, SEGMENT);
        down.release(250);
        calls();
        down.settle();
        assertEquals("d250 d150 d50", calls());
    }

    @Test
    void placeToGoOnFromIsNeverBeforeWhatWasDiscarded() {
        stream.readable = 1000;
        down.prepare(0, SEGMENT);
        otherUsesTheBuffer();
        down.prepare(0, 100);
        down.release(600);
        down.settle();
        calls();
        assertEquals(400, down.prepare(600, 400));
        assertEquals("p400", calls());
    }

    @Test
    void endIsWhereTheLastByteWas() {
        stream.readable = 100;
        stream.readResult = 0;
        down.prepare(0, SEGMENT);
        assertTrue(down.endsAt(100));
        assertFalse(down.endsAt(99));
    }

    @Test
    void failureIsNoEndAndLeavesTheBytesBeforeIt() {
        stream.readable = 100;
        stream.readResult = SocketError.RESET;
        assertEquals(100, down.prepare(0, SEGMENT));
        assertTrue(down.hasFailed());
        assertFalse(down.endsAt(100));
        otherUsesTheBuffer();
        assertEquals(100, down.prepare(0, SEGMENT));
    }

    @Test
    void failureAfterTheEndIsFoundWithoutBeingAskedForBytes() {
        stream.readResult = 0;
        down.prepare(0, SEGMENT);
        stream.readResult = SocketError.RESET;
        down.readable();
        down.fetch(0);
        assertTrue(down.hasFailed());
    }

    @Test
    void streamIsNeededUntilAllIsAcknowledged() {
        stream.readable = 100;
        stream.readResult = 0;
        down.prepare(0, SEGMENT);
        down.release(99);
        assertTrue(down.needsStream());
        down.release(101);
        assertFalse(down.needsStream());
    }

    @Test
    void byteCountsOnceHoweverOftenItIsSent() {
        stream.readable = 100;
        down.prepare(0, SEGMENT);
        otherUsesTheBuffer();
        down.prepare(0, SEGMENT);
        assertEquals(110, counters.value(Counter.BYTES_DOWN));
    }

    @Test
    void smallBufferIsServedTurnByTurn() {
        Slab small = new Slab(MemorySegment.ofArray(new byte[128 << 10]));
        PeekDirection narrow = new PeekDirection(new HotBuffer(small, SHARE), counters);
        narrow.begin(stream);
        narrow.fetch(Long.MAX_VALUE);
        stream.readable = 10_000;
        assertEquals(8 << 10, narrow.prepare(0, SEGMENT));
        assertTrue(narrow.settle());
        assertEquals(10_000 - (8 << 10), narrow.prepare(8 << 10, SEGMENT));
        assertFalse(narrow.settle());
    }

    @Test
    void nextLifeSeesNothingOfTheLast() {
        stream.readable = 1000;
        down.prepare(0, SEGMENT);
        StillStream another = new StillStream();
        another.readable = 10;
        down.begin(another);
        down.fetch(Long.MAX_VALUE);
        assertEquals(10, down.prepare(0, SEGMENT));
    }

    @Test
    void noMemoryIsTakenButTheBuffer() {
        stream.readable = 10 << 20;
        prepareFrom(0);
        assertEquals(SHARE, slab.usedBytes());
    }
}
