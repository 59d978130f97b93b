package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/** RFC 9438, RFC 5681, RFC 6928. */
class CubicTest {
    private static final int MSS = 1000;
    private static final long MS = 1_000_000;

    private final Cubic cubic = new Cubic();
    private long now;

    CubicTest() {
        cubic.begin(MSS, false);
    }

    /** A window of so many segments is lost in part; congestion avoidance follows. */
    private void lose(int segments) {
        cubic.onAcknowledged((segments - 10L) * MSS, 10 * MSS, MS, now);
        assertEquals(segments * (long) MSS, cubic.cwndBytes());
        cubic.onLoss(segments * (long) MSS);
    }

    /** So many round trips go by, each with the whole window acknowledged. */
    private void roundTrips(int count, long nanos) {
        for (int i = 0; i < count; i++) {
            now += nanos;
            cubic.onAcknowledged(cubic.cwndBytes(), cubic.cwndBytes(), nanos, now);
        }
    }

    @Test
    void theFirstWindowIsTenSegments() {
        assertEquals(10_000, cubic.cwndBytes());
    }

    @Test
    void theFirstWindowOfLargeSegmentsIsBounded() {
        cubic.begin(8948, false);
        assertEquals(2 * 8948, cubic.cwndBytes());
        cubic.begin(1460, false);
        assertEquals(14_600, cubic.cwndBytes());
    }

    @Test
    void afterALostSynTheFirstWindowIsOneSegment() {
        cubic.begin(MSS, true);
        assertEquals(MSS, cubic.cwndBytes());
    }

    @Test
    void slowStartGrowsByWhatIsAcknowledged() {
        cubic.onAcknowledged(10_000, 10_000, MS, now);
        assertEquals(20_000, cubic.cwndBytes());
    }

    @Test
    void aWindowThatIsNotUsedDoesNotGrow() {
        cubic.onAcknowledged(4_000, 4_000, MS, now);
        assertEquals(10_000, cubic.cwndBytes());
    }

    @Test
    void aLossLeavesSeventyPercentOfWhatIsInFlight() {
        cubic.onLoss(50_000);
        assertEquals(35_000, cubic.cwndBytes());
        assertEquals(35_000, cubic.ssthreshBytes());
    }

    @Test
    void aLossLeavesTenSegmentsAtTheLeast() {
        cubic.onLoss(1_000);
        assertEquals(10_000, cubic.cwndBytes());
    }

    @Test
    void theWindowReturnsToWhereItWasInTheTimeOfTheCurve() {
        lose(1000);
        // K = cbrt(300 / 0.4) = 9.086 s
        roundTrips(90, 100 * MS);
        assertEquals(1_000_000, cubic.cwndBytes(), 1_000);
        roundTrips(10, 100 * MS);
        assertEquals(1_000_000, cubic.cwndBytes(), 3_000, "it lingers");
        roundTrips(50, 100 * MS);
        assertTrue(cubic.cwndBytes() > 1_050_000, "then it looks for more: " + cubic.cwndBytes());
    }

    @Test
    void itIsSteepFirst() {
        lose(1000);
        roundTrips(20, 100 * MS);
        assertTrue(cubic.cwndBytes() > 840_000, cubic.cwndBytes() + " after 2 s");
    }

    @Test
    void whereRoundTripsAreShortItGrowsAsReno() {
        lose(100);
        roundTrips(20, MS / 10);
        // 3 * 0.3 / 1.7 segments a round trip
        assertEquals(70_000 + 20 * 529, cubic.cwndBytes(), 600);
    }

    @Test
    void aboveTheWindowOfTheLossRenoGrowsByASegmentARoundTrip() {
        lose(20);
        roundTrips(12, MS / 10);
        long before = cubic.cwndBytes();
        assertTrue(before >= 20_000, before + " bytes");
        roundTrips(10, MS / 10);
        assertEquals(before + 10_000, cubic.cwndBytes(), 1_000);
    }

    @Test
    void aLossBeforeTheWindowWasReachedAgainLeavesRoomToOthers() {
        lose(1000);
        cubic.onLoss(700_000);
        // level at 700 * 1.7 / 2 = 595: K = cbrt((595 - 490) / 0.4) = 6.4 s
        roundTrips(64, 100 * MS);
        assertEquals(595_000, cubic.cwndBytes(), 3_000);
    }

    @Test
    void aTimeoutLeavesOneSegment() {
        cubic.onTimeout(50_000, false);
        assertEquals(1_000, cubic.cwndBytes());
        assertEquals(35_000, cubic.ssthreshBytes());
    }

    @Test
    void aSecondTimeoutLeavesTheThreshold() {
        cubic.onTimeout(50_000, false);
        cubic.onTimeout(1_000, true);
        assertEquals(35_000, cubic.ssthreshBytes());
    }

    @Test
    void afterATimeoutSlowStartEndsAtTheThreshold() {
        cubic.onTimeout(20_000, false);
        cubic.onAcknowledged(13_000, 13_000, MS, now);
        assertEquals(14_000, cubic.cwndBytes());
        roundTrips(1, MS);
        assertTrue(cubic.cwndBytes() < 15_500, cubic.cwndBytes() + " bytes");
    }

    @Test
    void aLossThatWasNoneIsTakenBack() {
        cubic.remember();
        cubic.onTimeout(10_000, false);
        cubic.undo();
        assertEquals(10_000, cubic.cwndBytes());
        cubic.onAcknowledged(10_000, 10_000, MS, now);
        assertEquals(20_000, cubic.cwndBytes(), "still in slow start");
    }
}
