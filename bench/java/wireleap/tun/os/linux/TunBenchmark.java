package wireleap.tun.os.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
import org.openjdk.jmh.annotations.TearDown;
import wireleap.tun.demo.Namespace;
import wireleap.tun.mem.Bytes;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.testing.TestNet;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * What does the boundary to the kernel cost, by FFM: a packet of 1,500 bytes, a super-segment of 64 KiB? Needs root: a
 * TUN in a namespace, whose kernel sends every packet that is written back into the TUN, as a router. So many packets
 * are written, then read; the figure is of one packet, written and read.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TunBenchmark {
    private static final String NAME = "wlbench0";
    private static final long NEAR = 0xffff_0a09_0002L;
    private static final long FAR = 0xffff_c633_6407L;
    private static final int MSS = 1448;
    private static final int TCP_BYTES = 32;

    /** Of the whole packet, IP header included. */
    @Param({"1500", "65212"})
    int bytes;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment out = arena.allocate(1 << 17);
    private final MemorySegment in = arena.allocate(1 << 17);
    private Namespace namespace;
    private LinuxTun tun;
    private PacketDevice queue;

    @Setup
    public void create() throws IOException, InterruptedException {
        namespace = Namespace.open("bench"); // says that root is needed
        tun = namespace.call(() -> LinuxTun.create(NAME, 1));
        queue = tun.queues().getFirst();
        namespace.call(() -> {
            Files.writeString(Path.of("/proc/sys/net/ipv6/conf/" + NAME + "/disable_ipv6"), "1");
            Files.writeString(Path.of("/proc/sys/net/ipv4/conf/all/send_redirects"), "0");
            Files.writeString(Path.of("/proc/sys/net/ipv4/conf/" + NAME + "/send_redirects"), "0");
            return Files.writeString(Path.of("/proc/sys/net/ipv4/ip_forward"), "1");
        });
        TestNet.ip(namespace, List.of("addr add 10.9.0.1/24 dev " + NAME, "link set " + NAME + " up",
                "route add 198.51.100.0/24 dev " + NAME));
        writePacket();
        batchOf64();
    }

    @TearDown
    public void remove() {
        tun.close();
        namespace.close();
        arena.close();
    }

    /** A segment, or a super-segment of as many as fit, whose checksum and cutting are left to the kernel. */
    private void writePacket() {
        IpWriter ip = new IpWriter().between(0, NEAR, 0, FAR, TcpHeader.PROTOCOL);
        int payload = bytes - ip.headerBytes() - TCP_BYTES;
        VirtioNetHeader.writePartial(out, 0, VirtioNetHeader.GSO_TCPV4, ip.headerBytes(), TCP_BYTES,
                TcpHeader.CHECKSUM_OFFSET, payload, MSS);
        ip.write(out, VirtioNetHeader.BYTES, TCP_BYTES + payload);
        long tcp = VirtioNetHeader.BYTES + ip.headerBytes();
        TcpHeader.write(out, tcp, 1, 2, 3, 4, TCP_BYTES, TcpHeader.ACK, 0xffff);
        out.asSlice(tcp + TcpHeader.BYTES, TCP_BYTES - TcpHeader.BYTES).fill((byte) 1); // no-operation
        Bytes.putU16(out, tcp + TcpHeader.CHECKSUM_OFFSET, ip.pseudoHeaderSum(TCP_BYTES + payload));
    }

    @Benchmark
    public void single() {
        writeAndRead(1);
    }

    @Benchmark
    @OperationsPerInvocation(16)
    public void batchOf16() {
        writeAndRead(16);
    }

    @Benchmark
    @OperationsPerInvocation(64)
    public void batchOf64() {
        writeAndRead(64);
    }

    private void writeAndRead(int packets) {
        int length = VirtioNetHeader.BYTES + bytes;
        for (int i = 0; i < packets; i++) {
            require(queue.write(out, 0, length), length);
        }
        for (int i = 0; i < packets; i++) {
            require(queue.read(in, 0, (int) in.byteSize()), length);
        }
    }

    private static void require(int result, int length) {
        if (result != length) {
            throw new AssertionError("a packet of " + length + " bytes gave " + result);
        }
    }
}
