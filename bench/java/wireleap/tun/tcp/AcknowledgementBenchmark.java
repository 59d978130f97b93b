package wireleap.tun.tcp;

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
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.TcpOptions;

/**
 * What does an acknowledgement cost on a clean path, and what a duplicate one with three SACK blocks when so many
 * ranges stand on the scoreboard already?
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class AcknowledgementBenchmark {
    private static final int ISS = 1000;
    private static final int PEER_ISS = 2000;
    private static final int MSS = 1460;
    private static final int IN_FLIGHT = 80 * MSS;
    private static final int BLOCKS = 3;
    private static final int WINDOW_SHIFT = 1;

    @Param({"3", "30"})
    int ranges;

    private final Sender sender = new Sender();
    private final TcpConnection connection = new TcpConnection(TcpSettings.forLocalPeer(), new Counters());
    private final MemorySegment memory = Arena.ofAuto().allocate(128);
    private final TcpHeader header = new TcpHeader();
    private long nowNanos = 1_000_000;
    private int round;

    /** Has bytes without end, and lets segments go. */
    private static final class Sender implements TcpSource, TcpSink, TcpOutput {
        private final MemorySegment headers = Arena.ofAuto().allocate(64);

        @Override
        public int prepare(long position, int maxBytes) {
            return maxBytes;
        }

        @Override
        public boolean endsAt(long position) {
            return false;
        }

        @Override
        public void release(long position) {
        }

        @Override
        public int deliver(long position, MemorySegment memory, long offset, int length) {
            return length;
        }

        @Override
        public boolean store(long position, MemorySegment memory, long offset, int length) {
            return false;
        }

        @Override
        public void advance(long position) {
        }

        @Override
        public long limit() {
            return 1 << 20;
        }

        @Override
        public void finished() {
        }

        @Override
        public MemorySegment headers() {
            return headers;
        }

        @Override
        public long tcpOffset() {
            return 0;
        }

        @Override
        public void transmit(int tcpHeaderBytes, int payloadBytes, int mss) {
        }

        @Override
        public int mss() {
            return MSS;
        }

        @Override
        public int maxSegmentBytes() {
            return MSS;
        }
    }

    /** A connection with much in flight. */
    @Setup
    public void open() {
        connection.bind(sender, sender, sender);
        connection.openActive(2, 3, ISS, nowNanos);
        long end = TcpOptions.putMss(memory, TcpHeader.BYTES, MSS);
        end = TcpOptions.putSackPermitted(memory, end);
        end = TcpOptions.putWindowScale(memory, end, WINDOW_SHIFT);
        give(end, PEER_ISS, ISS + 1, TcpHeader.SYN | TcpHeader.ACK);
        while (connection.sndNxt() - connection.sndUna() < IN_FLIGHT) {
            acknowledge(connection.sndNxt());
            connection.pump(nowNanos);
        }
    }

    private void give(long end, int seq, int ack, int flags) {
        int headerBytes = (int) end;
        TcpHeader.write(memory, 0, 3, 2, seq, ack, headerBytes, flags, 0xffff);
        header.wrap(memory, 0, headerBytes);
        connection.onSegment(header, memory, headerBytes, 0, nowNanos);
        connection.endOfTurn(nowNanos);
        nowNanos += 1_000;
    }

    private int seq(long position) {
        return ISS + 1 + (int) position;
    }

    private void acknowledge(long position) {
        give(TcpHeader.BYTES, PEER_ISS + 1, seq(position), TcpHeader.ACK);
    }

    /** Of two segments, for which two go out. */
    @Benchmark
    public void cumulative() {
        acknowledge(connection.sndUna() + 2 * MSS);
    }

    /** The blocks go round all ranges: the first rounds fill the scoreboard, all later ones tell what is known. */
    @Benchmark
    public void duplicateWithBlocks() {
        long end = TcpOptions.putSackHeader(memory, TcpHeader.BYTES, BLOCKS);
        for (int i = 0; i < BLOCKS; i++) {
            int left = seq(connection.sndUna() + (2L * round + 1) * MSS);
            end = TcpOptions.putSackBlock(memory, end, left, left + MSS);
            round = (round + 1) % ranges;
        }
        give(end, PEER_ISS + 1, seq(connection.sndUna()), TcpHeader.ACK);
    }
}
