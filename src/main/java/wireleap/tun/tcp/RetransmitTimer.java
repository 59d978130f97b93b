package wireleap.tun.tcp;

import static wireleap.tun.tcp.TcpConnection.NO_DEADLINE;

/**
 * When what is unacknowledged must be sent again: RFC 6298 section 5, and when to give up: RFC 9293 section 3.8.3.
 */
final class RetransmitTimer {
    /** From a millisecond to more than any maximum, and from a maximum of an hour to less than 2^63. */
    private static final int MAX_DOUBLINGS = 20;
    private static final int PROMPT_ACKS = 16;

    private final TcpSettings settings;
    final RttEstimator rtt;
    private long deadlineNanos;
    private int doublings;
    /** For so many ACKs to come, this one included, the peer acknowledges at once; 0: it may delay ACKs. */
    private int promptAcks;
    /** Since when the peer has acknowledged nothing new; meaningful while running. */
    private long stalledSinceNanos;

    RetransmitTimer(TcpSettings settings) {
        this.settings = settings;
        this.rtt = new RttEstimator(settings);
    }

    void reset() {
        rtt.reset();
        deadlineNanos = NO_DEADLINE;
        doublings = 0;
        promptAcks = 0;
    }

    /**
     * An ACK has come.
     *
     * @param disorder whether the peer holds something out of order, so that it acknowledges at once (RFC 5681 section
     *     4.2), and goes on to for a while (Linux: TCP_MAX_QUICKACKS of net/tcp.h)
     */
    void ackArrives(boolean disorder) {
        promptAcks = disorder ? PROMPT_ACKS : Math.max(0, promptAcks - 1);
    }

    /** Whether the peer acknowledges at once. */
    boolean isPrompt() {
        return promptAcks > 0;
    }

    /** A segment was sent (5.1). */
    void ensureRunning(long nowNanos) {
        if (deadlineNanos == NO_DEADLINE) {
            restart(nowNanos);
        }
    }

    /** Something new was acknowledged, and more is outstanding (5.3). */
    void restart(long nowNanos) {
        deadlineNanos = nowNanos + rtoNanos();
        stalledSinceNanos = nowNanos;
    }

    /** A tail loss probe was sent (RFC 8985 section 7.3): its ACK is waited for. */
    void postpone(long nowNanos) {
        deadlineNanos = nowNanos + rtoNanos();
    }

    /** All is acknowledged (5.2). */
    void stop() {
        deadlineNanos = NO_DEADLINE;
    }

    /** It has run out (5.5, 5.6). */
    void backOff(long nowNanos) {
        doublings++;
        deadlineNanos = nowNanos + rtoNanos();
    }

    /** A round trip was measured, so doublings end (section 5, last paragraph). */
    void sample(long rttNanos) {
        rtt.sample(rttNanos);
        doublings = 0;
    }

    /** Data begins now that the handshake is over (5.7). */
    void handshakeDone() {
        if (doublings > 0) {
            rtt.distrustHandshake();
            doublings = 0;
        }
        deadlineNanos = NO_DEADLINE;
    }

    boolean isDue(long nowNanos) {
        return nowNanos >= deadlineNanos;
    }

    /** Whether this is a repeated timeout of the same data. */
    boolean hasBackedOff() {
        return doublings > 0;
    }

    /** Whether the peer has acknowledged nothing new for too long. */
    boolean mustGiveUp(long nowNanos) {
        return nowNanos - stalledSinceNanos >= settings.giveUpNanos();
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    long rtoNanos() {
        return Math.min(settings.maxRtoNanos(), rtt.rtoNanos(isPrompt()) << Math.min(doublings, MAX_DOUBLINGS));
    }
}
