package wireleap.tun.h2;

/** When a broker may be tried again that could not be reached, or broke a connection: after 0.1 s, at first, to 5 s. */
final class BackOff {
    private static final long LEAST_NANOS = 100_000_000;
    private static final long MOST_NANOS = 5_000_000_000L;
    /** A failure that is over for so long is forgotten. */
    private static final long FORGOTTEN_NANOS = 10_000_000_000L;

    private long delayNanos;
    private boolean resting;
    private long untilNanos;

    /** A connection has failed; several that fail at once are one failure. */
    void failed(long nowNanos) {
        if (resting && !isOver(nowNanos)) {
            return;
        }
        boolean again = resting && nowNanos - untilNanos < FORGOTTEN_NANOS;
        delayNanos = again ? Math.min(2 * delayNanos, MOST_NANOS) : LEAST_NANOS;
        untilNanos = nowNanos + delayNanos;
        resting = true;
    }

    boolean isOver(long nowNanos) {
        return !resting || nowNanos - untilNanos >= 0;
    }
}
