package wireleap.tun.flow;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What do the timers of many flows cost: one that is set anew by every packet, and one that fires? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TimerWheelBenchmark {
    private static final long MILLISECOND = 1_000_000;
    /** Of deadlines ahead, as the timers of TCP have them: 200 ms to a minute. */
    private static final long NEAREST = 200 * MILLISECOND;
    private static final long FARTHEST = 60_000 * MILLISECOND;
    private static final int STEPS = 1 << 12;

    @Param({"1", "1000", "100000"})
    int flows;

    private final TimerWheel wheel = new TimerWheel(0);
    private final long[] ahead = new long[STEPS];
    private Timer[] timers;
    private long nowNanos;
    private int next;
    private long fired;

    @Setup
    public void schedule() {
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < STEPS; i++) {
            ahead[i] = random.nextLong(NEAREST, FARTHEST);
        }
        timers = new Timer[flows];
        for (int i = 0; i < flows; i++) {
            timers[i] = new Timer(new Again(i));
            wheel.schedule(timers[i], ahead[i % STEPS]);
        }
    }

    /** A timer that fires is set again. */
    private final class Again implements Timer.Target {
        private final int number;

        Again(int number) {
            this.number = number;
        }

        @Override
        public void onTimer(long now) {
            fired++;
            wheel.schedule(timers[number], now + ahead[number % STEPS]);
        }
    }

    /** As a packet does it. */
    @Benchmark
    public void reschedule() {
        int step = next++;
        wheel.schedule(timers[Integer.remainderUnsigned(step, flows)], nowNanos + ahead[step & STEPS - 1]);
    }

    /** As a packet does it whose deadline is only later than the one that stands. */
    @Benchmark
    public void rescheduleLater() {
        int step = next++;
        wheel.scheduleBy(timers[Integer.remainderUnsigned(step, flows)], nowNanos + FARTHEST + 1);
    }

    /** A millisecond passes: with 100,000 flows about three timers fire. */
    @Benchmark
    public long advance() {
        nowNanos += MILLISECOND;
        wheel.advance(nowNanos);
        return fired;
    }
}
