package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Queue;
import java.util.SplittableRandom;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;

/**
 * One end of a simulated connection: the connection, the application on both of its streams, and a small loop that runs
 * them in turns. It watches over what a connection must never do.
 */
final class SimEnd implements TcpSource, TcpSink, TcpOutput {
    /**
     * How the end and its application behave.
     *
     * @param mss what its packets can carry
     * @param superSegments whether it sends more than that at once
     * @param sendBytes length of the stream that it sends
     * @param chunkBytes what the application writes at once, every chunkNanos on average (0: all at the beginning)
     * @param endsAfterPeer whether it ends its stream only when the peer has ended (half-close)
     * @param capacityBytes what it can hold of what it receives
     * @param drainBytes what the application reads at once, every drainNanos on average (0: at once)
     * @param refusal probability that received bytes are taken in part only, or not kept
     * @param laziness probability that the source has enough for this turn
     * @param turnNanos how long packets wait for a turn at most
     */
    record Plan(TcpSettings settings, int mss, boolean superSegments, long sendBytes, int chunkBytes, long chunkNanos,
                boolean endsAfterPeer, long capacityBytes, int drainBytes, long drainNanos, double refusal,
                double laziness, long turnNanos) {}

    private static final int TURN_PACKETS = 16;

    final Counters counters = new Counters();
    final TcpConnection connection;
    final Plan plan;
    private final SimClock clock;
    private final SplittableRandom random;
    /** Whether both ends scale their windows. */
    private final boolean scaling;
    private final SimWire out;
    private final TcpHeader header = new TcpHeader();
    private final MemorySegment headers = MemorySegment.ofArray(new byte[128]);
    private final byte[] prepared = new byte[65_536];
    private final Queue<byte[]> inbox = new ArrayDeque<>();
    private boolean turnPlanned;
    private boolean opened;
    /** What a passive end does with a SYN, after {@link #dialNanos}. */
    boolean accepts = true;
    long dialNanos;

    private long produced;
    private boolean ended;
    private long released;
    private long prepareEnd;
    /** Payload sent, that sent again counted again. */
    private long sentBytes;

    private long received;
    private long consumed;
    private final BitSet stored = new BitSet();
    private boolean peerFinished;
    private long maxLimit;
    private int windowScale = -1;
    private long maxEdge;
    private int firstAck;
    private boolean ackSeen;

    SimEnd(SimClock clock, SplittableRandom random, Plan plan, boolean scaling, SimWire out, SimWire in) {
        this.clock = clock;
        this.random = random;
        this.plan = plan;
        this.scaling = scaling;
        this.out = out;
        connection = new TcpConnection(plan.settings, counters);
        connection.bind(this, this, this);
        in.receiver(packet -> {
            inbox.add(packet);
            touch();
        });
        if (plan.chunkNanos == 0) {
            produced = plan.sendBytes;
            endIfDone();
        } else {
            planProduce();
        }
    }

    void open(int iss) {
        opened = true;
        connection.openActive(1000, 2000, iss, clock.nowNanos());
    }

    void abort() {
        connection.abort(clock.nowNanos());
    }

    /** Lets a turn happen soon. */
    private void touch() {
        if (!turnPlanned) {
            turnPlanned = true;
            clock.after(plan.turnNanos == 0 ? 0 : random.nextLong(plan.turnNanos), this::turn);
        }
    }

    private void turn() {
        turnPlanned = false;
        for (int i = 0; i < TURN_PACKETS && !inbox.isEmpty(); i++) {
            receive(inbox.remove());
            if (random.nextInt(20) == 0) {
                connection.pump(clock.nowNanos());
            }
        }
        connection.endOfTurn(clock.nowNanos());
        check();
        if (!inbox.isEmpty()) {
            touch();
        }
    }

    void onTimer() {
        connection.onTimer(clock.nowNanos());
        check();
        if (connection.deadlineNanos() <= clock.nowNanos()) {
            throw new AssertionError("the deadline does not move");
        }
    }

    private void receive(byte[] packet) {
        MemorySegment memory = MemorySegment.ofArray(packet);
        if (!SimChecksum.intact(packet) || !header.wrap(memory, 0, packet.length)) {
            return;
        }
        if (!opened && header.has(TcpHeader.SYN) && !header.has(TcpHeader.ACK | TcpHeader.RST)) {
            opened = true;
            connection.openPassive(header, random.nextInt(), clock.nowNanos());
            clock.after(dialNanos, this::answer);
        } else if (connection.closed()) {
            int bytes = ResetReply.write(header, header.payloadLength(), headers, 0);
            if (bytes > 0) {
                out.send(headers.asSlice(0, bytes).toArray(ValueLayout.JAVA_BYTE), bytes, 1);
            }
        } else {
            connection.onSegment(header, memory, header.payloadOffset(), header.payloadLength(), clock.nowNanos());
        }
    }

    private void answer() {
        if (connection.state() == TcpState.DIALLING) {
            if (accepts) {
                connection.accept(clock.nowNanos());
            } else {
                connection.refuse(clock.nowNanos());
            }
            touch();
        }
    }

    private void check() {
        if (connection.state() == TcpState.CLOSED) {
            return;
        }
        if (connection.sndUna() > connection.sndNxt()) {
            throw new AssertionError("sndUna " + connection.sndUna() + " > sndNxt " + connection.sndNxt());
        }
        if (peerFinished != connection.rcvNxt() > received || connection.rcvNxt() > received + 1) {
            throw new AssertionError("rcvNxt " + connection.rcvNxt() + ", received " + received);
        }
    }

    // The application that sends.

    private void planProduce() {
        clock.after(random.nextLong(2 * plan.chunkNanos), () -> {
            produced = Math.min(plan.sendBytes, produced + 1 + random.nextInt(plan.chunkBytes));
            if (produced < plan.sendBytes) {
                planProduce();
            }
            endIfDone();
            touch();
        });
    }

    private void endIfDone() {
        if (produced == plan.sendBytes && (!plan.endsAfterPeer || peerFinished)) {
            ended = true;
        }
    }

    @Override
    public int prepare(long position, int maxBytes) {
        if (position < released || position > produced) {
            throw new AssertionError("prepare at " + position + ", released " + released + ", end " + produced);
        }
        if (random.nextDouble() < plan.laziness) {
            clock.after(random.nextLong(1_000_000), this::touch);
            return 0;
        }
        int bytes = (int) Math.min(maxBytes, produced - position);
        SimStream.write(position, prepared, 0, bytes);
        prepareEnd = position + bytes;
        return bytes;
    }

    @Override
    public boolean endsAt(long position) {
        return ended && position == plan.sendBytes;
    }

    @Override
    public void release(long position) {
        if (position < released || position > produced) {
            throw new AssertionError("release of " + position + ", released " + released + ", end " + produced);
        }
        released = position;
    }

    // The application that receives.

    @Override
    public int deliver(long position, MemorySegment memory, long offset, int length) {
        checkOffered(position, memory, offset, length);
        if (position != received) {
            throw new AssertionError("delivered at " + position + ", received " + received);
        }
        long room = consumed + plan.capacityBytes - position;
        int taken = (int) Math.min(length, Math.max(0, room));
        if (random.nextDouble() < plan.refusal) {
            taken = random.nextInt(taken + 1);
        }
        moveReceived(position + taken);
        return taken;
    }

    @Override
    public boolean store(long position, MemorySegment memory, long offset, int length) {
        checkOffered(position, memory, offset, length);
        if (position <= received) {
            throw new AssertionError("stored at " + position + ", received " + received);
        }
        if (position + length > consumed + plan.capacityBytes || random.nextDouble() < plan.refusal) {
            return false;
        }
        stored.set((int) position, (int) position + length);
        return true;
    }

    @Override
    public void advance(long position) {
        if (position <= received || stored.nextClearBit((int) received) < position) {
            throw new AssertionError("advanced to " + position + ", received " + received + ", stored to "
                    + stored.nextClearBit((int) received));
        }
        moveReceived(position);
    }

    @Override
    public long limit() {
        long limit = consumed + plan.capacityBytes;
        maxLimit = Math.max(maxLimit, limit);
        return limit;
    }

    @Override
    public void finished() {
        if (peerFinished) {
            throw new AssertionError("finished twice");
        }
        peerFinished = true;
        endIfDone();
        touch();
    }

    private void checkOffered(long position, MemorySegment memory, long offset, int length) {
        byte[] packet = (byte[]) memory.heapBase().orElseThrow();
        if (length <= 0 || position + length > maxLimit || peerFinished) {
            throw new AssertionError("offered " + length + " bytes at " + position + ", limit " + maxLimit);
        }
        if (!SimStream.matches(position, packet, (int) offset, length)) {
            throw new AssertionError("wrong bytes at " + position);
        }
    }

    private void moveReceived(long position) {
        boolean consumerSleeps = consumed == received;
        received = position;
        if (plan.drainNanos == 0) {
            consumed = received;
        } else if (consumerSleeps && consumed < received) {
            planConsume();
        }
    }

    private void planConsume() {
        clock.after(random.nextLong(2 * plan.drainNanos), () -> {
            consumed = Math.min(received, consumed + 1 + random.nextInt(plan.drainBytes));
            if (consumed < received) {
                planConsume();
            }
            touch();
        });
    }

    // Packets.

    @Override
    public MemorySegment headers() {
        return headers;
    }

    @Override
    public long tcpOffset() {
        return 16;
    }

    @Override
    public int mss() {
        return plan.mss;
    }

    @Override
    public int maxSegmentBytes() {
        return plan.superSegments ? 65_535 - 40 : plan.mss + TcpHeader.BYTES;
    }

    @Override
    public void transmit(int tcpHeaderBytes, int payloadBytes, int mss) {
        if (tcpHeaderBytes + payloadBytes > Math.max(maxSegmentBytes(), TcpHeader.MAX_BYTES)) {
            throw new AssertionError("segment of " + tcpHeaderBytes + " + " + payloadBytes + " bytes");
        }
        byte[] segment = new byte[tcpHeaderBytes + payloadBytes];
        MemorySegment.copy(headers, ValueLayout.JAVA_BYTE, 16, segment, 0, tcpHeaderBytes);
        System.arraycopy(prepared, 0, segment, tcpHeaderBytes, payloadBytes);
        checkSent(segment, payloadBytes);
        sentBytes += payloadBytes;
        out.send(segment, tcpHeaderBytes, mss);
    }

    /** The window never shrinks, but for the rounding of its scale. */
    private void checkSent(byte[] segment, int payloadBytes) {
        TcpHeader sent = new TcpHeader();
        if (!sent.wrap(MemorySegment.ofArray(segment), 0, segment.length)) {
            throw new AssertionError("malformed segment sent");
        }
        if (payloadBytes > 0 && payloadBytes > prepareEnd - released) {
            throw new AssertionError("more sent than prepared");
        }
        if (sent.has(TcpHeader.SYN)) {
            windowScale = sent.options().windowScale();
        }
        if (!sent.has(TcpHeader.ACK) || sent.has(TcpHeader.RST)) {
            return;
        }
        if (!ackSeen) {
            ackSeen = true;
            firstAck = sent.ack();
        }
        int scale = sent.has(TcpHeader.SYN) || !scaling ? 0 : windowScale;
        long ack = Integer.toUnsignedLong(sent.ack() - firstAck);
        long edge = ack + ((long) sent.window() << scale);
        int rounding = scaling ? (1 << windowScale) - 1 : 0;
        if (edge < maxEdge - rounding) {
            throw new AssertionError("window shrunk from " + maxEdge + " to " + edge);
        }
        maxEdge = Math.max(maxEdge, edge);
    }

    boolean finishedReceiving() {
        return peerFinished;
    }

    long received() {
        return received;
    }

    long sentBytes() {
        return sentBytes;
    }

    long count(Counter counter) {
        return counters.value(counter);
    }

    @Override
    public String toString() {
        return connection.state() + "/" + connection.end() + " una " + connection.sndUna() + " nxt "
                + connection.sndNxt() + " edge " + connection.sndWindowEdge() + " produced " + produced + " of "
                + plan.sendBytes + (ended ? " ended" : "") + ", received " + received + " consumed " + consumed
                + (peerFinished ? " finished" : "") + ", deadline " + connection.deadlineNanos() + ", " + plan;
    }
}
