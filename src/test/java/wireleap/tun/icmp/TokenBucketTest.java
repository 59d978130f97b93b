package wireleap.tun.icmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TokenBucketTest {
    private static final long SECOND = 1_000_000_000L;

    private final TokenBucket bucket = new TokenBucket(5, 10);

    private int taken(int attempts, long nowNanos) {
        int taken = 0;
        for (int i = 0; i < attempts; i++) {
            taken += bucket.take(nowNanos) ? 1 : 0;
        }
        return taken;
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 77, -5 * SECOND, Long.MAX_VALUE, Long.MIN_VALUE})
    void aFullBucketGivesItsBurstWhereverTheClockStands(long nowNanos) {
        assertEquals(5, taken(20, nowNanos));
    }

    @Test
    void anEmptyBucketGivesOneAfterATokensTime() {
        taken(5, 0);
        assertFalse(bucket.take(SECOND / 10 - 1));
        assertTrue(bucket.take(SECOND / 10));
    }

    @Test
    void restNeverFillsItBeyondTheBurst() {
        taken(5, 0);
        assertEquals(5, taken(20, 1_000_000 * SECOND));
    }

    @Test
    void inTheLongRunTheRateHolds() {
        int taken = 0;
        for (long now = 0; now < 100 * SECOND; now += SECOND / 100) {
            taken += bucket.take(now) ? 1 : 0;
        }
        assertEquals(1_000 + 4, taken);
    }

    @Test
    void theRateHoldsWhileTheClockWrapsAround() {
        taken(5, Long.MAX_VALUE);
        assertEquals(1, taken(20, Long.MAX_VALUE + SECOND / 10));
    }
}
