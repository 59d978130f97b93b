package wireleap.tun.mem;

import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What does it cost to find a packet's flow among one, a thousand, a hundred thousand, and to find that it has none? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class KeyTableBenchmark {
    private static final long CLIENT = 0xffff_0a0d_3100L;
    private static final long TARGET = 0xffff_c633_6407L;
    /** A power of two: packets come from flows in no order, so that the caches do not know the next. */
    private static final int PACKETS = 1 << 16;

    @Param({"1", "1000", "100000"})
    int flows;

    private final KeyTable<Flow> table = new KeyTable<>(1 << 18, new SipHash(1, 2));
    private final int[] packets = new int[PACKETS];
    private int next;

    private static final class Flow extends KeyTable.Entry {
        Flow(int number) {
            key(0, CLIENT + (number >>> 16), 0, TARGET, ports(number));
        }
    }

    private static long ports(int number) {
        return (number & 0xffff) << 16 | 443;
    }

    @Setup
    public void open() {
        Random random = new Random(1);
        for (int i = 0; i < flows; i++) {
            table.add(new Flow(i));
        }
        for (int i = 0; i < PACKETS; i++) {
            packets[i] = random.nextInt(flows);
        }
        if (known() == null || unknown() != null) {
            throw new AssertionError("known is unknown");
        }
    }

    @Benchmark
    public Object known() {
        int flow = packets[next++ & PACKETS - 1];
        return table.find(0, CLIENT + (flow >>> 16), 0, TARGET, ports(flow));
    }

    @Benchmark
    public Object unknown() {
        int flow = packets[next++ & PACKETS - 1];
        return table.find(0, CLIENT + (flow >>> 16), 0, TARGET + 1, ports(flow));
    }
}
