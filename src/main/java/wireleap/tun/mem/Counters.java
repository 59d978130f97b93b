package wireleap.tun.mem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What a loop has counted since its start, and what it has. Written by the loop's thread alone, without locked
 * instructions; read by any thread, which sees each number whole and soon (opaque access), but no common moment of
 * several.
 */
public final class Counters {
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    /** By ordinal of {@link Counter}. */
    private final long[] values = new long[Counter.values().length];
    /** By ordinal of {@link Gauge}. */
    private final long[] levels = new long[Gauge.values().length];

    /** Adds {@code amount}, 0 or more; the loop's thread only. */
    public void add(Counter counter, long amount) {
        int index = counter.ordinal();
        LONGS.setOpaque(values, index, values[index] + amount);
    }

    /** Adds one; the loop's thread only. */
    public void increment(Counter counter) {
        add(counter, 1);
    }

    /** Says what there is now, 0 or more; the loop's thread only. */
    public void show(Gauge gauge, long level) {
        LONGS.setOpaque(levels, gauge.ordinal(), level);
    }

    /** The count so far; any thread. */
    public long value(Counter counter) {
        return (long) LONGS.getOpaque(values, counter.ordinal());
    }

    /** What there was when it was last said; any thread. */
    public long value(Gauge gauge) {
        return (long) LONGS.getOpaque(levels, gauge.ordinal());
    }
}
