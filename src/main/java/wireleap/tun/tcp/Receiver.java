package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;

/**
 * The receiving half of a connection: what is in order, what is kept out of order, which window is offered, and whether
 * an acknowledgment is owed (RFC 9293 section 3.10.7.4 seventh and eighth, RFC 2018 section 4).
 */
final class Receiver {
    private static final long UNKNOWN = Long.MAX_VALUE;

    final ReceiveRanges ranges = new ReceiveRanges();
    final ReceiveWindow window = new ReceiveWindow();
    final DelayedAck delayedAck;
    private final Counters counters;
    private TcpSink sink;
    private int mss;
    private int irs;
    /** Everything before it was taken by the sink, or is the FIN. -1 until a SYN has come. */
    private long rcvNxt;
    /** What the peer knows of rcvNxt. */
    private long lastAckSent;
    /** Where the peer's stream ends, once its FIN was seen; what was kept never lies beyond. */
    private long finPosition;

    Receiver(TcpSettings settings, Counters counters) {
        this.delayedAck = new DelayedAck(settings);
        this.counters = counters;
    }

    void bind(TcpSink sink) {
        this.sink = sink;
    }

    /** A connection begins; {@code mss} is what the peer may put into a segment, in bytes; the scale is offered. */
    void begin(int mss, int windowScale) {
        this.mss = mss;
        irs = 0;
        rcvNxt = -1;
        lastAckSent = -1;
        finPosition = UNKNOWN;
        ranges.clear();
        window.begin(mss, windowScale);
        delayedAck.begin();
    }

    /** The peer's SYN has come, with this sequence number. */
    void onSyn(int irs) {
        this.irs = irs;
        rcvNxt = 0;
    }

    /** The position of a sequence number. */
    long position(int sequence) {
        return SequenceNumbers.toPosition(irs, sequence, rcvNxt);
    }

    /** The sequence number of a position. */
    int sequence(long position) {
        return SequenceNumbers.toSequence(irs, position);
    }

    /**
     * Whether a segment touches the window (RFC 9293 section 3.10.7.4 first, table 6). Deviates: one that ends or
     * begins right at its edges is taken too, for its ACK is worth reading: a duplicate, or a probe of a closed window.
     *
     * @param length in sequence numbers: payload, SYN and FIN
     */
    boolean isAcceptable(long position, int length) {
        return position + length >= rcvNxt && position <= Math.max(rcvNxt, window.acceptEdge());
    }

    /** Whether a reset with this position would be exactly the next (RFC 5961 section 3.2). */
    boolean isNext(long position) {
        return position == rcvNxt;
    }

    /** Whether a segment covers what was acknowledged last, so that its timestamp is to be echoed. */
    boolean coversLastAck(long position) {
        return position <= lastAckSent;
    }

    /**
     * Takes in payload and FIN of an acceptable segment that has one of them.
     *
     * @param position of the first byte
     * @param length of the payload in bytes, 0 or more
     * @return whether it must be acknowledged this moment, for it came out of order (RFC 5681 section 4.2)
     */
    boolean receive(long position, boolean fin, MemorySegment memory, long offset, int length) {
        long end = position + length;
        if (fin) {
            noteFin(end);
        }
        long from = Math.max(position, rcvNxt);
        long to = Math.min(end, Math.min(finPosition, window.acceptEdge()));
        noteDuplicate(position, Math.min(end, from));
        if (to < end && end > rcvNxt) {
            counters.add(Counter.DROP_TCP_BYTES_BEYOND_WINDOW, end - Math.max(to, from));
            delayedAck.hurry();
        }
        boolean outOfOrder = from < to && from > rcvNxt;
        if (outOfOrder) {
            store(from, memory, offset + (from - position), (int) (to - from));
        } else if (from < to) {
            deliver(memory, offset + (from - position), (int) (to - from));
        } else {
            delayedAck.hurry(); // a duplicate, or a FIN
        }
        takeFin();
        return outOfOrder;
    }

    /** Payload of which nothing is wanted, for the stream has ended; it is acknowledged. */
    void ignore(long position, int length) {
        long known = Math.clamp(rcvNxt - position, 0, length);
        noteDuplicate(position, position + known);
        counters.add(Counter.DROP_TCP_BYTES_BEYOND_WINDOW, length - known);
        delayedAck.hurry();
    }

    /** What has come again is told to the peer (RFC 2883 section 4). */
    private void noteDuplicate(long from, long to) {
        if (from < to) {
            counters.add(Counter.DROP_TCP_BYTES_DUPLICATE, to - from);
            ranges.cameTwice(from, to);
        }
    }

    private void deliver(MemorySegment memory, long offset, int length) {
        if (!ranges.isEmpty()) {
            delayedAck.hurry(); // a gap is being filled (RFC 5681 section 4.2)
        }
        int taken = sink.deliver(rcvNxt, memory, offset, length);
        if (taken < 0 || taken > length) {
            throw new AssertionError("sink took " + taken + " of " + length + " bytes");
        }
        rcvNxt += taken;
        if (taken < length) {
            counters.add(Counter.DROP_TCP_BYTES_REFUSED, length - taken);
            delayedAck.hurry();
        }
        delayedAck.onSegments((taken + mss - 1) / mss);
        long continued = ranges.consume(rcvNxt);
        if (continued > rcvNxt) {
            rcvNxt = continued;
            sink.advance(continued);
        }
    }

    private void store(long from, MemorySegment memory, long offset, int length) {
        long to = from + length;
        if (ranges.containsAll(from, to)) {
            ranges.touch(from);
            noteDuplicate(from, to);
        } else if (ranges.hasRoomFor(from, to) && sink.store(from, memory, offset, length)) {
            ranges.add(from, to);
        } else {
            counters.increment(Counter.DROP_TCP_OUT_OF_ORDER);
        }
    }

    /** A segment of which all was in order already has come again, beyond what is acceptable. */
    void receiveOld(long position, int length) {
        if (length > 0 && position + length <= rcvNxt) {
            ranges.cameTwice(position, position + length);
        }
    }

    /** A FIN needs no room, so a closed window does not keep it out; one that contradicts what was kept is ignored. */
    private void noteFin(long end) {
        boolean inWindow = end >= rcvNxt && end <= Math.max(rcvNxt, window.acceptEdge());
        if (finPosition == UNKNOWN && inWindow && (ranges.isEmpty() || ranges.highest() <= end)) {
            finPosition = end;
        }
    }

    private void takeFin() {
        if (rcvNxt == finPosition) {
            rcvNxt++;
            delayedAck.hurry();
            sink.finished();
        }
    }

    /** Whether all of the peer's stream has come, the FIN included. */
    boolean finReceived() {
        return rcvNxt > finPosition;
    }

    /** The window field of a SYN. */
    int synWindowField() {
        return window.synField(sink.limit());
    }

    /** The window field of any other segment. */
    int windowField() {
        return window.field(rcvNxt, sink.limit());
    }

    /** Whether the window has opened so far that the peer should know. */
    boolean isWindowUpdateDue() {
        return !finReceived() && window.isUpdateDue(rcvNxt, sink.limit());
    }

    /** The end of a SACK block for a range that ends there: it covers the FIN, if that has come. */
    int blockRightSequence(int block) {
        long right = ranges.blockRight(block);
        return sequence(right == finPosition ? right + 1 : right);
    }

    /** A segment that acknowledges rcvNxt was sent. */
    void onAckSent(boolean withData) {
        lastAckSent = rcvNxt;
        ranges.reportSent();
        delayedAck.onSent(withData);
    }

    long rcvNxt() {
        return rcvNxt;
    }
}
