package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.testing.CapturedLog;
import wireleap.tun.wire.Hex;

class FailuresTest {
    private static final int LAST = 1000;

    private final Counters counters = new Counters();
    private final Failures failures = new Failures(counters);
    private final CapturedLog log = new CapturedLog();

    @AfterEach
    void leaveTheLog() {
        log.close();
    }

    private void fail(Throwable failure) {
        failures.on("a test", failure);
    }

    private void failTurns(int count) {
        for (var i = 0; i < count; i++) {
            fail(new IllegalStateException("again"));
            failures.endOfTurn();
        }
    }

    @Test
    void everyFailureIsCounted() {
        failTurns(3);
        assertEquals(3, counters.value(Counter.INTERNAL_ERRORS));
    }

    @Test
    void aKindOfFailureIsLoggedOnce() {
        failTurns(3);
        assertEquals(1, log.text().split("a test failed", -1).length - 1, log.text());
    }

    @Test
    void anotherKindIsLoggedToo() {
        failTurns(2);
        fail(new AssertionError("other"));
        assertTrue(log.text().contains("AssertionError: other"), log.text());
    }

    @Test
    void aPacketThatFailsIsLoggedByItsHeadersAndNothingElse() {
        // virtio header; IP(src="10.0.0.1",dst="1.2.3.4",id=7)/ICMP()/b"abcdefg"
        var packet = Hex.memory("000000000000000000000000"
            + "450000230007000040016ccd0a00000101020304" + "0800549512340009" + "61626364656667");
        failures.onPacket(new IllegalStateException(), packet, 0, (int) packet.byteSize());
        assertTrue(log.text().contains("10.0.0.1 > 1.2.3.4 ICMP type 8 code 0, 7 bytes; headers "
            + "000000000000000000000000450000230007000040016ccd0a00000101020304"), log.text());
        assertFalse(log.text().contains("616263"), log.text());
    }

    @Test
    void manyFailuresInATurnAreOneFailedTurn() {
        for (var i = 0; i < 2 * LAST; i++) {
            fail(new IllegalStateException());
        }
        failures.endOfTurn();
    }

    @Test
    void turnAfterTurnThatFailsIsTheEnd() {
        failTurns(LAST - 1);
        var last = new IllegalStateException("the last");
        fail(last);
        assertSame(last, assertThrows(IllegalStateException.class, failures::endOfTurn).getCause());
    }

    @Test
    void oneGoodTurnBetweenIsEnoughToGoOn() {
        failTurns(LAST - 1);
        failures.endOfTurn();
        failTurns(LAST - 1);
    }
}
