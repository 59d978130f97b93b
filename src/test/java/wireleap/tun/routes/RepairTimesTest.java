package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class RepairTimesTest {
    private static final long MS = 1_000_000;
    private static final long START = 1_000_000 * MS;

    private final RepairTimes times = new RepairTimes();

    @Test
    void nothingIsDueBeforeSomethingChanged() {
        assertEquals(RepairTimes.NEVER, times.dueNanos());
    }

    @Test
    void manyChangesAreOneLookFiftyMillisecondsAfterTheFirst() {
        times.disturbed(START);
        times.disturbed(START + 40 * MS);
        assertEquals(START + 50 * MS, times.dueNanos());
    }

    @Test
    void changeDuringALookIsDueForAnotherOne() {
        times.disturbed(START);
        times.begins(START + 50 * MS);
        times.disturbed(START + 51 * MS);
        times.ended(START + 50 * MS, START + 51 * MS);
        assertEquals(START + 101 * MS, times.dueNanos());
    }

    @Test
    void longLookIsFollowedByARest() {
        times.begins(START);
        times.ended(START, START + 40 * MS);
        times.disturbed(START + 40 * MS);
        assertEquals(START + 200 * MS, times.dueNanos());
    }

    @Test
    void restLeavesRoomForHalfASecond() {
        times.begins(START);
        times.ended(START, START + 10_000 * MS);
        times.disturbed(START + 10_000 * MS);
        assertEquals(START + 10_250 * MS, times.dueNanos());
    }

    @Test
    void whatWasRefusedIsTriedAgainLaterEachTime() {
        assertEquals(1, times.refused(START));
        assertEquals(START + 100 * MS, times.dueNanos());
        times.begins(START + 100 * MS);
        assertEquals(2, times.refused(START + 100 * MS));
        assertEquals(START + 300 * MS, times.dueNanos());
        for (int i = 0; i < 100; i++) {
            times.begins(START);
            times.refused(START);
        }
        assertEquals(START + 5_000 * MS, times.dueNanos());
    }

    @Test
    void afterAllWasRightRefusalsAreCountedAnew() {
        times.refused(START);
        times.settled();
        assertEquals(1, times.refused(START));
    }

    @Test
    void oneThingIsPutRightTenTimesAMinute() {
        for (int i = 0; i < 10; i++) {
            assertTrue(times.allows("a", START + i * MS));
        }
        assertFalse(times.allows("a", START + 10 * MS));
        assertTrue(times.allows("b", START + 10 * MS));
    }

    @Test
    void whatIsHeldBackIsDueWhenTheFirstTimeIsAMinuteAgo() {
        for (int i = 0; i < 11; i++) {
            times.allows("a", START + i * MS);
        }
        assertEquals(START + 60_000 * MS, times.dueNanos());
        times.begins(START + 60_000 * MS);
        assertTrue(times.allows("a", START + 60_000 * MS));
        assertFalse(times.allows("a", START + 60_000 * MS));
    }
}
