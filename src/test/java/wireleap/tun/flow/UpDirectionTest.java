package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
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

/** Where a client's bytes go. */
final class UpDirectionTest {
    private static final int MAX = 1 << 16;
    /** All that a ring gets of a slab as small as this. */
    private static final int KEPT = 4 << 10;

    private final Slab slab = new Slab(MemorySegment.ofArray(new byte[16 << 10]));
    private final Counters counters = new Counters();
    private final StillStream stream = new StillStream();
    private final UpDirection up = new UpDirection(slab, counters);

    @BeforeEach
    void begin() {
        up.begin(MAX);
        up.open(stream);
    }

    private int deliver(long position, int length) {
        return up.deliver(position, MemorySegment.ofArray(SimClient.stream(position, length)), 0, length);
    }

    private boolean store(long position, int length) {
        return up.store(position, MemorySegment.ofArray(SimClient.stream(position, length)), 0, length);
    }

    private void makeRoom(int bytes) {
        stream.room = bytes;
        up.writable();
        up.flush();
    }

    private void assertWritten(int bytes) {
        assertArrayEquals(SimClient.stream(0, bytes), stream.written.toByteArray());
    }

    @Test
    void whatTheUpstreamTakesNeedsNoMemory() {
        stream.room = 1000;
        assertEquals(1000, deliver(0, 1000));
        assertEquals(1000, counters.value(Counter.BYTES_UP));
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void whatItDoesNotTakeIsKeptAndSentWhenItIsWritable() {
        stream.room = 400;
        assertEquals(1000, deliver(0, 1000));
        makeRoom(5000);
        assertWritten(1000);
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void nothingOvertakesWhatIsKept() {
        deliver(0, 100);
        stream.room = 5000;
        deliver(100, 100);
        assertEquals(0, stream.written.size());
        makeRoom(5000);
        assertWritten(200);
    }

    @Test
    void upstreamIsNotAskedAgainBeforeItIsWritable() {
        deliver(0, 100);
        stream.room = 5000;
        up.flush();
        assertEquals(0, stream.written.size());
    }

    @Test
    void bytesOutOfOrderWaitForTheGapToClose() {
        stream.room = 5000;
        assertTrue(store(300, 200));
        assertEquals(0, stream.written.size());
        assertEquals(300, deliver(0, 300));
        up.advance(500);
        assertWritten(500);
        assertEquals(0, slab.usedBytes());
    }

    @Test
    void bytesOutOfOrderOutliveAGapThatClosesHalf() {
        stream.room = 5000;
        store(300, 200);
        deliver(0, 100);
        deliver(100, 200);
        up.advance(500);
        assertWritten(500);
    }

    @Test
    void whatCannotBeKeptIsNotTaken() {
        assertEquals(KEPT, deliver(0, 40_000));
        assertEquals(0, deliver(KEPT, 1000));
        makeRoom(1 << 20);
        assertWritten(KEPT);
    }

    @Test
    void lastOfTheMemoryIsNotTakenForWhatComesAgain() {
        slab.allocate(8 << 10);
        slab.allocate(4 << 10);
        assertEquals(0, deliver(0, 1000));
        assertFalse(store(2000, 1000));
        assertEquals(12 << 10, slab.usedBytes());
    }

    @Test
    void windowIsKeptSmallWhereMemoryIsShort() {
        assertEquals(MAX, up.limit());
        deliver(0, 40_000);
        assertEquals(KEPT, up.limit());
    }

    @Test
    void windowIsWholeAgainWhenTheRingIsEmpty() {
        deliver(0, 40_000);
        makeRoom(1 << 20);
        deliver(KEPT, 100);
        stream.room = 0;
        deliver(KEPT + 100, 100);
        assertEquals(KEPT + 100 + MAX, up.limit());
    }

    @Test
    void endIsPassedOnOnceAllIsTaken() {
        deliver(0, 100);
        up.finished();
        assertEquals(0, stream.finished);
        makeRoom(50);
        assertEquals(0, stream.finished);
        makeRoom(50);
        assertEquals(1, stream.finished);
        assertTrue(up.isDone());
        makeRoom(50);
        assertEquals(1, stream.finished);
    }

    @Test
    void afterAFailureEverythingIsTakenAndLost() {
        deliver(0, 100);
        stream.writeError = SocketError.RESET;
        up.writable();
        up.flush();
        assertTrue(up.hasFailed());
        assertEquals(50, deliver(100, 50));
        assertFalse(store(500, 10));
        assertEquals(150, counters.value(Counter.BYTES_UP_LOST));
        assertEquals(0, slab.usedBytes());
        assertEquals(150 + MAX, up.limit());
    }

    @Test
    void beforeItIsConnectedALittleIsKept() {
        Slab large = new Slab(MemorySegment.ofArray(new byte[4 << 20]));
        UpDirection early = new UpDirection(large, counters);
        early.begin(1 << 20);
        assertEquals(64 << 10, early.limit());
        byte[] bytes = SimClient.stream(0, 100_000);
        assertEquals(64 << 10, early.deliver(0, MemorySegment.ofArray(bytes), 0, bytes.length));
        stream.room = 1 << 20;
        early.open(stream);
        early.flush();
        assertWritten(64 << 10);
    }

    @Test
    void discardGivesTheMemoryBack() {
        deliver(0, 1000);
        up.discard();
        assertEquals(0, slab.usedBytes());
    }
}
