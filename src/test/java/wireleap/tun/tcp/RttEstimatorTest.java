package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** RFC 6298 section 2. */
class RttEstimatorTest {
    private static final long MS = 1_000_000;

    private final RttEstimator rtt = new RttEstimator(TcpSettings.forLocalPeer());

    RttEstimatorTest() {
        rtt.reset();
    }

    @Test
    void theFirstTimeoutIs300Milliseconds() {
        assertEquals(300 * MS, rtt.rtoNanos(false));
    }

    @Test
    void theFirstRoundTripGivesThreeTimesItself() {
        rtt.sample(100 * MS);
        assertEquals(100 * MS, rtt.srttNanos());
        assertEquals(300 * MS, rtt.rtoNanos(false));
    }

    @Test
    void furtherRoundTripsAreSmoothed() {
        rtt.sample(100 * MS);
        rtt.sample(180 * MS);
        assertEquals(110 * MS, rtt.srttNanos());
        // RTTVAR = 3/4 * 50 + 1/4 * 80
        assertEquals((110 + 4 * 57.5) * MS, rtt.rtoNanos(false));
    }

    @Test
    void theTimeoutHasBounds() {
        rtt.sample(50_000);
        assertEquals(50_000 + 60 * MS, rtt.rtoNanos(false));
        rtt.sample(3_600_000 * MS);
        assertEquals(60_000 * MS, rtt.rtoNanos(false));
    }

    @Test
    void aPeerThatDoesNotDelayItsAcksHasLessTime() {
        rtt.sample(50_000);
        assertEquals(50_000 + 4 * MS, rtt.rtoNanos(true));
    }

    @Test
    void whereRoundTripsAreLongItHasThreeOfThem() {
        rtt.sample(10 * MS);
        for (int i = 0; i < 100; i++) {
            rtt.sample(10 * MS);
        }
        assertEquals(30 * MS, rtt.rtoNanos(true), MS);
    }

    @Test
    void afterALostSynTheTimeoutIsThreeSeconds() {
        rtt.distrustHandshake();
        assertEquals(3000 * MS, rtt.rtoNanos(false));
    }
}
