package wireleap.tun.fuzz;

import java.util.function.LongSupplier;

/** Counts the inputs that a target was given, and knows how long the slowest took. */
public final class Stopwatch {
    private final LongSupplier clock;
    private long beganNanos;
    private long slowestNanos;
    private long inputs;

    Stopwatch(LongSupplier clock) {
        this.clock = clock;
    }

    /** Runs what takes one input, and times it. */
    public void time(Runnable input) {
        begin();
        input.run();
        end();
    }

    /** One input is about to be given to what is tested. */
    public void begin() {
        beganNanos = clock.getAsLong();
    }

    /** It has been dealt with. */
    public void end() {
        slowestNanos = Math.max(slowestNanos, clock.getAsLong() - beganNanos);
        inputs++;
    }

    /** The test's own work within an input, which does not count. */
    void exclude(Runnable work) {
        long pausedNanos = clock.getAsLong();
        work.run();
        beganNanos += clock.getAsLong() - pausedNanos;
    }

    /** The slowest since the last call; begins anew. */
    long takeSlowestNanos() {
        long slowest = slowestNanos;
        slowestNanos = 0;
        return slowest;
    }

    long inputs() {
        return inputs;
    }
}
