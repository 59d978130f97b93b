package wireleap.tun.tcp;

/** Round trip time and the retransmission timeout that follows from it: RFC 6298 section 2. */
final class RttEstimator {
    /** G: no round trip is known more precisely than the timestamps' clock ticks. */
    private static final long GRANULARITY_NANOS = 1_000_000;

    private final TcpSettings settings;
    private long srttNanos;
    private long rttvarNanos;
    private long rtoNanos;
    private boolean measured;

    RttEstimator(TcpSettings settings) {
        this.settings = settings;
    }

    void reset() {
        srttNanos = 0;
        rttvarNanos = 0;
        rtoNanos = settings.initialRtoNanos();
        measured = false;
    }

    /** Takes in a round trip, 0 or more, that is not ambiguous by a retransmission (section 3). */
    void sample(long rttNanos) {
        if (measured) {
            rttvarNanos += (Math.abs(srttNanos - rttNanos) - rttvarNanos) / 4;
            srttNanos += (rttNanos - srttNanos) / 8;
        } else {
            srttNanos = rttNanos;
            rttvarNanos = rttNanos / 2;
            measured = true;
        }
        long rto = srttNanos + Math.max(GRANULARITY_NANOS, 4 * rttvarNanos);
        rtoNanos = Math.clamp(rto, settings.minRtoNanos(), settings.maxRtoNanos());
    }

    /** After a SYN had to be sent again, data begins with at least 3 s (section 5.7). */
    void distrustHandshake() {
        rtoNanos = Math.max(rtoNanos, 3_000_000_000L);
    }

    /** The timeout before any doubling. */
    long rtoNanos() {
        return rtoNanos;
    }

    /** The smoothed round trip time, 0 before the first sample. */
    long srttNanos() {
        return srttNanos;
    }
}
