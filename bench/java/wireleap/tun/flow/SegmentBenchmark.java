package wireleap.tun.flow;

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
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.TcpOptions;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * What does the stack itself, without any system call, spend on a TCP segment in order: from the application
 * ({@code in}), the same while the socket takes nothing and a ring has to keep it ({@code inThroughRing}), and towards
 * the application with its acknowledgement ({@code out})? Single packets against super-segments: compare by the byte.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SegmentBenchmark {
    private static final int TURN = 8;
    private static final int AT = 64;
    private static final int IP = AT + VirtioNetHeader.BYTES;
    private static final int TCP = IP + 20;

    /** A packet of MTU 1,500, and 44 of them at once. */
    @Param({"1460", "64240"})
    int payload;

    private final StillLinks links = new StillLinks();
    private final Device device = new Device();
    private final Stack stack = new Stack(World.settings(), new Slab(Arena.ofAuto().allocate(64 << 20, 4096)), device,
            new Direct(links, World.PATIENCE, new Counters()), new Counters(), 1, 0);
    private final IpWriter ip = new IpWriter().between(0, World.CLIENT, 0, World.TARGET, TcpHeader.PROTOCOL);
    private final MemorySegment packet = Arena.ofAuto().allocate(1 << 17);
    private int packetBytes;
    private long nowNanos = 1_000_000;
    private int position;
    private int number;

    /** Notes where the stack's next byte stands. */
    private static final class Device implements PacketOutput {
        private final MemorySegment headers = Arena.ofAuto().allocate(HEADER_SPACE);
        int nextSeq;
        long payloadBytes;

        @Override
        public boolean cutsDatagrams() {
            return true;
        }

        @Override
        public MemorySegment headers() {
            return headers;
        }

        @Override
        public void send(int headerBytes, MemorySegment m1, long off1, int len1, MemorySegment m2, long off2,
                         int len2) {
            int syn = Bytes.u8(headers, IP_OFFSET + 33) >>> 1 & 1;
            nextSeq = Bytes.i32(headers, IP_OFFSET + 24) + len1 + len2 + syn;
            payloadBytes += len1 + len2;
        }
    }

    @Setup
    public void connect() {
        long end = TcpOptions.putMss(packet, TCP + TcpHeader.BYTES, 1460);
        end = TcpOptions.putWindowScale(packet, end, 10);
        write(0, 0, TcpHeader.SYN, (int) end - TCP, 0);
        give();
        links.owner.onReady(LinkOwner.WRITABLE, nowNanos);
        endTurn();
        write(1, device.nextSeq, TcpHeader.ACK, TcpHeader.BYTES, 0);
        give();
        endTurn();
        position = 1;
        in();
        endTurn(); // tells the window, which a SYN-ACK can tell only up to 65,535
        long sentBefore = links.sent;
        for (int i = 0; i < TURN; i++) {
            in();
        }
        long payloadBefore = device.payloadBytes;
        for (int i = 0; i < TURN; i++) {
            out();
        }
        long bytesIn = links.sent - sentBefore;
        long bytesOut = device.payloadBytes - payloadBefore;
        if (bytesIn != (long) TURN * payload || bytesOut != bytesIn) {
            throw new AssertionError(bytesIn + " bytes in, " + bytesOut + " out");
        }
    }

    /** The next packet. Its checksum is left undone, as the kernel does. */
    private void write(int seq, int ack, int flags, int headerBytes, int payloadBytes) {
        VirtioNetHeader.write(packet, AT, VirtioNetHeader.NEEDS_CSUM, VirtioNetHeader.GSO_NONE, 0, 0, 20,
                TcpHeader.CHECKSUM_OFFSET);
        ip.write(packet, IP, headerBytes + payloadBytes);
        TcpHeader.write(packet, TCP, 5000, 80, seq, ack, headerBytes, flags, 0xffff);
        packetBytes = TCP - AT + headerBytes + payloadBytes;
    }

    private void give() {
        stack.onPacket(packet, AT, packetBytes, nowNanos);
    }

    private void endTurn() {
        stack.endOfTurn(nowNanos);
        if (stack.deadlineNanos() <= nowNanos) {
            stack.onTimer(nowNanos);
        }
        nowNanos += 50_000;
    }

    private void onSegment() {
        write(position, device.nextSeq, TcpHeader.ACK, TcpHeader.BYTES, payload);
        position += payload;
        give();
        if (++number % TURN == 0) {
            endTurn();
        }
    }

    @Benchmark
    public void in() {
        onSegment();
    }

    /** Every other packet finds the socket full, and the next one finds it writable again. */
    @Benchmark
    public void inThroughRing() {
        links.blocked = !links.blocked;
        if (!links.blocked) {
            links.owner.onReady(LinkOwner.WRITABLE, nowNanos);
        }
        onSegment();
    }

    @Benchmark
    public void out() {
        links.receivable += payload;
        links.owner.onReady(LinkOwner.READABLE, nowNanos);
        write(position, device.nextSeq, TcpHeader.ACK, TcpHeader.BYTES, 0);
        give();
        endTurn();
    }
}
