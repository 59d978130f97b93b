package wireleap.tun.h2;

/**
 * What is done when there is no memory for what a connection has received: it is read no further for a fraction of a
 * second, for memory comes back as clients acknowledge; then, for some seconds, streams that find none are given up at
 * once. So those that have memory are held up for a tenth of the time at the worst.
 */
final class Shortage {
    private static final long TRY_NANOS = 20_000_000;
    private static final long PAUSE_NANOS = 200_000_000;
    private static final long LASTS_NANOS = 2_000_000_000;
    private static final long NONE = Long.MAX_VALUE;

    private long sinceNanos = NONE;
    private long tryNanos;
    private boolean pausing;
    private boolean askedAgain;

    /** A stream has found no memory: whether it is to wait, and the connection with it; else it is given up. */
    boolean pauses(long nowNanos) {
        if (sinceNanos == NONE || nowNanos - sinceNanos >= LASTS_NANOS) {
            sinceNanos = nowNanos;
        }
        askedAgain = true;
        pausing = nowNanos - sinceNanos < PAUSE_NANOS;
        tryNanos = nowNanos + TRY_NANOS;
        return pausing;
    }

    boolean isPausing() {
        return pausing;
    }

    /** When it is to be tried again, while it pauses. */
    long tryNanos() {
        return tryNanos;
    }

    /** Whether it is time to try again: then {@link #tried} follows, behind calls of {@link #pauses} if it failed. */
    boolean tries(long nowNanos) {
        if (!pausing || nowNanos < tryNanos) {
            return false;
        }
        pausing = false;
        askedAgain = false;
        return true;
    }

    void tried() {
        if (!askedAgain) {
            sinceNanos = NONE;
        }
    }
}
