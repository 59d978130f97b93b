package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;

class AllocationTest {
    /** One end: sends without end, takes everything, and puts its segments into a queue of fixed memory. */
    private static final class End implements TcpSource, TcpSink, TcpOutput {
        private static final int SLOTS = 256;

        final Counters counters = new Counters();
        final TcpConnection connection = new TcpConnection(TcpSettings.forLocalPeer(), counters);
        private final TcpHeader header = new TcpHeader();
        private final MemorySegment queue = MemorySegment.ofArray(new byte[SLOTS * 64]);
        private final MemorySegment payload = MemorySegment.ofArray(new byte[65_536]);
        private final int[] headerBytes = new int[SLOTS];
        private final int[] payloadBytes = new int[SLOTS];
        private long written;
        private long read;
        private long received;

        End() {
            connection.bind(this, this, this);
        }

        /** Takes what the other has sent; every so many segments one is lost. */
        int turn(End other, int loseEvery, long now) {
            int segments = 0;
            while (other.read < other.written) {
                int slot = (int) (other.read++ % SLOTS);
                if (other.read % loseEvery == 0) {
                    continue;
                }
                header.wrap(other.queue, slot * 64L, other.headerBytes[slot]);
                connection.onSegment(header, payload, 0, other.payloadBytes[slot], now);
                segments++;
            }
            if (now >= connection.deadlineNanos()) {
                connection.onTimer(now);
            }
            connection.endOfTurn(now);
            return segments;
        }

        @Override
        public int prepare(long position, int maxBytes) {
            return maxBytes;
        }

        @Override
        public boolean endsAt(long position) {
            return false;
        }

        @Override
        public void release(long position) {}

        @Override
        public int deliver(long position, MemorySegment memory, long offset, int length) {
            received = position + length;
            return length;
        }

        @Override
        public boolean store(long position, MemorySegment memory, long offset, int length) {
            return true;
        }

        @Override
        public void advance(long position) {
            received = position;
        }

        @Override
        public long limit() {
            return received + (1 << 20);
        }

        @Override
        public void finished() {}

        @Override
        public MemorySegment headers() {
            return queue;
        }

        @Override
        public long tcpOffset() {
            return written % SLOTS * 64;
        }

        @Override
        public void transmit(int tcpHeaderBytes, int payloadLength, int mss) {
            headerBytes[(int) (written % SLOTS)] = tcpHeaderBytes;
            payloadBytes[(int) (written % SLOTS)] = payloadLength;
            written++;
        }

        @Override
        public int mss() {
            return 1460;
        }

        @Override
        public int maxSegmentBytes() {
            return 65_515;
        }
    }

    private final End client = new End();
    private final End server = new End();
    private long now;

    private long exchange(int segments, int loseEvery) {
        long done = 0;
        while (done < segments) {
            now += 100_000;
            done += server.turn(client, loseEvery, now) + client.turn(server, loseEvery, now);
        }
        return done;
    }

    private void open() {
        client.connection.openActive(1, 2, 3, now);
        TcpHeader syn = new TcpHeader();
        syn.wrap(client.queue, client.read++ % End.SLOTS * 64, client.headerBytes[0]);
        server.connection.openPassive(syn, 4, now);
        server.connection.accept(now);
    }

    @Test
    void segmentsBothWaysAllocateNothingAlsoWhenSomeAreLost() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        open();
        exchange(20_000, Integer.MAX_VALUE);
        exchange(100_000, 50);
        long before = threads.getCurrentThreadAllocatedBytes();
        exchange(100_000, Integer.MAX_VALUE);
        exchange(100_000, 50);
        long allocated = threads.getCurrentThreadAllocatedBytes() - before;
        assertTrue(client.counters.value(Counter.TCP_FAST_RECOVERY) > 100, "nothing was lost");
        assertTrue(allocated < 5_000, allocated + " bytes were allocated"); // the measurement's own, whatever the count
    }

    @Test
    void aConnectionOpenedAgainAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        TcpHeader syn = new TcpHeader();
        client.connection.openActive(1, 2, 3, now);
        syn.wrap(client.queue, 0, client.headerBytes[0]);
        long allocated = 0;
        for (int round = 0; round < 20_000; round++) {
            if (round == 10_000) {
                allocated = threads.getCurrentThreadAllocatedBytes();
            }
            server.connection.openPassive(syn, round, now);
            server.connection.accept(now);
            server.connection.abort(now);
        }
        allocated = threads.getCurrentThreadAllocatedBytes() - allocated;
        assertEquals(0, allocated / 1_000, allocated + " bytes were allocated");
    }

    @Test
    void aConnectionWithoutLossOrDisorderIsSmall() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        TcpConnection[] connections = new TcpConnection[1_000];
        Counters counters = new Counters();
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < connections.length; i++) {
            connections[i] = new TcpConnection(TcpSettings.forLocalPeer(), counters);
        }
        long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / connections.length;
        assertTrue(connections[0].closed() && bytes < 1_450, bytes + " bytes of heap a connection");
    }
}
