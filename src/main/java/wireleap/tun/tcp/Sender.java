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
    final TailProbe probe = new TailProbe();
    final LossRecovery recovery;
    private final SendWindow window;
    private final Agreement agreement;
    private final Timestamps timestamps;
    private final SegmentWriter writer;
    private final Counters counters;
    private final SackBlocks blocks = new SackBlocks();
    private TcpSource source;
    private int iss;
    private long sndUna;
    private long sndNxt;
    /** Where our FIN stands, NONE until it was sent. */
    private long finPosition;
    /** When the first SYN was sent. */
    private long synNanos;
    /** The persist timer ran out: a window that is silly may be filled (RFC 9293 section 3.8.6.2.1 (4)). */
    private boolean fillSillyWindow;

    Sender(TcpSettings settings, Agreement agreement, Timestamps timestamps, SegmentWriter writer, Counters counters) {
        this.timer = new RetransmitTimer(settings);
        this.persist = new PersistTimer(settings);
        this.recovery = new LossRecovery(timer.rtt, timestamps);
        this.window = new SendWindow(agreement);
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
        window.begin();
        finPosition = NONE;
        fillSillyWindow = false;
        timer.reset();
        persist.stop();
        probe.reset();
    }

    /** The SYN was sent. */
    void onSynSent(long nowNanos) {
        sndNxt = 0;
        synNanos = nowNanos;
        timer.ensureRunning(nowNanos);
    }

    /** The SYN must be sent again. */
    void onSynTimeout(long nowNanos) {
        timer.backOff(nowNanos);
    }

    /** The SYN is acknowledged by this segment: data may begin. */
    void onSynAcknowledged(TcpHeader segment, long seq, long ack, long nowNanos) {
        boolean synLost = timer.hasBackedOff();
        timer.handshakeDone();
        long roundTripNanos = synLost ? timestamps.roundTripNanos(segment.options(), nowNanos) : nowNanos - synNanos;
        if (roundTripNanos >= 0) {
            timer.sample(roundTripNanos);
        }
        sndUna = 0;
        recovery.begin(writer.mss(), agreement.sack, synLost);
        window.open(segment, seq, ack);
    }

    /** The position of an acknowledgment number. */
    long position(int ack) {
        return SequenceNumbers.toPosition(iss, ack, sndUna);
    }

    /** Whether an acknowledgment is neither of the future nor of too long ago (RFC 5961 section 5.2). */
    boolean isAcceptable(long ack) {
        return ack <= sndNxt && ack >= sndUna - window.maxBytes();
    }

    /**
     * Takes in an acceptable acknowledgment with its window and SACK blocks.
     *
     * @param seq the segment's position
     * @param bare whether the segment has no payload, SYN or FIN
     */
    void onAck(TcpHeader segment, long seq, long ack, boolean bare, long nowNanos) {
        TcpOptions options = segment.options();
        boolean wasOpen = recovery.isOpen();
        boolean wasClosed = isWindowClosed();
        recovery.ackArrives(options, nowNanos);
        long duplicateEnd = blocks.of(options, agreement.sack, iss, sndUna).duplicateEnd(ack);
        if (duplicateEnd >= 0 && !probe.explains(duplicateEnd)) {
            recovery.onDuplicateReported();
        }
        boolean news = blocks.report(duplicateEnd >= 0 ? 1 : 0, recovery);
        boolean windowMoved = window.take(segment, seq, ack, sndUna);
        if (wasClosed && !isWindowClosed()) {
            recovery.onWindowOpened();
        }
        boolean advances = ack > sndUna;
        boolean duplicate = ack == sndUna && sndUna < sndNxt && bare && !windowMoved;
        if (advances) {
            onNewAck(options, ack, nowNanos);
        } else if (news || duplicate && !agreement.sack) {
            recovery.onDuplicateAck(nowNanos);
            timer.ackArrives(recovery.isAnsweredAtOnce());
        }
        measure(options, advances && duplicateEnd < 0, nowNanos);
        if (wasOpen && !recovery.isOpen()) {
            counters.increment(Counter.TCP_FAST_RECOVERY);
            probe.reset();
        } else if (probe.hasMadeGood(ack, duplicateEnd, duplicate && !news)) {
            recovery.onProbeMadeGood();
        }
        if (advances || !recovery.mayProbe()) {
            armProbe(nowNanos);
        }
    }

    private void onNewAck(TcpOptions options, long ack, long nowNanos) {
        sndUna = ack;
        source.release(Math.min(ack, finPosition));
        if (recovery.onNewAck(options, ack, nowNanos)) {
            counters.increment(Counter.TCP_RECOVERY_UNDONE);
        }
        timer.ackArrives(recovery.isAnsweredAtOnce());
        if (ack == sndNxt) {
            timer.stop();
        } else {
            timer.restart(nowNanos);
        }
    }

    /** RFC 6298 section 3: bytes that were not sent again; else, by RFC 7323 section 4.1, the echo of what was. */
    private void measure(TcpOptions options, boolean advances, long nowNanos) {
        long roundTripNanos = recovery.sampleNanos();
        if (roundTripNanos < 0 && advances) {
            roundTripNanos = timestamps.roundTripNanos(options, nowNanos);
        }
        if (roundTripNanos >= 0) {
            timer.sample(roundTripNanos);
        }
    }

    private void armProbe(long nowNanos) {
        if (recovery.mayProbe() && !isWindowClosed()) {
            probe.arm(timer.rtt.srttNanos(), recovery.isLone() && !timer.isPrompt(), nowNanos);
        } else {
            probe.disarm();
        }
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
            sent = finPosition == NONE && sendNew(recovery.roomBytes(), nowNanos);
        }
    }

    private boolean sendLost(long nowNanos) {
        long from = recovery.nextLost();
        if (from < 0) {
            return false;
        }
        int mss = writer.payloadMss();
        long room = recovery.roomBytes();
        long edge = window.edge();
        if (recovery.isUrgent()) {
            room = Math.max(room, mss);
            edge = Math.max(edge, from + mss); // a closed window too: it is the probe then (RFC 9293 section 3.8.6.1)
        } else if (room < mss) {
            return false;
        }
        long lostEnd = recovery.lostEnd(from);
        long wanted = Math.min(Math.min(lostEnd, finPosition), edge) - from;
        return sendAgain(from, lostEnd, Math.min(wanted, wholeSegments(room, mss)),
                recovery.isAfterTimeout() ? Counter.TCP_RETRANSMIT_TIMEOUT : Counter.TCP_RETRANSMIT_FAST, nowNanos);
    }

    /** Sends up to {@code wanted} bytes again, and the FIN if it comes before {@code end}; false: there was nothing. */
    private boolean sendAgain(long from, long end, long wanted, Counter cause, long nowNanos) {
        int bytes = prepare(from, wanted);
        boolean fin = from + bytes == finPosition && end > finPosition;
        if (bytes == 0 && !fin) {
            return false;
        }
        counters.increment(cause);
        recovery.onSentAgain(from, from + bytes + (fin ? 1 : 0), nowNanos);
        if (from == sndUna) {
            timer.postpone(nowNanos);
        }
        timer.ensureRunning(nowNanos);
        writer.segment(from, fin ? ACK | PSH | FIN : ACK | PSH, bytes, nowNanos);
        return true;
    }

    private boolean sendNew(long room, long nowNanos) {
        int mss = writer.payloadMss();
        long usable = window.edge() - sndNxt;
        long wanted = room < mss ? 0 : usable < mss ? usable : Math.min(wholeSegments(room, mss), usable / mss * mss);
        int bytes = prepare(sndNxt, wanted);
        boolean drained = bytes < wanted;
        boolean fin = source.endsAt(sndNxt + bytes);
        boolean silly = !drained && !fin && usable < mss && 2 * usable < window.maxBytes() && !fillSillyWindow;
        if (bytes == 0 && !fin || silly) {
            if (usable < mss && !drained && sndUna == sndNxt) {
                awaitWindow(usable, nowNanos);
            }
            return false;
        }
        long position = sndNxt;
        sndNxt += bytes + (fin ? 1 : 0);
        if (fin) {
            finPosition = position + bytes;
        }
        int push = drained || fin ? PSH : 0;
        recovery.onSent(sndNxt, nowNanos);
        fillSillyWindow = false;
        persist.stop();
        timer.ensureRunning(nowNanos);
        armProbe(nowNanos);
        writer.segment(position, fin ? ACK | push | FIN : ACK | push, bytes, nowNanos);
        return !drained;
    }

    /** Bytes wait for a window that is closed or silly, and no ACK is under way that would open it. */
    private void awaitWindow(long usable, long nowNanos) {
        if (usable > 0) {
            persist.ensureOverride(nowNanos);
        } else if (!persist.isRunning() && source.mayFollow(sndNxt)) {
            persist.ensureRunning(nowNanos, timer.rtoNanos());
        }
    }

    /** As many whole segments as there is room for and as one transmit may carry; room for one at least. */
    private long wholeSegments(long room, int mss) {
        long most = Math.max(mss, recovery.burstBytes());
        return Math.min(Math.min(room, most) / mss * mss, writer.maxPayload());
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
        recovery.onTimeout(timer.hasBackedOff(), nowNanos);
        timer.backOff(nowNanos);
        probe.reset();
    }

    /** What may have come out of order is late by now, so it is lost; pump follows. */
    void onReorderTimeout(long nowNanos) {
        boolean wasOpen = recovery.isOpen();
        recovery.onReorderTimeout(nowNanos);
        if (wasOpen && !recovery.isOpen()) {
            counters.increment(Counter.TCP_FAST_RECOVERY);
            probe.reset();
        }
    }

    /**
     * No ACK has come for what was sent last: a segment more will make the peer tell (RFC 8985 section 7.3). Where none
     * can be sent, the retransmission timer sees to it.
     *
     * @param newToo whether it may be one of new bytes
     */
    void onProbeTimeout(boolean newToo, long nowNanos) {
        long before = sndNxt;
        if (newToo && finPosition == NONE) {
            sendNew(writer.payloadMss(), nowNanos);
        }
        boolean again = sndNxt == before;
        if (again && !sendTailAgain(nowNanos)) {
            probe.disarm();
            return;
        }
        counters.increment(Counter.TCP_TAIL_PROBE);
        probe.sent(sndNxt, again);
        timer.postpone(nowNanos);
    }

    private boolean sendTailAgain(long nowNanos) {
        long end = Math.min(sndNxt, finPosition);
        long from = Math.max(sndUna, end - writer.payloadMss());
        return sendAgain(from, sndNxt, Math.min(end, window.edge()) - from, Counter.TCP_RETRANSMIT_PROBE, nowNanos);
    }

    /** The persist timer ran out: probes a closed window, lets a silly one be filled; pump follows. */
    void onPersistTimeout(long nowNanos) {
        if (sndUna < sndNxt) {
            persist.stop(); // the retransmission timer watches
        } else if (window.edge() > sndNxt) {
            persist.stop();
            fillSillyWindow = true;
        } else if (!source.mayFollow(sndNxt)) {
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

    /** When a timer of the sending half runs out. */
    long deadlineNanos() {
        return Math.min(Math.min(timer.deadlineNanos(), persist.deadlineNanos()),
                Math.min(probe.deadlineNanos(), recovery.reorderDeadlineNanos()));
    }

    /** How many new bytes both windows leave room for. */
    long sendableBytes() {
        return Math.max(0, Math.min(window.edge() - sndNxt, recovery.roomBytes()));
    }

    /** The position of a segment without payload: never outside of the window that the peer has told. */
    long bareSegmentPosition() {
        return Math.min(sndNxt, Math.max(sndUna, window.edge()));
    }

    /** Whether the peer has closed its window, so that it may leave data unacknowledged as long as it answers. */
    boolean isWindowClosed() {
        return window.edge() <= sndUna;
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
        return window.edge();
    }
}
