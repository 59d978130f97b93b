package wireleap.tun.mem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What does a ring cost that the way without one saves? {@code throughRing}: bytes that were read are put, and taken
 * out where they then lie, as after a socket that takes no more. {@code copy}: the bare copy of it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RingBenchmark {
    private static final int RING_BYTES = 1 << 20;

    /** A segment, a super-segment. */
    @Param({"1460", "64240"})
    int bytes;

    private final Slab slab = new Slab(Arena.ofAuto().allocate(64 << 20, 4096));
    private final MemorySegment read = Arena.ofAuto().allocate(1 << 16);
    private final MemorySegment other = Arena.ofAuto().allocate(1 << 16);
    private final Ring ring = new Ring(slab);
    private long position;

    @Setup
    public void makeRoom() {
        ring.reset(0, RING_BYTES);
        if (!ring.reserve(RING_BYTES)) {
            throw new AssertionError("no room");
        }
    }

    @Benchmark
    public long throughRing() {
        ring.put(position, read, 0, bytes);
        int first = ring.contiguous(position, bytes);
        long at = ring.offset(position);
        position += bytes;
        ring.release(position);
        return at + first;
    }

    @Benchmark
    public void copy() {
        MemorySegment.copy(read, 0, other, 0, bytes);
    }
}
