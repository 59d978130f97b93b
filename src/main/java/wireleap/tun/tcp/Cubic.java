package wireleap.tun.tcp;

/**
 * How much may be in the network: CUBIC (RFC 9438) with the initial window of RFC 6928. After a loss the window
 * returns along a cubic curve of time to where it was, lingers there, and then looks for more; it is never below what
 * Reno would have (section 4.3), which is what rules where round trips are short. What is in flight
 * {@link LossRecovery} counts; in fast recovery the window is ssthresh, for what has left the network is not in flight
 * (RFC 6675 section 5).
 *
 * <p>Deviates: slow start grows by all bytes acknowledged, not by one segment an ACK, for the local kernel acknowledges
 * a super-segment at once; no restart after idle (RFC 5681 section 4.1), for no path's state can have aged; and after a
 * loss the window is that of a beginning at the least, not two segments (section 4.6): on the way to the local kernel no
 * link is overloaded, and what few segments lose is found by timeouts only (ten times the throughput at 10 % loss).
 */
final class Cubic {
    private static final long MAX_CWND_BYTES = 1L << 30;
    /** Of a first window (RFC 6928 section 2), and of one after a loss. */
    private static final int INITIAL_SEGMENTS = 10;
    private static final long NONE = Long.MIN_VALUE;
    /** Section 4.6. */
    private static final double BETA = 0.7;
    /** Section 4.1: segments for each cubed second. */
    private static final double C = 0.4;
    /** Section 4.3: so much more slowly does Reno grow, until it is where the loss was, for having shrunk by BETA. */
    private static final double RENO_SHARE = 3 * (1 - BETA) / (1 + BETA);

    private int mss;
    private double cwndBytes;
    private long ssthreshBytes;
    /** The window before the last loss; where the curve is level (W_max, with the fast convergence of section 4.7). */
    private double levelBytes;
    /** The window before the last loss as it was (cwnd_prior). */
    private double priorBytes;
    /** When this congestion avoidance began, or NONE: with the next ACK. */
    private long epochNanos;
    /** Seconds from there to where the curve is level (K). */
    private double levelSeconds;
    /** The window that Reno would have (W_est). */
    private double renoBytes;
    /** What {@link #remember} keeps. */
    private double keptCwndBytes;
    private long keptSsthreshBytes;
    private double keptLevelBytes;

    /**
     * A connection begins.
     *
     * @param mss bytes of payload in a full segment
     * @param synLost whether a SYN had to be sent again: then the first window is one segment (RFC 6928 section 2)
     */
    void begin(int mss, boolean synLost) {
        this.mss = mss;
        cwndBytes = synLost ? mss : Math.min((long) INITIAL_SEGMENTS * mss, Math.max(2L * mss, 14_600));
        ssthreshBytes = MAX_CWND_BYTES;
        levelBytes = 0;
        priorBytes = 0;
        epochNanos = NONE;
    }

    /**
     * New bytes were acknowledged outside of fast recovery.
     *
     * @param bytes 1 or more; a super-segment's may come at once
     * @param flightBytes what was in flight before
     * @param smoothedNanos the smoothed round trip time
     */
    void onAcknowledged(long bytes, long flightBytes, long smoothedNanos, long nowNanos) {
        if (2 * flightBytes < cwndBytes) {
            return; // it was not this window that held us back (RFC 7661 section 4.3)
        }
        long rest = bytes;
        if (cwndBytes < ssthreshBytes) {
            double growth = Math.min(bytes, ssthreshBytes - cwndBytes);
            cwndBytes += growth;
            rest -= (long) growth;
        }
        if (rest > 0) {
            avoidCongestion(rest, smoothedNanos, nowNanos);
        }
        cwndBytes = Math.min(cwndBytes, MAX_CWND_BYTES);
    }

    private void avoidCongestion(long bytes, long smoothedNanos, long nowNanos) {
        if (epochNanos == NONE) {
            epochNanos = nowNanos;
            renoBytes = cwndBytes;
            levelBytes = Math.max(levelBytes, cwndBytes);
            levelSeconds = Math.cbrt((levelBytes - cwndBytes) / mss / C);
        }
        double share = renoBytes < priorBytes ? RENO_SHARE : 1;
        renoBytes += share * mss * bytes / cwndBytes;
        double target = Math.clamp(curveBytes(nowNanos + smoothedNanos), cwndBytes, 1.5 * cwndBytes);
        cwndBytes += (target - cwndBytes) * bytes / cwndBytes;
        if (curveBytes(nowNanos) < renoBytes) {
            cwndBytes = Math.max(cwndBytes, renoBytes);
        }
    }

    /** W_cubic of section 4.2. */
    private double curveBytes(long nanos) {
        double seconds = (nanos - epochNanos) / 1e9 - levelSeconds;
        return levelBytes + C * seconds * seconds * seconds * mss;
    }

    /** A loss was found by what the peer has acknowledged. */
    void onLoss(long flightBytes) {
        shrink(flightBytes);
        cwndBytes = ssthreshBytes;
    }

    /** The retransmission timer ran out; {@code again}: for the same data as before. */
    void onTimeout(long flightBytes, boolean again) {
        if (!again) {
            shrink(flightBytes);
        }
        levelBytes = 0; // section 4.8: the curve begins level where slow start ends
        cwndBytes = mss;
    }

    private void shrink(long flightBytes) {
        levelBytes = cwndBytes < levelBytes ? cwndBytes * (1 + BETA) / 2 : cwndBytes;
        priorBytes = cwndBytes;
        ssthreshBytes = Math.max((long) (flightBytes * BETA), (long) INITIAL_SEGMENTS * mss);
        epochNanos = NONE;
    }

    /** Keeps the window and threshold of this moment, before a loss is answered. */
    void remember() {
        keptCwndBytes = cwndBytes;
        keptSsthreshBytes = ssthreshBytes;
        keptLevelBytes = levelBytes;
    }

    /** There was no loss: what {@link #remember} kept holds again, unless there is more by now. */
    void undo() {
        cwndBytes = Math.max(cwndBytes, keptCwndBytes);
        ssthreshBytes = Math.max(ssthreshBytes, keptSsthreshBytes);
        levelBytes = keptLevelBytes;
        epochNanos = NONE;
    }

    /** What may be in flight, one segment or more. */
    long cwndBytes() {
        return (long) cwndBytes;
    }

    /** Where slow start ends. */
    long ssthreshBytes() {
        return ssthreshBytes;
    }

    /** Whether anything was lost, as far as is known, since the connection began. */
    boolean hasSeenLoss() {
        return ssthreshBytes < MAX_CWND_BYTES;
    }
}
