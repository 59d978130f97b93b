package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

class SleepTest {
    private static final long SECOND = 1_000_000_000;

    private long awakeNanos = 5;
    private long bootNanos = 1000 * SECOND;
    private final Sleep sleep = new Sleep(() -> awakeNanos, () -> bootNanos);

    @Test
    void machineThatIsAwakeDoesNotSleep() {
        awakeNanos += 3600 * SECOND;
        bootNanos += 3600 * SECOND + SECOND / 2;
        assertEquals(0, sleep.lookNanos());
    }

    @Test
    void sleepIsToldOnceAndByItsLength() {
        bootNanos += 7 * SECOND;
        assertEquals(7 * SECOND, sleep.lookNanos());
        assertEquals(0, sleep.lookNanos());
    }
}
