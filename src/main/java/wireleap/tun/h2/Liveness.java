package wireleap.tun.h2;

/** How long a connection has been dialled, silent, or without streams, and what is due for it. Times in nanoseconds. */
final class Liveness {
    private static final long PING_AFTER_NANOS = 10_000_000_000L;
    private static final long PING_ANSWER_NANOS = 10_000_000_000L;
    private static final long IDLE_NANOS = 60_000_000_000L;

    /** When the dial is given up. */
    private long dialDeadlineNanos;
    private boolean standing;
    /** When something came last. */
    private long heardNanos;
    /** When a PING was due behind which nothing has come; MAX_VALUE: none was. */
    private long pingedNanos = Long.MAX_VALUE;
    /** Since when there are no streams, when there are none. */
    private long unusedNanos;

    void dialled(long deadlineNanos) {
        dialDeadlineNanos = deadlineNanos;
    }

    void stood(long nowNanos) {
        standing = true;
        unusedNanos = nowNanos;
    }

    /** Something has come: it is as good as the answer to a PING. */
    void heard(long nowNanos) {
        heardNanos = nowNanos;
        pingedNanos = Long.MAX_VALUE;
    }

    void pinged(long nowNanos) {
        pingedNanos = nowNanos;
    }

    /** A stream has left, perhaps the last one. */
    void left(long nowNanos) {
        unusedNanos = nowNanos;
    }

    boolean isDialOver(long nowNanos) {
        return !standing && nowNanos >= dialDeadlineNanos;
    }

    boolean isUnusedForLong(boolean used, long nowNanos) {
        return standing && !used && nowNanos - unusedNanos >= IDLE_NANOS;
    }

    boolean isUnanswered(long nowNanos) {
        return pingedNanos != Long.MAX_VALUE && nowNanos - pingedNanos >= PING_ANSWER_NANOS;
    }

    boolean isPingDue(long nowNanos) {
        return standing && pingedNanos == Long.MAX_VALUE && nowNanos - heardNanos >= PING_AFTER_NANOS;
    }

    /** When one of them will be so. */
    long deadlineNanos(boolean used) {
        if (!standing) {
            return dialDeadlineNanos;
        }
        long ping = pingedNanos == Long.MAX_VALUE ? heardNanos + PING_AFTER_NANOS : pingedNanos + PING_ANSWER_NANOS;
        return used ? ping : Math.min(ping, unusedNanos + IDLE_NANOS);
    }
}
