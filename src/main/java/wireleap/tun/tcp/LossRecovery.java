package wireleap.tun.tcp;

/**
 * Which bytes are lost and must be sent again, and how many are in flight: NewReno (RFC 6582) where the peer has no
 * SACK, the loss marks and the pipe of RFC 6675 where it has; after a timeout everything outstanding counts as lost
 * (RFC 5681 section 3.1). In fast recovery {@link RateReduction} says how much. {@link Sender} sends.
 *
 * <p>Bytes in [sndUna, retransmitNxt) that the peer is not known to hold have been sent again; those in [retransmitNxt,
 * lostEdge) are lost and will be; those beyond are in flight.
 */
final class LossRecovery {
    private enum Phase { OPEN, FAST_RECOVERY, AFTER_TIMEOUT }

    private static final int DUP_THRESH = 3;

    private final Scoreboard scoreboard = new Scoreboard();
    private final CongestionControl congestion = new NewReno();
    private final RateReduction reduction = new RateReduction();
    private Phase phase = Phase.OPEN;
    private boolean sack;
    private int mss;
    private int dupAcks;
    /** The recovery ends when everything before this is acknowledged. */
    private long recover;
    private long retransmitNxt;
    private long lostEdge;
    /** sndUna and the bytes held beyond it: where it grows, something was delivered. */
    private long deliveredEdge;
    /** The next retransmission goes out whatever the window says. */
    private boolean urgent;

    void begin(int mss, boolean sack, boolean synLost) {
        this.mss = mss;
        this.sack = sack;
        congestion.begin(mss, synLost);
        scoreboard.clear();
        phase = Phase.OPEN;
        dupAcks = 0;
        urgent = false;
        recover = 0;
        retransmitNxt = 0;
        lostEdge = 0;
        deliveredEdge = 0;
    }

    /** Takes in a SACK block; true if it says anything new. */
    boolean onSackBlock(long left, long right, long sndUna, long sndNxt) {
        return sack && scoreboard.add(left, right, sndUna, sndNxt);
    }

    /** sndUna has moved by {@code acked} bytes; before that, {@code flightBytes} were in flight. */
    void onNewAck(long sndUna, long sndNxt, long acked, long flightBytes) {
        scoreboard.acknowledged(sndUna);
        if (phase == Phase.FAST_RECOVERY && sndUna < recover) {
            onPartialAck(sndUna, sndNxt, acked);
        } else {
            if (phase == Phase.OPEN || sndUna >= recover) {
                phase = Phase.OPEN;
                dupAcks = 0;
                urgent = false;
            }
            congestion.onAcknowledged(acked, flightBytes);
        }
        findLoss(sndUna, sndNxt);
        noteDelivered(sndUna);
    }

    /** RFC 6582 section 3.2 step 3: what begins at sndUna is lost too, unless it was sent again already. */
    private void onPartialAck(long sndUna, long sndNxt, long acked) {
        dupAcks = (int) Math.max(0, dupAcks - Math.max(0, acked - 1) / mss);
        lostEdge = Math.max(lostEdge, Math.min(sndUna + mss, sndNxt));
        urgent = retransmitNxt <= sndUna;
    }

    /** A duplicate ACK (RFC 5681 section 2), or one whose SACK blocks say something new. */
    void onDuplicateAck(long sndUna, long sndNxt) {
        if (phase != Phase.AFTER_TIMEOUT) {
            dupAcks++;
        }
        findLoss(sndUna, sndNxt);
        noteDelivered(sndUna);
    }

    private void findLoss(long sndUna, long sndNxt) {
        long lostBelow = scoreboard.lostBelow(sndUna, mss);
        if (phase == Phase.OPEN && (lostBelow > sndUna || dupAcks >= DUP_THRESH)) {
            phase = Phase.FAST_RECOVERY;
            congestion.onLoss(sndNxt - sndUna);
            recover = sndNxt;
            retransmitNxt = sndUna;
            lostEdge = Math.min(sndUna + mss, sndNxt);
            urgent = true;
            reduction.begin(sndNxt - sndUna);
        }
        if (phase != Phase.OPEN) {
            lostEdge = Math.max(lostEdge, lostBelow);
        }
    }

    private void noteDelivered(long sndUna) {
        long edge = sndUna + goneBytes();
        if (edge > deliveredEdge) {
            reduction.onDelivered(edge - deliveredEdge, mss);
        }
        deliveredEdge = edge;
    }

    /** The retransmission timer ran out; {@code again}: for the same data as before. */
    void onTimeout(long sndUna, long sndNxt, boolean again) {
        congestion.onTimeout(sndNxt - sndUna, again);
        scoreboard.clear(); // the peer may have thought better of it (RFC 2018 section 8)
        phase = Phase.AFTER_TIMEOUT;
        dupAcks = 0;
        recover = sndNxt;
        retransmitNxt = sndUna;
        lostEdge = sndNxt;
        urgent = true;
    }

    /** What was sent again into a closed window was dropped there: it need not wait for another timeout. */
    void onWindowOpened(long sndUna) {
        if (phase == Phase.AFTER_TIMEOUT) {
            retransmitNxt = sndUna;
            urgent = true;
        }
    }

    /** Bytes in flight: sent, and neither acknowledged nor reported nor lost (RFC 6675 section 4, SetPipe). */
    long pipeBytes(long sndUna, long sndNxt) {
        long lost = phase == Phase.OPEN ? 0 : scoreboard.missingBytes(Math.max(retransmitNxt, sndUna), lostEdge);
        return Math.max(0, sndNxt - sndUna - goneBytes() - lost);
    }

    /** Bytes beyond sndUna that the peer holds: as it reports, or a segment for each duplicate ACK. */
    private long goneBytes() {
        return sack ? scoreboard.sackedBytes() : (long) dupAcks * mss;
    }

    /** Bytes that may be sent now besides those in flight, 0 or more. */
    long roomBytes(long sndUna, long sndNxt) {
        long pipe = pipeBytes(sndUna, sndNxt);
        long cwnd = congestion.cwndBytes();
        return Math.max(0, phase == Phase.FAST_RECOVERY ? reduction.roomBytes(pipe, cwnd) : cwnd - pipe);
    }

    /** Bytes were sent that are new. */
    void onSent(long bytes) {
        reduction.onSent(bytes);
    }

    /** The first lost byte that was not sent again, or -1. */
    long nextLost(long sndUna) {
        if (phase == Phase.OPEN) {
            return -1;
        }
        long start = scoreboard.holeStart(Math.max(retransmitNxt, sndUna));
        return start < lostEdge ? start : -1;
    }

    /** Where the lost bytes that begin at {@code from} end. */
    long lostEnd(long from) {
        return scoreboard.holeEnd(from, lostEdge);
    }

    /** Whether {@link #nextLost} must be sent, at least a segment of it, even without room. */
    boolean isUrgent() {
        return urgent;
    }

    /** These lost bytes have been sent again, and all before them. */
    void onRetransmitted(long from, long end) {
        reduction.onSent(end - from);
        retransmitNxt = end;
        urgent = false;
    }

    boolean isOpen() {
        return phase == Phase.OPEN;
    }

    boolean isAfterTimeout() {
        return phase == Phase.AFTER_TIMEOUT;
    }

    CongestionControl congestion() {
        return congestion;
    }
}
