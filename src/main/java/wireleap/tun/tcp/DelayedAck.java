package wireleap.tun.tcp;

import static wireleap.tun.tcp.TcpConnection.NO_DEADLINE;

/**
 * When what was received is acknowledged: RFC 9293 section 3.8.6.3, RFC 5681 section 4.2. Decided at the end of a turn:
 * two segments (of a super-segment's or of several), or cause for haste, and it goes at once; a lone one waits for data
 * to ride on, for a short time, and not at all when the last one waited in vain.
 */
final class DelayedAck {
    private final long delayNanos;
    private int segments;
    private boolean haste;
    private boolean waitedInVain;
    private long deadlineNanos;

    DelayedAck(TcpSettings settings) {
        delayNanos = settings.delayedAckNanos();
    }

    void begin() {
        waitedInVain = false;
        clear();
    }

    /** So many full or partial segments came in order. */
    void onSegments(int count) {
        segments += count;
    }

    /** The next ACK must not wait. */
    void hurry() {
        haste = true;
    }

    /** Whether an ACK must go now; if one may wait, its time begins. */
    boolean isDueAtEndOfTurn(long nowNanos) {
        if (haste || segments >= 2 || segments == 1 && waitedInVain) {
            return true;
        }
        if (segments == 1 && deadlineNanos == NO_DEADLINE) {
            deadlineNanos = nowNanos + delayNanos;
        }
        return false;
    }

    /** A segment with an acknowledgment was sent. */
    void onSent(boolean withData) {
        if (withData && segments > 0) {
            waitedInVain = false;
        }
        clear();
    }

    /** The time is over. */
    void onTimer() {
        waitedInVain = true;
        haste = true;
        deadlineNanos = NO_DEADLINE;
    }

    boolean isTimerDue(long nowNanos) {
        return nowNanos >= deadlineNanos;
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    private void clear() {
        segments = 0;
        haste = false;
        deadlineNanos = NO_DEADLINE;
    }
}
