package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

/** RFC 5681, RFC 6928. */
class NewRenoTest {
    private final NewReno reno = new NewReno();

    NewRenoTest() {
        reno.begin(1000, false);
    }

    @Test
    void theFirstWindowIsTenSegments() {
        assertEquals(10_000, reno.cwndBytes());
    }

    @Test
    void theFirstWindowOfLargeSegmentsIsBounded() {
        reno.begin(8948, false);
        assertEquals(2 * 8948, reno.cwndBytes());
        reno.begin(1460, false);
        assertEquals(14_600, reno.cwndBytes());
    }

    @Test
    void afterALostSynTheFirstWindowIsOneSegment() {
        reno.begin(1000, true);
        assertEquals(1000, reno.cwndBytes());
    }

    @Test
    void slowStartGrowsByWhatIsAcknowledged() {
        reno.onAcknowledged(10_000, 10_000);
        assertEquals(20_000, reno.cwndBytes());
    }

    @Test
    void aLossHalvesWhatIsInFlight() {
        reno.onLoss(50_000);
        assertEquals(25_000, reno.cwndBytes());
        assertEquals(25_000, reno.ssthreshBytes());
    }

    @Test
    void twoSegmentsAreTheLeast() {
        reno.onLoss(1_000);
        assertEquals(2_000, reno.cwndBytes());
    }

    @Test
    void congestionAvoidanceGrowsByASegmentAWindow() {
        reno.onLoss(20_000);
        reno.onAcknowledged(9_999, 10_000);
        assertEquals(10_000, reno.cwndBytes());
        reno.onAcknowledged(1, 10_000);
        assertEquals(11_000, reno.cwndBytes());
    }

    @Test
    void aTimeoutLeavesOneSegment() {
        reno.onTimeout(50_000, false);
        assertEquals(1_000, reno.cwndBytes());
        assertEquals(25_000, reno.ssthreshBytes());
    }

    @Test
    void aSecondTimeoutLeavesTheThreshold() {
        reno.onTimeout(50_000, false);
        reno.onTimeout(1_000, true);
        assertEquals(25_000, reno.ssthreshBytes());
    }

    @Test
    void slowStartEndsAtTheThreshold() {
        reno.onTimeout(20_000, false);
        reno.onAcknowledged(1_000_000, 1_000_000);
        assertEquals(11_000, reno.cwndBytes(), "the threshold, and a segment of congestion avoidance");
    }

    @Test
    void aLossThatWasNoneIsTakenBack() {
        reno.remember();
        reno.onTimeout(10_000, false);
        reno.undo();
        assertEquals(10_000, reno.cwndBytes());
        reno.onAcknowledged(10_000, 10_000);
        assertEquals(20_000, reno.cwndBytes(), "still in slow start");
    }
}
