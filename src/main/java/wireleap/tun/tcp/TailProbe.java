package wireleap.tun.tcp;

import static wireleap.tun.tcp.TcpConnection.NO_DEADLINE;

/**
 * When the end of what was sent is asked for by a probe, long before a timeout, for nothing follows it that could show
 * that it is lost; and what the probe's ACK means: TLP, RFC 8985 section 7.
 */
final class TailProbe {
    /**
     * How long the peer may wait before it acknowledges one segment. Deviates from the 200 ms of section 7.2: the local
     * kernel waits 40 ms where round trips are short (TCP_DELACK_MIN), and a tick.
     */
    private static final long MAX_ACK_DELAY_NANOS = 50_000_000;
    /** What scheduling may add to the shortest round trips; Linux has two ticks. */
    private static final long MIN_DELAY_NANOS = 2_000_000;
    private static final long UNKNOWN_ROUND_TRIP_NANOS = 1_000_000_000;
    private static final long NONE = -1;

    private long deadlineNanos;
    /** sndNxt when the probe was sent that is under way, or NONE. */
    private long endPosition;
    /** That probe was a retransmission. */
    private boolean again;

    void reset() {
        deadlineNanos = NO_DEADLINE;
        endPosition = NONE;
    }

    /** New data was sent or acknowledged, and nothing is known to be amiss; {@code delayed}: its ACK may be. */
    void arm(long smoothedNanos, boolean delayed, long nowNanos) {
        if (endPosition == NONE) {
            long twoRoundTrips = smoothedNanos == 0 ? UNKNOWN_ROUND_TRIP_NANOS : 2 * smoothedNanos;
            deadlineNanos = nowNanos + twoRoundTrips + (delayed ? MAX_ACK_DELAY_NANOS : MIN_DELAY_NANOS);
        }
    }

    /** There is no tail to ask for, or timeouts and recovery see to it. */
    void disarm() {
        deadlineNanos = NO_DEADLINE;
    }

    /** A probe was sent. */
    void sent(long sndNxt, boolean again) {
        endPosition = sndNxt;
        this.again = again;
        deadlineNanos = NO_DEADLINE;
    }

    /**
     * An ACK has come (section 7.4.2).
     *
     * @param dsackEnd where a D-SACK block ends that it carries, or -1
     * @param duplicate whether it tells nothing new
     * @return whether it shows that something was lost which the probe has made good
     */
    boolean hasMadeGood(long ack, long dsackEnd, boolean duplicate) {
        if (endPosition == NONE || ack < endPosition) {
            return false;
        }
        boolean madeGood = again && dsackEnd != endPosition && ack > endPosition;
        if (!again || dsackEnd == endPosition || ack > endPosition || duplicate) {
            endPosition = NONE;
        }
        return madeGood;
    }

    /** Whether a block that reports a duplicate is the probe's, which says nothing of the order of packets. */
    boolean explains(long dsackEnd) {
        return again && dsackEnd == endPosition;
    }

    boolean isDue(long nowNanos) {
        return nowNanos >= deadlineNanos;
    }

    long deadlineNanos() {
        return deadlineNanos;
    }
}
