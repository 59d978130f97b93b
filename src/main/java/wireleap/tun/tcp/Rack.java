package wireleap.tun.tcp;

import static wireleap.tun.tcp.TcpConnection.NO_DEADLINE;

import wireleap.tun.wire.TcpOptions;

/**
 * Which bytes are lost, told by time (RACK, RFC 8985 section 6): those sent before something that has been delivered,
 * by more than the packets of this path change their order. Retransmissions that are lost again are found like all
 * others. Hears of what is delivered from {@link Scoreboard}; round trips are measured on the way.
 */
final class Rack {
    /** Round trips in which a window made wider by D-SACK is kept (section 6.2 step 4). */
    private static final int WIDE_RECOVERIES = 16;
    private static final long NONE = Long.MAX_VALUE;

    private final Timestamps timestamps;
    /** Of what was delivered, that sent last: when, where it ends, and how long it took (RACK.xmit_ts and so on). */
    private long sentNanos;
    private long endPosition;
    private long roundTripNanos;
    private long minRoundTripNanos;
    /** Where the highest that was delivered ends, and what that was before this ACK. */
    private long highest;
    private long highestBefore;
    private boolean reordered;
    private int windowQuarters;
    private int wideRecoveries;
    /** One round trip counts as one reason to widen the window: it ends when this is acknowledged. */
    private long dsackRoundEnd;
    private long deadlineNanos;
    /** The ACK that is being taken in: when it came, and what it echoes. */
    private long nowNanos;
    private boolean echoes;
    private int echo;
    private long sampleNanos;
    /** It acknowledges what was sent more than once: what was sent once may have arrived long ago. */
    private boolean ambiguous;

    Rack(Timestamps timestamps) {
        this.timestamps = timestamps;
    }

    void begin() {
        sentNanos = Long.MIN_VALUE;
        endPosition = 0;
        roundTripNanos = 0;
        minRoundTripNanos = Long.MAX_VALUE;
        highest = 0;
        highestBefore = 0;
        reordered = false;
        windowQuarters = 1;
        wideRecoveries = 0;
        dsackRoundEnd = NONE;
        deadlineNanos = NO_DEADLINE;
        sampleNanos = -1;
    }

    /** An ACK has come: what it delivers follows. */
    void ackArrives(TcpOptions options, long nowNanos) {
        this.nowNanos = nowNanos;
        echoes = timestamps.enabled() && options.hasTimestamps();
        echo = options.tsEcr();
        highestBefore = highest;
        sampleNanos = -1;
        ambiguous = false;
    }

    /** Bytes that end there were delivered, sent last then; {@code again}: not for the first time. */
    void onDelivered(long sentNanos, long end, boolean again) {
        long tookNanos = nowNanos - sentNanos;
        ambiguous |= again;
        if (again) {
            boolean earlier = echoes && echo - timestamps.value(sentNanos) < 0;
            if (earlier || tookNanos < minRoundTripNanos) {
                return; // what was sent before has arrived, not this (section 6.2 step 2)
            }
        } else {
            reordered |= end <= highestBefore;
            sampleNanos = Math.max(sampleNanos, tookNanos);
        }
        minRoundTripNanos = Math.min(minRoundTripNanos, tookNanos);
        highest = Math.max(highest, end);
        if (isAfter(sentNanos, end, this.sentNanos, endPosition)) {
            this.sentNanos = sentNanos;
            endPosition = end;
            roundTripNanos = tookNanos;
        }
    }

    private static boolean isAfter(long nanos1, long end1, long nanos2, long end2) {
        return nanos1 > nanos2 || nanos1 == nanos2 && end1 > end2;
    }

    /** The peer told by D-SACK that something was sent again in vain: packets change their order more than thought. */
    void onSpurious(long sndNxt) {
        if (dsackRoundEnd == NONE) {
            dsackRoundEnd = sndNxt;
            windowQuarters++;
            wideRecoveries = WIDE_RECOVERIES;
        }
    }

    /** Everything before sndUna is acknowledged. */
    void acknowledged(long sndUna) {
        if (sndUna >= dsackRoundEnd) {
            dsackRoundEnd = NONE;
        }
    }

    void onRecoveryEnd() {
        if (wideRecoveries > 0 && --wideRecoveries == 0) {
            windowQuarters = 1;
        }
    }

    /**
     * Marks what is lost by now, and sets the deadline for what may be lost soon.
     *
     * @param hasty whether order is no matter where it was never seen to change: in recovery, or when as much is
     *        delivered beyond a hole as three duplicate ACKs tell of
     */
    void findLost(Scoreboard scoreboard, boolean hasty, long smoothedNanos, long nowNanos) {
        long window = windowNanos(hasty, smoothedNanos);
        long waitNanos = 0;
        for (int i = 0; i < scoreboard.size(); i++) {
            if (scoreboard.isInFlight(i)
                    && isAfter(sentNanos, endPosition, scoreboard.sentNanos(i), scoreboard.end(i))) {
                long remaining = scoreboard.sentNanos(i) + roundTripNanos + window - nowNanos;
                if (remaining <= 0) {
                    scoreboard.lose(i);
                }
                waitNanos = Math.max(waitNanos, remaining);
            }
        }
        deadlineNanos = waitNanos > 0 ? nowNanos + waitNanos : NO_DEADLINE;
    }

    /** Section 6.3: after a timeout the first is lost, and what is older than a round trip. */
    void findLostAfterTimeout(Scoreboard scoreboard, long smoothedNanos, long nowNanos) {
        long window = windowNanos(true, smoothedNanos);
        for (int i = 0; i < scoreboard.size(); i++) {
            boolean overdue = scoreboard.sentNanos(i) + roundTripNanos + window <= nowNanos;
            if (scoreboard.isInFlight(i) && (i == 0 || overdue)) {
                scoreboard.lose(i);
            }
        }
        deadlineNanos = NO_DEADLINE;
    }

    /** Section 6.2 step 4. */
    private long windowNanos(boolean hasty, long smoothedNanos) {
        if (hasty && !reordered || minRoundTripNanos == Long.MAX_VALUE) {
            return 0;
        }
        return Math.min(windowQuarters * minRoundTripNanos / 4, smoothedNanos);
    }

    /** When {@link #findLost} must be called again. */
    long deadlineNanos() {
        return deadlineNanos;
    }

    void stop() {
        deadlineNanos = NO_DEADLINE;
    }

    /** The longest round trip that this ACK tells of, if all that it delivers was sent once; -1: none (Karn). */
    long sampleNanos() {
        return ambiguous ? -1 : sampleNanos;
    }
}
