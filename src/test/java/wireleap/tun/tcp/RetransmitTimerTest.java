package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** RFC 6298 section 5. */
class RetransmitTimerTest {
    private static final long MS = 1_000_000;

    private final RetransmitTimer timer = new RetransmitTimer(TcpSettings.forLocalPeer());

    RetransmitTimerTest() {
        timer.reset();
    }

    @Test
    void itRunsFromTheFirstSegmentOn() {
        timer.ensureRunning(0);
        timer.ensureRunning(150 * MS);
        assertFalse(timer.isDue(299 * MS));
        assertTrue(timer.isDue(300 * MS));
    }

    @Test
    void doublingsEndAtTheMaximumHoweverManyThereAre() {
        timer.sample(60_000 * MS);
        for (int i = 0; i < 200; i++) {
            timer.backOff(0);
            assertEquals(60_000 * MS, timer.rtoNanos());
        }
    }

    @Test
    void aRoundTripEndsDoublings() {
        timer.sample(10 * MS);
        timer.backOff(0);
        assertEquals(2 * 70 * MS, timer.rtoNanos());
        timer.sample(10 * MS);
        assertEquals(70 * MS, timer.rtoNanos());
    }

    @Test
    void stallingIsCountedFromTheLastProgress() {
        timer.restart(0);
        timer.backOff(60_000 * MS);
        timer.restart(60_000 * MS);
        assertFalse(timer.mustGiveUp(179_999 * MS));
        assertTrue(timer.mustGiveUp(180_000 * MS));
    }

    @Test
    void afterALostSynDataBeginsWithThreeSeconds() {
        timer.backOff(0);
        timer.handshakeDone();
        assertEquals(3000 * MS, timer.rtoNanos());
    }
}
