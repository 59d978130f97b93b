package wireleap.tun.wire;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What does the Internet checksum of a header, a segment, a super-segment cost, and what would other ways to sum cost?
 * {@code halves} is the daemon's. The compiler makes vector instructions of it, but not of {@code endAroundCarry};
 * {@code vectors} spells them out.
 */
@State(Scope.Thread)
@Fork(jvmArgsAppend = "--add-modules=jdk.incubator.vector")
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChecksumBenchmark {
    private static final ValueLayout.OfShort BIG_ENDIAN_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_PREFERRED;

    /** Of a header without options, of a full segment, of a full super-segment. */
    @Param({"20", "1480", "65480"})
    int bytes;

    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 16);

    @Setup
    public void fill() {
        Random random = new Random(1);
        for (int i = 0; i < bytes; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) random.nextInt());
        }
        if (naive() != halves() || endAroundCarry() != halves() || vectors() != halves()) {
            throw new AssertionError("the sums differ");
        }
    }

    @Benchmark
    public int halves() {
        return Checksum.sum(memory, 0, bytes, 0);
    }

    /** RFC 1071 section 4.1, word by word. */
    @Benchmark
    public int naive() {
        int sum = 0;
        for (int i = 0; i < bytes; i += 2) {
            sum += Short.toUnsignedInt(memory.get(BIG_ENDIAN_SHORT, i));
        }
        sum = (sum >>> 16) + (sum & 0xffff);
        return (sum >>> 16) + (sum & 0xffff);
    }

    /** Eight bytes at a time, the carry added at once: each addition waits for the one before. */
    @Benchmark
    public int endAroundCarry() {
        long sum = 0;
        int longs = bytes >>> 3;
        for (int i = 0; i < longs; i++) {
            long next = sum + memory.get(ValueLayout.JAVA_LONG_UNALIGNED, (long) i << 3);
            sum = Long.compareUnsigned(next, sum) < 0 ? next + 1 : next;
        }
        return withTail((sum >>> 32) + (sum & 0xffff_ffffL), longs << 3);
    }

    /** As many bytes at a time as the processor has in a register; the two words of each int are summed apart. */
    @Benchmark
    public int vectors() {
        IntVector sum = IntVector.zero(BYTES.withLanes(int.class));
        int end = BYTES.loopBound(bytes);
        for (int i = 0; i < end; i += BYTES.length()) {
            IntVector words = ByteVector.fromMemorySegment(BYTES, memory, i, ByteOrder.nativeOrder())
                    .reinterpretAsInts();
            sum = sum.add(words.and(0xffff)).add(words.lanewise(VectorOperators.LSHR, 16));
        }
        return withTail(Integer.toUnsignedLong(sum.reduceLanes(VectorOperators.ADD)), end);
    }

    /** Of words in the processor's order, and of what is behind them. */
    private int withTail(long sum, int end) {
        long words = (sum >>> 32) + (sum >>> 16 & 0xffff) + (sum & 0xffff);
        words = (words >>> 16) + (words & 0xffff);
        int folded = Short.toUnsignedInt(Short.reverseBytes((short) ((words >>> 16) + (words & 0xffff))));
        return Checksum.add(folded, Checksum.sum(memory, end, bytes - end, 0));
    }
}
