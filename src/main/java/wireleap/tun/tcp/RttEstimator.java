package wireleap.tun.tcp;

/** Round trip time and the retransmission timeout that follows from it: RFC 6298 section 2. */
final class RttEstimator {
    /**
     * What scheduling may add to a round trip when the peer does not delay its ACK; but Rack shall have two more round trips,
     * to find what was lost again.
     */
    private static final long PROMPT_NANOS = 4_000_000;

    private final TcpSettings settings;
    private long srttNanos;
    private long rttvarNanos;
    /** The timeout until a round trip is measured. */
    private long firstRtoNanos;
    private boolean measured;

    RttEstimator(TcpSettings settings) {
        this.settings = settings;
    }

    void reset() {
        srttNanos = 0;
        rttvarNanos = 0;
        firstRtoNanos = settings.initialRtoNanos();
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
    }

    /** After a SYN had to be sent again, data begins with at least 3 s (section 5.7). */
    void distrustHandshake() {
        firstRtoNanos = Math.max(firstRtoNanos, 3_000_000_000L);
    }

    /**
     * The timeout before any doubling.
     *
     * @param prompt whether the peer acknowledges at once all that comes
     */
    long rtoNanos(boolean prompt) {
        if (!measured) {
            return firstRtoNanos;
        }
        long leastNanos = prompt ? Math.max(PROMPT_NANOS, 2 * srttNanos) : settings.minRtoNanos();
        long margin = Math.max(leastNanos, 4 * rttvarNanos);
        return Math.min(srttNanos + margin, settings.maxRtoNanos());
    }

    /** The smoothed round trip time, 0 before the first sample. */
    long srttNanos() {
        return srttNanos;
    }
}
