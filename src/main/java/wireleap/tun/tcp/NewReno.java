package wireleap.tun.tcp;

/**
 * Slow start and congestion avoidance of RFC 5681 with the initial window of RFC 6928; the window in NewReno's fast
 * recovery (RFC 6582) is ssthresh, for what has left the network is not counted as in flight (RFC 6675 section 5).
 *
 * <p>Deviates: slow start grows by all bytes acknowledged, not by one segment an ACK, for the local kernel acknowledges
 * a super-segment at once; and no restart after idle (RFC 5681 section 4.1), for no path's state can have aged.
 */
final class NewReno implements CongestionControl {
    private static final long MAX_CWND_BYTES = 1L << 30;

    private int mss;
    private long cwndBytes;
    private long ssthreshBytes;
    /** Acknowledged in congestion avoidance since cwnd grew last (RFC 3465 section 2.1). */
    private long countedBytes;
    private long priorCwndBytes;
    private long priorSsthreshBytes;

    @Override
    public void begin(int mss, boolean synLost) {
        this.mss = mss;
        cwndBytes = synLost ? mss : Math.min(10L * mss, Math.max(2L * mss, 14_600));
        ssthreshBytes = MAX_CWND_BYTES;
        countedBytes = 0;
    }

    @Override
    public void onAcknowledged(long bytes, long flightBytes) {
        if (2 * flightBytes < cwndBytes) {
            return; // it was not this window that held us back (RFC 7661 section 4.3)
        }
        long rest = bytes;
        if (cwndBytes < ssthreshBytes) {
            long growth = Math.min(bytes, ssthreshBytes - cwndBytes);
            cwndBytes += growth;
            rest -= growth;
        }
        countedBytes += rest;
        if (countedBytes >= cwndBytes) {
            countedBytes -= cwndBytes;
            cwndBytes += mss;
        }
        cwndBytes = Math.min(cwndBytes, MAX_CWND_BYTES);
    }

    @Override
    public void onLoss(long flightBytes) {
        ssthreshBytes = Math.max(flightBytes / 2, 2L * mss);
        cwndBytes = ssthreshBytes;
        countedBytes = 0;
    }

    @Override
    public void onTimeout(long flightBytes, boolean again) {
        if (!again) {
            ssthreshBytes = Math.max(flightBytes / 2, 2L * mss);
        }
        cwndBytes = mss;
        countedBytes = 0;
    }

    @Override
    public void remember() {
        priorCwndBytes = cwndBytes;
        priorSsthreshBytes = ssthreshBytes;
    }

    @Override
    public void undo() {
        cwndBytes = Math.max(cwndBytes, priorCwndBytes);
        ssthreshBytes = Math.max(ssthreshBytes, priorSsthreshBytes);
    }

    @Override
    public long cwndBytes() {
        return cwndBytes;
    }

    @Override
    public long ssthreshBytes() {
        return ssthreshBytes;
    }
}
