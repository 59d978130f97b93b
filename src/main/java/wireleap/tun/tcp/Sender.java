package wireleap.tun.tcp;

import static wireleap.tun.wire.TcpHeader.ACK;
import static wireleap.tun.wire.TcpHeader.FIN;
import static wireleap.tun.wire.TcpHeader.PSH;

import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.TcpOptions;

/**
 * The sending half of a connection: what was sent, what is acknowledged, what may be sent (RFC 9293 sections 3.4, 3.8).
 *
 * <p>sndUna &lt;= sndNxt always; both are -1 or more, for the SYN stands at -1. Nothing is sent beyond the peer's
 * window but a FIN, which needs no room there, and what was sent before it shrank.
 */
final class Sender {
    /** No position. */
    private static final long NONE = Long.MAX_VALUE;

    final RetransmitTimer timer;
    final PersistTimer persist;
    final LossRecovery recovery = new LossRecovery();
    private final Agreement agreement;
    private final Timestamps timestamps;
    private final SegmentWriter writer;
    private final Counters counters;
    private TcpSource source;
    private int iss;
    private long sndUna;
    private long sndNxt;
    /** SND.UNA + SND.WND of the segment that last updated the window. */
    private long windowEdge;
    private long maxWindow;
    /** SND.WL1 and SND.WL2, as positions. */
    private long updateSeq;
    private long updateAck;
    /** Where our FIN stands, NONE until it was sent. */
    private long finPosition;
    /** A round trip is being measured until this is acknowledged; NONE: none is. */
    private long timedEnd;
    private long timedNanos;
    /** The persist timer ran out: a window that is silly may be filled (RFC 9293 section 3.8.6.2.1 (4)). */
    private boolean fillSillyWindow;

    Sender(TcpSettings settings, Agreement agreement, Timestamps timestamps, SegmentWriter writer, Counters counters) {
        this.timer = new RetransmitTimer(settings);
        this.persist = new PersistTimer(settings);
        this.agreement = agreement;
        this.timestamps = timestamps;
        this.writer = writer;
        this.counters = counters;
    }

    void bind(TcpSource source) {
        this.source = source;
    }

    /** A connection begins. */
    void begin(int iss) {
        this.iss = iss;
        sndUna = -1;
        sndNxt = -1;
        windowEdge = 0;
        maxWindow = 0;
        updateSeq = 0;
        updateAck = 0;
        finPosition = NONE;
        timedEnd = NONE;
        fillSillyWindow = false;
        timer.reset();
        persist.stop();
    }

    /** The SYN was sent. */
    void onSynSent(long nowNanos) {
        sndNxt = 0;
        timedEnd = 0;
        timedNanos = nowNanos;
        timer.ensureRunning(nowNanos);
    }

    /** The SYN must be sent again. */
    void onSynTimeout(long nowNanos) {
        timer.backOff(nowNanos);
        timedEnd = NONE;
    }

    /** The SYN is acknowledged by this segment: data may begin. */
    void onSynAcknowledged(TcpHeader segment, long seq, long ack, long nowNanos) {
        boolean synLost = timer.hasBackedOff();
        timer.handshakeDone();
        if (timedEnd != NONE) {
            timer.sample(nowNanos - timedNanos);
            timedEnd = NONE;
        }
        sndUna = 0;
        recovery.begin(writer.mss(), agreement.sack, synLost);
        openWindow(seq, ack, windowBytes(segment));
    }

    /** The position of an acknowledgment number. */
    long position(int ack) {
        return SequenceNumbers.toPosition(iss, ack, sndUna);
    }

    /** Whether an acknowledgment is neither of the future nor of too long ago (RFC 5961 section 5.2). */
    boolean isAcceptable(long ack) {
        return ack <= sndNxt && ack >= sndUna - maxWindow;
    }

    /**
     * Takes in an acceptable acknowledgment with its window and SACK blocks.
     *
     * @param seq the segment's position
     * @param bare whether the segment has no payload, SYN or FIN
     */
    void onAck(TcpHeader segment, long seq, long ack, boolean bare, long nowNanos) {
        boolean news = takeSackBlocks(segment.options());
        boolean wasClosed = isWindowClosed();
        boolean windowMoved = takeWindow(segment, seq, ack);
        if (wasClosed && !isWindowClosed()) {
            recovery.onWindowOpened(sndUna);
        }
        if (ack > sndUna) {
            onNewAck(segment.options(), ack, nowNanos);
        } else if (news || ack == sndUna && sndUna < sndNxt && bare && !windowMoved && !agreement.sack) {
            boolean wasOpen = recovery.isOpen();
            recovery.onDuplicateAck(sndUna, sndNxt);
            countRecovery(wasOpen);
        }
    }

    private void onNewAck(TcpOptions options, long ack, long nowNanos) {
        long flight = sndNxt - sndUna;
        long acked = ack - sndUna;
        sndUna = ack;
        source.release(Math.min(ack, finPosition));
        measure(options, nowNanos);
        boolean wasOpen = recovery.isOpen();
        recovery.onNewAck(sndUna, sndNxt, acked, flight);
        countRecovery(wasOpen);
        if (sndUna == sndNxt) {
            timer.stop();
        } else {
            timer.restart(nowNanos);
        }
    }

    private void countRecovery(boolean wasOpen) {
        if (wasOpen && !recovery.isOpen()) {
            counters.increment(Counter.TCP_FAST_RECOVERY);
        }
    }

    /** RFC 6298 section 3: a timed segment that was not sent again; else, by RFC 7323 section 4.1, the echo. */
    private void measure(TcpOptions options, long nowNanos) {
        if (timedEnd != NONE) {
            if (sndUna >= timedEnd) {
                timer.sample(nowNanos - timedNanos);
                timedEnd = NONE;
            }
            return;
        }
        long roundTripNanos = timestamps.roundTripNanos(options, nowNanos);
        if (roundTripNanos >= 0) {
            timer.sample(roundTripNanos);
        }
    }

    private boolean takeSackBlocks(TcpOptions options) {
        boolean news = false;
        for (int i = 0; i < options.sackCount(); i++) {
            long left = position(options.sackLeft(i));
            long right = position(options.sackRight(i));
            news |= recovery.onSackBlock(left, right, sndUna, sndNxt);
        }
        return news;
    }

    /** RFC 9293 section 3.10.7.4, fifth: SND.WND from segments that are not old; true if it changed. */
    private boolean takeWindow(TcpHeader segment, long seq, long ack) {
        if (seq < updateSeq || seq == updateSeq && ack < updateAck || ack < sndUna) {
            return false;
        }
        long before = windowEdge;
        openWindow(seq, ack, windowBytes(segment));
        return windowEdge != before;
    }

    private void openWindow(long seq, long ack, long window) {
        updateSeq = seq;
        updateAck = ack;
        windowEdge = ack + window;
        maxWindow = Math.max(maxWindow, window);
    }

    private long windowBytes(TcpHeader segment) {
        return (long) segment.window() << (segment.has(TcpHeader.SYN) ? 0 : agreement.sndScale);
    }

    /**
     * Sends what may be sent: the lost first, then, if {@code newToo}, what is new, and the FIN.
     */
    void pump(boolean newToo, long nowNanos) {
        boolean sent = true;
        while (sent) {
            sent = sendLost(nowNanos);
        }
        sent = newToo;
        while (sent) {
            sent = finPosition == NONE && sendNew(nowNanos);
        }
    }

    private boolean sendLost(long nowNanos) {
        long from = recovery.nextLost(sndUna);
        if (from < 0) {
            return false;
        }
        int mss = writer.payloadMss();
        long room = recovery.roomBytes(sndUna, sndNxt);
        long edge = windowEdge;
        if (recovery.isUrgent()) {
            room = Math.max(room, mss);
            edge = Math.max(edge, from + mss); // a closed window too: it is the probe then (RFC 9293 section 3.8.6.1)
        } else if (room < mss) {
            return false;
        }
        long lostEnd = recovery.lostEnd(from);
        long wanted = Math.min(Math.min(lostEnd, finPosition), edge) - from;
        int bytes = prepare(from, Math.min(wanted, wholeSegments(room, mss)));
        boolean fin = from + bytes == finPosition && lostEnd > finPosition;
        if (bytes == 0 && !fin) {
            return false;
        }
        counters.increment(recovery.isAfterTimeout() ? Counter.TCP_RETRANSMIT_TIMEOUT : Counter.TCP_RETRANSMIT_FAST);
        recovery.onRetransmitted(from, from + bytes + (fin ? 1 : 0));
        timedEnd = NONE; // Karn (RFC 6298 section 3)
        timer.ensureRunning(nowNanos);
        writer.segment(from, fin ? ACK | PSH | FIN : ACK | PSH, bytes, nowNanos);
        return true;
    }

    private boolean sendNew(long nowNanos) {
        int mss = writer.payloadMss();
        long room = recovery.roomBytes(sndUna, sndNxt);
        long usable = windowEdge - sndNxt;
        long wanted = room < mss ? 0 : usable < mss ? usable : Math.min(wholeSegments(room, mss), usable / mss * mss);
        int bytes = prepare(sndNxt, wanted);
        boolean drained = bytes < wanted;
        boolean fin = source.endsAt(sndNxt + bytes);
        boolean silly = !drained && !fin && usable < mss && 2 * usable < maxWindow && !fillSillyWindow;
        if (bytes == 0 && !fin || silly) {
            if (usable < mss && !drained && sndUna == sndNxt) {
                persist.ensureRunning(nowNanos, timer.rtoNanos());
            }
            return false;
        }
        long position = sndNxt;
        sndNxt += bytes + (fin ? 1 : 0);
        if (fin) {
            finPosition = position + bytes;
        }
        if (timedEnd == NONE) {
            timedEnd = sndNxt;
            timedNanos = nowNanos;
        }
        int push = drained || fin ? PSH : 0;
        recovery.onSent(bytes);
        fillSillyWindow = false;
        persist.stop();
        timer.ensureRunning(nowNanos);
        writer.segment(position, fin ? ACK | push | FIN : ACK | push, bytes, nowNanos);
        return !drained;
    }

    /** As many whole segments as there is room for, at most what one transmit carries. */
    private long wholeSegments(long room, int mss) {
        return Math.min(room / mss * mss, writer.maxPayload());
    }

    private int prepare(long position, long wanted) {
        if (wanted <= 0) {
            return 0;
        }
        int bytes = source.prepare(position, (int) wanted);
        if (bytes < 0 || bytes > wanted) {
            throw new AssertionError("source prepared " + bytes + " bytes when asked for " + wanted);
        }
        return bytes;
    }

    /** The retransmission timer ran out after the handshake (RFC 6298 section 5.4 to 5.6); pump follows. */
    void onRetransmitTimeout(long nowNanos) {
        counters.increment(Counter.TCP_TIMEOUT);
        recovery.onTimeout(sndUna, sndNxt, timer.hasBackedOff());
        timer.backOff(nowNanos);
        timedEnd = NONE;
    }

    /** The persist timer ran out: probes a closed window, lets a silly one be filled; pump follows. */
    void onPersistTimeout(long nowNanos) {
        if (sndUna < sndNxt) {
            persist.stop(); // the retransmission timer watches
        } else if (windowEdge > sndNxt) {
            persist.stop();
            fillSillyWindow = true;
        } else if (source.prepare(sndNxt, 1) == 0) {
            persist.stop();
        } else {
            counters.increment(Counter.TCP_WINDOW_PROBE);
            persist.backOff(nowNanos);
            probe(nowNanos);
        }
    }

    /**
     * Asks the peer for an ACK by a segment that it cannot accept, as Linux does. Deviates from RFC 9293 section
     * 3.8.6.1, which sends a byte of new data: one that is taken would be a sent byte of which nobody keeps track.
     */
    void probe(long nowNanos) {
        writer.ack(sndUna - 1, nowNanos);
    }

    /** How many new bytes both windows leave room for. */
    long sendableBytes() {
        return Math.max(0, Math.min(windowEdge - sndNxt, recovery.roomBytes(sndUna, sndNxt)));
    }

    /** The position of a segment without payload: never outside of the window that the peer has told. */
    long bareSegmentPosition() {
        return Math.min(sndNxt, Math.max(sndUna, windowEdge));
    }

    /** Whether the peer has closed its window, so that it may leave data unacknowledged as long as it answers. */
    boolean isWindowClosed() {
        return windowEdge <= sndUna;
    }

    /** Whether all that was sent, SYN and FIN included, is acknowledged. */
    boolean isIdle() {
        return sndUna == sndNxt;
    }

    /** Whether our FIN was sent. */
    boolean finSent() {
        return finPosition != NONE;
    }

    /** Whether our FIN was acknowledged. */
    boolean finAcknowledged() {
        return finPosition != NONE && sndUna > finPosition;
    }

    int iss() {
        return iss;
    }

    long sndUna() {
        return sndUna;
    }

    long sndNxt() {
        return sndNxt;
    }

    long windowEdge() {
        return windowEdge;
    }
}
