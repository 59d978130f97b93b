package wireleap.tun.os.linux.netlink;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What does it cost to write the route of a bypass entry into a batch, before the kernel has seen any? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BatchBenchmark {
    private static final int ROUTES = 1_000;
    private static final int TABLE = 13_492;
    private static final int PROTOCOL = 157;

    @Param({"4", "6"})
    int version;

    private final NetlinkWriter writer =
            new NetlinkWriter(Arena.ofAuto().allocate((long) ROUTES * NetlinkRequest.MAX_BYTES));
    private final NetlinkRequest[] requests = new NetlinkRequest[ROUTES];

    @Setup
    public void make() throws IOException {
        byte[] address = new byte[version == 4 ? 4 : 16];
        address[0] = version == 4 ? (byte) 198 : 0x20;
        for (int i = 0; i < ROUTES; i++) {
            address[2] = (byte) (i >>> 8);
            address[3] = (byte) i;
            requests[i] = RouteEntry.throwing(TABLE, PROTOCOL, InetAddress.getByAddress(address), 32).add();
        }
    }

    @Benchmark
    @OperationsPerInvocation(ROUTES)
    public long encode() {
        writer.clear(1);
        for (NetlinkRequest request : requests) {
            request.writeTo(writer);
        }
        return writer.size();
    }
}
