package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.DatagramMeta;

/** Which datagrams may be written in one go, and where they lie. */
final class AnswerTrainTest {
    private static final int HEAD = 10;

    private final Slab slab = new Slab(MemorySegment.ofArray(new byte[128 << 10]));
    private final AnswerTrain train = new AnswerTrain(slab);
    private final DatagramMeta meta = new DatagramMeta();

    @AfterEach
    void itsMemoryIsGivenBack() {
        train.close();
        assertEquals(0, slab.usedBytes());
    }

    /** As a session does: bytes behind a proxy's header, all alike; more than one datagram if segmentBytes is not 0. */
    private void receive(int port, int bytes, int segmentBytes) {
        long at = train.room() + HEAD;
        train.memory().asSlice(at, bytes).fill((byte) port);
        meta.fill(7, 8, port, at);
        meta.segmentBytes(segmentBytes);
    }

    private void begin(int bytes, int segmentBytes) {
        receive(1, bytes, segmentBytes);
        train.begin(meta, bytes);
    }

    private boolean add(int port, int bytes, int segmentBytes) {
        receive(port, bytes, segmentBytes);
        return train.add(meta, bytes);
    }

    @Test
    void thoseOfOneSizeLieOneBehindTheOther() {
        begin(100, 0);
        assertTrue(add(1, 100, 0));
        assertTrue(add(1, 60, 0));
        assertEquals("260 100 3", train.length() + " " + train.segmentBytes() + " " + train.count());
        byte[] ones = new byte[260];
        Arrays.fill(ones, (byte) 1);
        assertEquals(MemorySegment.ofArray(ones).mismatch(train.memory().asSlice(train.from().offset(), 260)), -1);
    }

    @ParameterizedTest
    @CsvSource({"100, 0, 101, 0", "100, 0, 0, 0", "0, 0, 0, 0", "0, 0, 1, 0", "100, 0, 100, 50", "100, 0, 60, 30",
        "300, 100, 200, 50", "250, 100, 100, 0"})
    void thoseOfAnotherSizeDoNotBelong(int first, int firstEach, int second, int secondEach) {
        begin(first, firstEach);
        assertFalse(add(1, second, secondEach));
        assertEquals(first, train.length());
    }

    @ParameterizedTest
    @CsvSource({"300, 100, 250, 100, 6", "300, 100, 100, 0, 4", "300, 100, 40, 0, 4", "100, 0, 250, 100, 4"})
    void severalThatCameInOneGoBelongToOthersOfTheirSize(int first, int firstEach, int second, int secondEach,
                                                         int count) {
        begin(first, firstEach);
        assertTrue(add(1, second, secondEach));
        assertEquals(count, train.count());
    }

    @Test
    void thoseOfAnotherSenderDoNotBelong() {
        begin(100, 0);
        assertFalse(add(2, 100, 0));
    }

    @Test
    void noMoreThanTheKernelCuts() {
        begin(10, 0);
        int added = 1;
        while (add(1, 10, 0)) {
            added++;
        }
        assertEquals(64, added);
    }

    @Test
    void noMoreThanADatagramHolds() {
        begin(1400, 0);
        while (add(1, 1400, 0)) {
            assertTrue(train.length() <= 65_507);
        }
        assertEquals(46 * 1400, train.length());
    }

    @Test
    void whatDoesNotBelongBeginsAnew() {
        begin(100, 0);
        add(2, 50, 0);
        train.clear();
        train.begin(meta, 50);
        assertEquals(2, train.memory().get(ValueLayout.JAVA_BYTE, train.from().offset() + 49));
        assertEquals("50 1 2", train.length() + " " + train.count() + " " + train.from().port());
    }

    @Test
    void thereIsRoomForTheLargestBehindTheLargest() {
        begin(65_507, 0);
        assertFalse(add(1, 65_507, 0));
        train.clear();
        train.begin(meta, 65_507);
        assertTrue(train.room() < 0);
        train.clear();
        assertTrue(train.room() >= 0);
    }
}
