package wireleap.tun.wire;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** What does it cost to know what a packet is: IP header (with its checksum), TCP header, timestamps option? */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ParseBenchmark {
    private static final int TCP_BYTES = 32;
    private static final int PAYLOAD_BYTES = 1448;
    /** No-operation twice, timestamps (RFC 7323 section 3.2). */
    private static final byte[] OPTIONS = {1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2};

    @Param({"4", "6"})
    int version;

    private final MemorySegment memory = Arena.ofAuto().allocate(2048);
    private final IpPacket ip = new IpPacket();
    private final TcpHeader tcp = new TcpHeader();
    private int length;

    @Setup
    public void write() {
        IpWriter writer = version == 4
                ? new IpWriter().between(0, 0xffff_c633_6401L, 0, 0xffff_c633_6402L, TcpHeader.PROTOCOL)
                : new IpWriter().between(0x2001_0db8_0000_0000L, 1, 0x2001_0db8_0000_0000L, 2, TcpHeader.PROTOCOL);
        writer.write(memory, 0, TCP_BYTES + PAYLOAD_BYTES);
        TcpHeader.write(memory, writer.headerBytes(), 443, 5000, 1, 2, TCP_BYTES, TcpHeader.ACK, 0xffff);
        MemorySegment.copy(OPTIONS, 0, memory, ValueLayout.JAVA_BYTE, writer.headerBytes() + TcpHeader.BYTES,
                OPTIONS.length);
        length = writer.headerBytes() + TCP_BYTES + PAYLOAD_BYTES;
        if (parse() != 0x1_bb00_0002L) {
            throw new AssertionError("not what was written");
        }
    }

    @Benchmark
    public long parse() {
        if (ip.parse(memory, 0, length) != IpPacket.OK
                || !tcp.wrap(memory, ip.payloadOffset(), ip.payloadLength())) {
            throw new AssertionError("malformed");
        }
        return (long) tcp.srcPort() << 24 | tcp.options().tsEcr();
    }
}
