package wireleap.tun.tcp;

import wireleap.tun.wire.TcpOptions;

/**
 * Which bytes are lost and must be sent again, and how many are in flight: {@link Rack} says so where the peer has
 * SACK, NewReno (RFC 6582) where it has not. In fast recovery {@link RateReduction} says how much may be sent; a
 * recovery that was a mistake, as {@link Eifel} tells, is taken back. {@link Sender} sends.
 */
final class LossRecovery {
    private enum Phase { OPEN, FAST_RECOVERY, AFTER_TIMEOUT }

    private static final int DUP_THRESH = 3;

    private final RttEstimator rtt;
    private final Rack rack;
    private final Scoreboard scoreboard;
    private final Eifel eifel;
    private final Cubic congestion = new Cubic();
    private final RateReduction reduction = new RateReduction();
    private Phase phase = Phase.OPEN;
    private boolean sack;
    private int mss;
    /** Duplicate ACKs without SACK: as many segments have left the network. */
    private int dupAcks;
    /** The recovery ends when everything before this is acknowledged. */
    private long recover;
    /** sndUna and the bytes held beyond it: where it grows, something was delivered. */
    private long deliveredEdge;
    /** The next retransmission goes out whatever the window says. */
    private boolean urgent;

    LossRecovery(RttEstimator rtt, Timestamps timestamps) {
        this.rtt = rtt;
        rack = new Rack(timestamps);
        scoreboard = new Scoreboard(rack);
        eifel = new Eifel(timestamps);
    }

    void begin(int mss, boolean sack, boolean synLost) {
        this.mss = mss;
        this.sack = sack;
        congestion.begin(mss, synLost);
        rack.begin();
        scoreboard.clear(0);
        eifel.begin();
        phase = Phase.OPEN;
        dupAcks = 0;
        urgent = false;
        recover = 0;
        deliveredEdge = 0;
    }

    /** An ACK has come; what it says follows. */
    void ackArrives(TcpOptions options, long nowNanos) {
        rack.ackArrives(options, nowNanos);
    }

    /** Takes in a SACK block; true if it says anything new. */
    boolean onSackBlock(long left, long right) {
        boolean credible = left > scoreboard.sndUna() && left < right && right <= scoreboard.sndNxt();
        return sack && credible && scoreboard.reported(left, right);
    }

    /** A D-SACK block has told that something was sent again in vain. */
    void onDuplicateReported() {
        rack.onSpurious(scoreboard.sndNxt());
    }

    /** All before {@code ack} is acknowledged, and was not before; true if the recovery is taken back. */
    boolean onNewAck(TcpOptions options, long ack, long nowNanos) {
        long flightBytes = scoreboard.outstandingBytes();
        long acked = ack - scoreboard.sndUna();
        scoreboard.acknowledged(ack);
        if (scoreboard.isReneged()) {
            scoreboard.forgetReports();
        }
        rack.acknowledged(ack);
        boolean mistake = phase != Phase.OPEN && eifel.isMistake(options, ack);
        if (mistake) {
            undo();
        }
        if (phase == Phase.FAST_RECOVERY && ack < recover) {
            onPartialAck(acked);
        } else {
            if (phase != Phase.OPEN && ack >= recover) {
                rack.onRecoveryEnd();
                open();
            }
            dupAcks = 0;
            congestion.onAcknowledged(acked, flightBytes, rtt.srttNanos(), nowNanos);
        }
        boolean found = findLoss(nowNanos);
        noteDelivered(!found);
        return mistake;
    }

    /** RFC 6582 section 3.2 step 3: what begins at sndUna is lost too, unless it was sent again already. */
    private void onPartialAck(long acked) {
        if (!sack) {
            dupAcks = (int) Math.max(0, dupAcks - Math.max(0, acked - 1) / mss);
            urgent |= scoreboard.loseFirst(mss);
        }
    }

    /** A duplicate ACK (RFC 5681 section 2), or one whose SACK blocks say something new. */
    void onDuplicateAck(long nowNanos) {
        if (!sack && phase != Phase.AFTER_TIMEOUT) {
            dupAcks++;
        }
        findLoss(nowNanos);
        noteDelivered(false);
    }

    /** What was out of order for long enough counts as lost. */
    void onReorderTimeout(long nowNanos) {
        findLoss(nowNanos);
    }

    private boolean findLoss(long nowNanos) {
        long lostBefore = scoreboard.lostBytes();
        if (!sack) {
            if (phase == Phase.OPEN && dupAcks >= DUP_THRESH) {
                scoreboard.loseFirst(mss);
            }
        } else if (phase != Phase.OPEN || scoreboard.sackedBytes() > 0) {
            boolean hasty = phase != Phase.OPEN || scoreboard.sackedBytes() > (DUP_THRESH - 1) * (long) mss;
            rack.findLost(scoreboard, hasty, rtt.srttNanos(), nowNanos);
        } else {
            rack.stop();
        }
        boolean found = scoreboard.lostBytes() > lostBefore;
        if (phase == Phase.OPEN && found) {
            phase = Phase.FAST_RECOVERY;
            congestion.remember();
            congestion.onLoss(scoreboard.outstandingBytes());
            reduction.begin(scoreboard.outstandingBytes());
            recoveryBegins();
        }
        return found;
    }

    private void recoveryBegins() {
        recover = scoreboard.sndNxt();
        urgent = true;
        eifel.recoveryBegins();
    }

    private void noteDelivered(boolean safe) {
        long edge = scoreboard.sndUna() + goneBytes();
        if (edge > deliveredEdge) {
            reduction.onDelivered(edge - deliveredEdge, safe ? mss : 0);
        }
        deliveredEdge = edge;
    }

    /** The retransmission timer ran out; {@code again}: for the same data as before. */
    void onTimeout(boolean again, long nowNanos) {
        if (!again) {
            congestion.remember();
        }
        congestion.onTimeout(scoreboard.outstandingBytes(), again);
        phase = Phase.AFTER_TIMEOUT;
        dupAcks = 0;
        recoveryBegins();
        if (sack) {
            rack.findLostAfterTimeout(scoreboard, rtt.srttNanos(), nowNanos);
        } else {
            scoreboard.loseAll();
        }
    }

    /** What was sent again into a closed window was dropped there: it need not wait for another timeout. */
    void onWindowOpened() {
        if (phase == Phase.AFTER_TIMEOUT) {
            scoreboard.loseAll();
            urgent = true;
        }
    }

    /** A tail loss probe has made a loss good, which is answered like any other (RFC 8985 section 7.4). */
    void onProbeMadeGood() {
        if (phase == Phase.OPEN) {
            congestion.onLoss(scoreboard.outstandingBytes());
        }
    }

    private void undo() {
        scoreboard.loseNothing();
        congestion.undo();
        open();
    }

    private void open() {
        phase = Phase.OPEN;
        dupAcks = 0;
        urgent = false;
    }

    /** Bytes in flight: sent, and neither acknowledged nor reported nor lost (RFC 6675 section 4, SetPipe). */
    private long pipeBytes() {
        return Math.max(0, scoreboard.outstandingBytes() - goneBytes() - scoreboard.lostBytes());
    }

    /** Bytes beyond sndUna that the peer holds: as it reports, or a segment for each duplicate ACK. */
    private long goneBytes() {
        return sack ? scoreboard.sackedBytes() : (long) dupAcks * mss;
    }

    /** Bytes that may be sent now besides those in flight, 0 or more. */
    long roomBytes() {
        long pipe = pipeBytes();
        long cwnd = congestion.cwndBytes();
        return Math.max(0, phase == Phase.FAST_RECOVERY ? reduction.roomBytes(pipe, cwnd) : cwnd - pipe);
    }

    /**
     * The most bytes for one transmit: on a path that has lost something a third of the window (as Linux has it by
     * tcp_tso_win_divisor), for a super-segment is lost whole, and what remains shows that.
     */
    long burstBytes() {
        return congestion.hasSeenLoss() ? congestion.cwndBytes() / 3 : Long.MAX_VALUE;
    }

    /** New bytes were sent, and perhaps the FIN: all up to {@code end}. */
    void onSent(long end, long nowNanos) {
        reduction.onSent(end - scoreboard.sndNxt());
        scoreboard.sent(end, nowNanos);
    }

    /** The first lost byte that was not sent again, or -1. */
    long nextLost() {
        return scoreboard.firstLost();
    }

    /** Where the lost bytes that begin at {@code from} end. */
    long lostEnd(long from) {
        return scoreboard.lostEnd(from);
    }

    /** Whether {@link #nextLost} must be sent, at least a segment of it, even without room. */
    boolean isUrgent() {
        return urgent;
    }

    /** These bytes have been sent again. */
    void onSentAgain(long from, long end, long nowNanos) {
        reduction.onSent(end - from);
        eifel.sentAgain(from, nowNanos);
        scoreboard.sentAgain(from, end, nowNanos);
        urgent = false;
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    boolean isAfterTimeout() {
        return phase == Phase.AFTER_TIMEOUT;
    }

    /** Whether a tail may be asked for by a probe: nothing shows a loss yet, and the peer tells what it holds. */
    boolean mayProbe() {
        return sack && phase == Phase.OPEN && scoreboard.sackedBytes() == 0 && scoreboard.outstandingBytes() > 0;
    }

    /** Whether the peer has reported something out of order, so that it does not delay its ACKs. */
    boolean isAnsweredAtOnce() {
        return scoreboard.sackedBytes() > 0;
    }

    /** Whether no more than one segment is outstanding. */
    boolean isLone() {
        return scoreboard.outstandingBytes() <= mss;
    }

    /** When {@link #onReorderTimeout} is due. */
    long reorderDeadlineNanos() {
        return rack.deadlineNanos();
    }

    /** The round trip of which the last ACK has told, of bytes that were sent once; -1: none. */
    long sampleNanos() {
        return rack.sampleNanos();
    }

    Cubic congestion() {
        return congestion;
    }
}
