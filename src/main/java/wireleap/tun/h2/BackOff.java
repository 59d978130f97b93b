package wireleap.tun.h2;

/** When a broker may be tried again that could not be reached, or broke a connection: after 0.1 s, at first, to 5 s. */
final class BackOff {
    private static final long LEAST_NANOS = 100_000_000;
    private static final long MOST_NANOS = 5_000_000_000L;
    /** A connection that has stood so long was a good one. */
    private static final long GOOD_NANOS = 10_000_000_000L;

    private long delayNanos = LEAST_NANOS;
    private boolean resting;
    private long untilNanos;

    /** A connection has failed; several that fail at once are one failure. */
    void failed(long nowNanos) {
        if (resting && !isOver(nowNanos)) {
            return;
        }
        resting = true;
        untilNanos = nowNanos + delayNanos;
        delayNanos = Math.min(2 * delayNanos, MOST_NANOS);
    }

    /** A connection that stood is gone: whether it was one that is worth another at once is seen from its life. */
    void ended(long livedNanos) {
        if (livedNanos >= GOOD_NANOS) {
            delayNanos = LEAST_NANOS;
        }
    }

    boolean isOver(long nowNanos) {
        return !resting || nowNanos - untilNanos >= 0;
    }
}
