package wireleap.tun;

import java.util.function.LongSupplier;

/**
 * Notices that the machine was asleep: one clock goes on then (CLOCK_BOOTTIME of clock_gettime(2)), the other stands still
 * (CLOCK_MONOTONIC). One thread.
 */
final class Sleep {
    /** Less is how far apart two readings may be on a busy machine. */
    static final long SHORTEST_NANOS = 1_000_000_000;

    private final LongSupplier awakeNanos;
    private final LongSupplier bootNanos;
    private long apartNanos;

    /**
     * @param awakeNanos stands still in a sleep
     * @param bootNanos does not
     */
    Sleep(LongSupplier awakeNanos, LongSupplier bootNanos) {
        this.awakeNanos = awakeNanos;
        this.bootNanos = bootNanos;
        apartNanos = bootNanos.getAsLong() - awakeNanos.getAsLong();
    }

    /** For how long the machine was asleep since the last look; 0: it was not. */
    long lookNanos() {
        long apart = bootNanos.getAsLong() - awakeNanos.getAsLong();
        long sleptNanos = apart - apartNanos;
        if (sleptNanos >= SHORTEST_NANOS) {
            apartNanos = apart;
            return sleptNanos;
        }
        return 0;
    }
}
