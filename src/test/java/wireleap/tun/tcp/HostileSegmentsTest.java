package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;
import static wireleap.tun.wire.TcpHeader.ACK;

import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.TcpOptions;

/**
 * Whatever a peer sends in whatever state: nothing is thrown, and what must hold still holds. {@code -Dseed=S} runs the
 * one that failed, {@code -Dsimulation.seeds=N} sets how many there are.
 */
class HostileSegmentsTest {
    private static final int SEGMENTS = 300;

    /** A connection, a peer that knows where it stands and abuses it, and streams that check. */
    private static final class Attack implements TcpSource, TcpSink, TcpOutput {
        private final SplittableRandom random;
        private final TcpConnection connection;
        private final MemorySegment headers = MemorySegment.ofArray(new byte[64]);
        private final MemorySegment packet = MemorySegment.ofArray(new byte[70_000]);
        private final TcpHeader header = new TcpHeader();
        private long now = 1;
        private int iss;
        private int irs;
        private long produced;
        private boolean ended;
        private long released;
        private long received;
        private boolean finished;
        private long limit;
        private long maxLimit;
        private long maxEdge;
        /** Of the windows that we send; -1: it depends on what the peer said, and is not checked. */
        private int scale;
        private int sentInTurn;

        Attack(long seed) {
            random = new SplittableRandom(seed);
            TcpSettings settings = TcpSettings.forLocalPeer()
                    .withOptions(random.nextBoolean(), random.nextBoolean(), random.nextBoolean());
            connection = new TcpConnection(settings, new Counters());
            connection.bind(this, this, this);
        }

        void run() {
            for (int i = 0; i < SEGMENTS; i++) {
                if (connection.closed()) {
                    open();
                }
                sentInTurn = 0;
                act();
                connection.endOfTurn(now);
                check();
            }
        }

        private void open() {
            iss = random.nextInt();
            irs = random.nextInt();
            produced = 0;
            ended = false;
            released = 0;
            received = 0;
            finished = false;
            limit = random.nextInt(200_000);
            maxLimit = 0;
            maxEdge = 0;
            scale = 0;
            if (random.nextInt(4) == 0) {
                connection.openActive(1, 2, iss, now);
                return;
            }
            int flags = TcpHeader.SYN | random.nextInt(256) & ~(ACK | TcpHeader.RST);
            header.wrap(packet, 0, write(irs, random.nextInt(), flags, true));
            connection.openPassive(header, iss, now);
            if (random.nextInt(8) > 0) {
                connection.accept(now);
                arrive(irs + 1, iss + 1, ACK, 0);
            }
        }

        private void act() {
            switch (random.nextInt(8)) {
                case 0 -> produced += ended ? 0 : random.nextInt(100_000);
                case 1 -> ended |= random.nextInt(10) == 0;
                case 2 -> limit = Math.max(received, limit + random.nextInt(-5_000, 20_000));
                case 3 -> {
                    now += random.nextLong(1L << random.nextInt(42));
                    connection.onTimer(now);
                }
                default -> hostileSegment();
            }
        }

        private void hostileSegment() {
            long una = Math.max(0, connection.sndUna());
            int seq = irs + 1 + (int) connection.rcvNxt() + nearby();
            int ack = iss + 1 + (int) (random.nextBoolean() ? una : connection.sndNxt()) + nearby();
            int flags = random.nextInt(3) > 0 ? ACK : random.nextInt(256);
            arrive(seq, ack, flags, random.nextInt(3) == 0 ? random.nextInt(65_000) : 0);
        }

        private int nearby() {
            return switch (random.nextInt(6)) {
                case 0 -> random.nextInt();
                case 1 -> random.nextInt(-3, 4);
                case 2 -> random.nextInt(-70_000, 70_000);
                default -> 0;
            };
        }

        private void arrive(int seq, int ack, int flags, int payload) {
            int headerBytes = write(seq, ack, flags, random.nextInt(4) == 0);
            if (random.nextInt(10) == 0) {
                Bytes.putU8(packet, random.nextInt(headerBytes), random.nextInt(256));
            }
            if (header.wrap(packet, 0, headerBytes + payload)) {
                connection.onSegment(header, packet, header.payloadOffset(), header.payloadLength(), now);
            }
        }

        private int write(int seq, int ack, int flags, boolean options) {
            long at = TcpHeader.BYTES;
            if (options) {
                at = TcpOptions.putMss(packet, at, random.nextInt(65_536));
                at = random.nextBoolean() ? TcpOptions.putWindowScale(packet, at, random.nextInt(256)) : at;
                at = random.nextBoolean() ? TcpOptions.putSackPermitted(packet, at) : at;
                int tsVal = random.nextInt();
                at = random.nextBoolean() ? TcpOptions.putTimestamps(packet, at, tsVal, random.nextInt()) : at;
            }
            if (random.nextInt(3) == 0 && at <= 44) {
                int blocks = random.nextInt(1, (int) (60 - at - 4) / 8 + 1);
                at = TcpOptions.putSackHeader(packet, at, blocks);
                for (int i = 0; i < blocks; i++) {
                    int left = ack + random.nextInt(100_000);
                    at = TcpOptions.putSackBlock(packet, at, left, left + random.nextInt(-10, 50_000));
                }
            }
            int window = random.nextInt(4) == 0 ? 0 : random.nextInt(65_536);
            TcpHeader.write(packet, 0, 2, 1, seq, ack, (int) at, flags, window);
            return (int) at;
        }

        private void check() {
            assertTrue(connection.sndUna() <= connection.sndNxt());
            assertTrue(connection.sndUna() <= produced + 1);
            assertTrue(connection.closed() || connection.end() == TcpEnd.NOT_YET);
            assertEquals(connection.closed(), connection.end() != TcpEnd.NOT_YET);
            if (!connection.closed()) {
                assertEquals(Math.max(0, connection.rcvNxt()), received + (finished ? 1 : 0));
            }
        }

        @Override
        public int prepare(long position, int maxBytes) {
            assertTrue(position >= released && position <= produced && maxBytes > 0, "prepare at " + position);
            return (int) Math.min(maxBytes, produced - position);
        }

        @Override
        public boolean endsAt(long position) {
            return ended && position == produced;
        }

        @Override
        public void release(long position) {
            assertTrue(position >= released && position <= produced, "release of " + position);
            released = position;
        }

        @Override
        public int deliver(long position, MemorySegment memory, long offset, int length) {
            assertTrue(position == received && length > 0 && position + length <= maxLimit && !finished);
            memory.asSlice(offset, length);
            received += random.nextInt(length + 1);
            return (int) (received - position);
        }

        @Override
        public boolean store(long position, MemorySegment memory, long offset, int length) {
            assertTrue(position > received && length > 0 && position + length <= maxLimit && !finished);
            memory.asSlice(offset, length);
            return random.nextBoolean();
        }

        @Override
        public void advance(long position) {
            assertTrue(position > received && position <= maxLimit);
            received = position;
        }

        @Override
        public long limit() {
            maxLimit = Math.max(maxLimit, limit);
            return limit;
        }

        @Override
        public void finished() {
            assertTrue(!finished);
            finished = true;
        }

        @Override
        public MemorySegment headers() {
            return headers;
        }

        @Override
        public long tcpOffset() {
            return 4;
        }

        @Override
        public void transmit(int tcpHeaderBytes, int payloadBytes, int mss) {
            TcpHeader sent = new TcpHeader();
            assertTrue(sent.wrap(headers, 4, tcpHeaderBytes));
            assertTrue(tcpHeaderBytes + payloadBytes <= maxSegmentBytes());
            assertTrue(payloadBytes == 0 || mss > 0);
            assertTrue(++sentInTurn < 5_000, "sends without end");
            if (sent.has(TcpHeader.SYN)) {
                scale = sent.has(ACK) ? Math.max(0, sent.options().windowScale()) : -1;
            } else if (scale >= 0 && sent.has(ACK) && !sent.has(TcpHeader.RST)) {
                long edge = Math.max(0, connection.rcvNxt()) + ((long) sent.window() << scale);
                assertTrue(edge > maxEdge - (1 << scale), "window shrunk from " + maxEdge + " to " + edge);
                maxEdge = Math.max(maxEdge, edge);
            }
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

    @Test
    void nothingIsThrownAndWhatMustHoldHolds() {
        Long seed = Long.getLong("seed");
        long count = seed != null ? 1 : Long.getLong("simulation.seeds", 3_000);
        for (long s = seed != null ? seed : 0; count > 0; s++, count--) {
            try {
                new Attack(s).run();
            } catch (AssertionError | RuntimeException e) {
                fail("-Dseed=" + s + ": " + e, e);
            }
        }
    }
}
