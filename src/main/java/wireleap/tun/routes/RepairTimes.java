package wireleap.tun.routes;

import java.util.HashMap;
import java.util.Map;

/**
 * When the routes are to be looked after, and how often one thing may be put right: a function of what happened and when.
 * Times are nanoseconds of one clock. One thread.
 */
final class RepairTimes {
    /** Nothing is due. */
    static final long NEVER = Long.MAX_VALUE;
    /** How long others may go on changing things before we look. */
    static final long DEBOUNCE_NANOS = 50_000_000;
    /** How often one thing is put right within {@link #WINDOW_NANOS}. */
    static final int MOST_OFTEN = 10;
    /** A minute. */
    static final long WINDOW_NANOS = 60_000_000_000L;
    private static final long FIRST_RETRY_NANOS = 100_000_000;
    private static final long LAST_RETRY_NANOS = 5_000_000_000L;
    private static final long MOST_REST_NANOS = 250_000_000;
    private static final int REST_FACTOR = 4;

    private final Map<Object, Recent> recent = new HashMap<>();
    private long dueNanos = NEVER;
    private long restedNanos = Long.MIN_VALUE;       // not before, or looking would be all that this thread does
    private int refusals;                            // looks in a row after which not all was right

    /** When one thing was put right: the last times, the oldest at next. */
    private static final class Recent {
        private final long[] nanos = new long[MOST_OFTEN];
        private int count;
        private int next;

        private void add(long now) {
            nanos[next] = now;
            next = (next + 1) % MOST_OFTEN;
            count = Math.min(count + 1, MOST_OFTEN);
        }

        private long newest() {
            return nanos[(next + MOST_OFTEN - 1) % MOST_OFTEN];
        }

        /** When it may be put right again. */
        private long free() {
            return count < MOST_OFTEN ? Long.MIN_VALUE : nanos[next] + WINDOW_NANOS;
        }
    }

    /** Something may have been changed by others. */
    void disturbed(long nowNanos) {
        due(Math.max(nowNanos + DEBOUNCE_NANOS, restedNanos));
    }

    private void due(long atNanos) {
        dueNanos = Math.min(dueNanos, atNanos);
    }

    /** When to look, or {@link #NEVER}. */
    long dueNanos() {
        return dueNanos;
    }

    /** A look begins: what is told from now on is due for another one. */
    void begins(long nowNanos) {
        dueNanos = NEVER;
        recent.values().removeIf(times -> times.newest() + WINDOW_NANOS <= nowNanos);
    }

    /** A look has ended: the longer it took, the longer until the next one, unless something was refused. */
    void ended(long beganNanos, long nowNanos) {
        restedNanos = nowNanos + Math.min(MOST_REST_NANOS, REST_FACTOR * (nowNanos - beganNanos));
    }

    /** The kernel did not let us put all right: how often in a row by now. It is tried again, later each time. */
    int refused(long nowNanos) {
        due(nowNanos + Math.min(LAST_RETRY_NANOS, FIRST_RETRY_NANOS << Math.min(refusals, 10)));
        return ++refusals;
    }

    /** All that may be right is right. */
    void settled() {
        refusals = 0;
    }

    /**
     * Whether a thing may be put right now, which counts as done then. If not, it is due once it may.
     *
     * @param thing equal to itself the next time
     */
    boolean allows(Object thing, long nowNanos) {
        Recent times = recent.computeIfAbsent(thing, fresh -> new Recent());
        if (times.free() > nowNanos) {
            due(times.free());
            return false;
        }
        times.add(nowNanos);
        return true;
    }
}
