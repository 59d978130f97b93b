package wireleap.tun.tcp;

import static wireleap.tun.wire.TcpHeader.ACK;
import static wireleap.tun.wire.TcpHeader.FIN;
import static wireleap.tun.wire.TcpHeader.RST;
import static wireleap.tun.wire.TcpHeader.SYN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.TcpOptions;

/**
 * The peer of one connection, played by hand, and the two streams on the connection's other side. Positions are stream
 * positions: 0 is the first byte, -1 the SYN.
 */
final class HandPeer implements TcpSource, TcpSink, TcpOutput {
    /** Initial sequence number of the peer: near the end, so that every test wraps. */
    static final int IRS = -3;
    /** Initial sequence number of the connection under test. */
    static final int ISS = -500;
    static final int PEER_PORT = 40_000;
    static final int OUR_PORT = 443;
    static final long MS = 1_000_000;
    /** The retransmission timeout after round trips that take no time. */
    static final long RTO = 60 * MS;

    /** A segment that the connection sent; positions instead of sequence numbers, SACK blocks as "from-to". */
    record Sent(long seq, long ack, int flags, int window, int payload, int mss, int tsVal, int tsEcr,
                List<String> sacks, byte[] header) {
        boolean has(int flag) {
            return (flags & flag) != 0;
        }
    }

    final Counters counters = new Counters();
    final TcpConnection connection;
    final Deque<Sent> sent = new ArrayDeque<>();
    long now = 1_000 * MS;
    int mss = 1460;
    int maxSegmentBytes = 65_515;

    /** Bytes of the upstream so far, and whether it has ended. */
    long produced;
    boolean ended;
    long released;
    /** What the sink allows, takes at once, and keeps. */
    long limit = 1 << 20;
    int takes = Integer.MAX_VALUE;
    boolean keeps = true;
    long received;
    boolean finished;
    final List<String> sinkCalls = new ArrayList<>();

    private final MemorySegment headers = MemorySegment.ofArray(new byte[128]);
    private final TcpHeader header = new TcpHeader();

    HandPeer() {
        this(TcpSettings.forLocalPeer());
    }

    HandPeer(TcpSettings settings) {
        connection = new TcpConnection(settings, counters);
        connection.bind(this, this, this);
    }

    /** A handshake as Linux makes it: MSS 1460, scale 7, timestamps, SACK. */
    static HandPeer established() {
        return new HandPeer().handshake(new Segment().mss(1460).scale(7).timestamps(1).sackPermitted());
    }

    /** A handshake without any option but MSS, and a window of 65,535. */
    static HandPeer plain() {
        return new HandPeer().handshake(new Segment().mss(1460));
    }

    void handshakeUpToSynAck(Segment syn) {
        handshakeUpToSynAck(syn, SYN);
    }

    void handshakeUpToSynAck(Segment syn, int flags) {
        connection.openPassive(header(syn.flags(flags).seq(-1)), ISS, now);
        connection.accept(now);
    }

    HandPeer handshake(Segment syn) {
        handshakeUpToSynAck(syn);
        Segment ack = new Segment().ack(0).window(syn.scale < 0 ? syn.window : 512);
        arrives(syn.tsVal == 0 ? ack : ack.timestamps(syn.tsVal + 1));
        if (connection.state() != TcpState.ESTABLISHED) {
            throw new AssertionError("no handshake: " + connection.state());
        }
        sent.clear();
        return this;
    }

    /** A segment to the connection; ACK of 0 and a window of 65,535 (times the scale) unless said otherwise. */
    static final class Segment {
        private long seq;
        private long ack;
        private int flags = ACK;
        private int window = 65_535;
        private int payload;
        private int mss;
        private int scale = -1;
        private boolean sackPermitted;
        private int tsVal;
        private int tsEcr;
        private final List<long[]> sacks = new ArrayList<>();

        Segment seq(long position) {
            seq = position;
            return this;
        }

        Segment ack(long position) {
            ack = position;
            return this;
        }

        Segment flags(int flags) {
            this.flags = flags;
            return this;
        }

        Segment window(int field) {
            window = field;
            return this;
        }

        Segment payload(int bytes) {
            payload = bytes;
            return this;
        }

        Segment mss(int bytes) {
            mss = bytes;
            return this;
        }

        Segment scale(int shift) {
            scale = shift;
            return this;
        }

        Segment sackPermitted() {
            sackPermitted = true;
            return this;
        }

        Segment timestamps(int value) {
            tsVal = value;
            return this;
        }

        Segment echo(int value) {
            tsEcr = value;
            return this;
        }

        Segment sack(long from, long to) {
            sacks.add(new long[] {from, to});
            return this;
        }
    }

    private TcpHeader header(Segment s) {
        MemorySegment memory = MemorySegment.ofArray(new byte[TcpHeader.MAX_BYTES + s.payload]);
        long at = TcpHeader.BYTES;
        at = s.mss > 0 ? TcpOptions.putMss(memory, at, s.mss) : at;
        at = s.scale >= 0 ? TcpOptions.putWindowScale(memory, at, s.scale) : at;
        at = s.sackPermitted ? TcpOptions.putSackPermitted(memory, at) : at;
        at = s.tsVal != 0 ? TcpOptions.putTimestamps(memory, at, s.tsVal, s.tsEcr) : at;
        at = s.sacks.isEmpty() ? at : TcpOptions.putSackHeader(memory, at, s.sacks.size());
        for (long[] block : s.sacks) {
            at = TcpOptions.putSackBlock(memory, at, ours(block[0]), ours(block[1]));
        }
        TcpHeader.write(memory, 0, PEER_PORT, OUR_PORT, IRS + 1 + (int) s.seq, ours(s.ack), (int) at, s.flags,
                s.window);
        for (int i = 0; i < s.payload; i++) {
            Bytes.putU8(memory, at + i, (byte) (s.seq + i));
        }
        if (!header.wrap(memory, 0, (int) at + s.payload)) {
            throw new AssertionError("malformed");
        }
        return header;
    }

    private static int ours(long position) {
        return ISS + 1 + (int) position;
    }

    /** The segment arrives; the turn goes on. */
    void comes(Segment segment) {
        TcpHeader h = header(segment);
        MemorySegment memory = MemorySegment.ofArray(packetOf(segment));
        connection.onSegment(h, memory, 7, segment.payload, now);
    }

    private static byte[] packetOf(Segment segment) {
        byte[] packet = new byte[7 + segment.payload];
        for (int i = 0; i < segment.payload; i++) {
            packet[7 + i] = (byte) (segment.seq + i);
        }
        return packet;
    }

    /** The segment arrives alone in its turn. */
    void arrives(Segment segment) {
        comes(segment);
        connection.endOfTurn(now);
    }

    /** Payload arrives alone in its turn. */
    void data(long position, int bytes) {
        arrives(new Segment().seq(position).payload(bytes).ack(connection.sndUna()));
    }

    /** The peer's SYN, once more or with another number. */
    TcpHeader syn(long position) {
        return syn(position, 0);
    }

    /** The same with a timestamp; 0: without. */
    TcpHeader syn(long position, int tsVal) {
        return header(new Segment().flags(SYN).seq(position).mss(1460).timestamps(tsVal));
    }

    /** The upstream has so many bytes more. */
    void produce(long bytes) {
        produced += bytes;
        connection.endOfTurn(now);
    }

    /** The upstream ends. */
    void end() {
        ended = true;
        connection.endOfTurn(now);
    }

    /** Time passes, and the timers that fall into it run. */
    void pass(long nanos) {
        long until = now + nanos;
        while (connection.deadlineNanos() <= until) {
            now = Math.max(now, connection.deadlineNanos());
            connection.onTimer(now);
        }
        now = until;
    }

    /** The one segment sent since the last look. */
    Sent only() {
        if (sent.size() != 1) {
            throw new AssertionError(sent.size() + " segments sent: " + sent);
        }
        return sent.remove();
    }

    /** The next segment sent. */
    Sent next() {
        return sent.remove();
    }

    long count(Counter counter) {
        return counters.value(counter);
    }

    @Override
    public int prepare(long position, int maxBytes) {
        if (position < released) {
            throw new AssertionError("prepare at " + position + ", released " + released);
        }
        return (int) Math.min(maxBytes, produced - position);
    }

    @Override
    public boolean endsAt(long position) {
        return ended && position == produced;
    }

    @Override
    public void release(long position) {
        released = position;
    }

    @Override
    public int deliver(long position, MemorySegment memory, long offset, int length) {
        for (int i = 0; i < length; i++) {
            if (memory.get(ValueLayout.JAVA_BYTE, offset + i) != (byte) (position + i)) {
                throw new AssertionError("wrong byte at " + (position + i));
            }
        }
        sinkCalls.add("deliver " + position + "-" + (position + length));
        received = position + Math.min(length, takes);
        return Math.min(length, takes);
    }

    @Override
    public boolean store(long position, MemorySegment memory, long offset, int length) {
        if (memory.get(ValueLayout.JAVA_BYTE, offset) != (byte) position) {
            throw new AssertionError("wrong byte at " + position);
        }
        sinkCalls.add("store " + position + "-" + (position + length));
        return keeps;
    }

    @Override
    public void advance(long position) {
        sinkCalls.add("advance " + position);
        received = position;
    }

    @Override
    public long limit() {
        return limit;
    }

    @Override
    public void finished() {
        finished = true;
    }

    @Override
    public MemorySegment headers() {
        return headers;
    }

    @Override
    public long tcpOffset() {
        return 54;
    }

    @Override
    public void transmit(int tcpHeaderBytes, int payloadBytes, int segmentMss) {
        byte[] bytes = headers.asSlice(54, tcpHeaderBytes).toArray(ValueLayout.JAVA_BYTE);
        TcpHeader h = new TcpHeader();
        if (!h.wrap(MemorySegment.ofArray(bytes), 0, bytes.length)) {
            throw new AssertionError("malformed header sent");
        }
        TcpOptions options = h.options();
        List<String> sacks = new ArrayList<>();
        for (int i = 0; i < options.sackCount(); i++) {
            sacks.add((options.sackLeft(i) - IRS - 1) + "-" + (options.sackRight(i) - IRS - 1));
        }
        sent.add(new Sent(h.seq() - ISS - 1, h.ack() - IRS - 1, h.flags(), h.window(), payloadBytes, segmentMss,
                options.tsVal(), options.tsEcr(), sacks, bytes));
    }

    @Override
    public int mss() {
        return mss;
    }

    @Override
    public int maxSegmentBytes() {
        return maxSegmentBytes;
    }

    /** Flags by name, for assertions that read well. */
    static final int FIN_ACK = FIN | ACK;
    static final int SYN_ACK = SYN | ACK;
    static final int RST_ACK = RST | ACK;
}
