package wireleap.tun.tcp;

import static wireleap.tun.tcp.TcpConnection.NO_DEADLINE;

/**
 * When a closed window is probed: RFC 9293 section 3.8.6.1. The first probe after a retransmission timeout, then at
 * doubled intervals. And when a window that is open, but silly, is filled all the same: section 3.8.6.2.1 (4).
 */
final class PersistTimer {
    /** The override timeout, 0.1 to 1 s. */
    private static final long OVERRIDE_NANOS = 200_000_000;

    private final TcpSettings settings;
    private long deadlineNanos;
    private long intervalNanos;
    private long armedNanos;

    PersistTimer(TcpSettings settings) {
        this.settings = settings;
    }

    void stop() {
        deadlineNanos = NO_DEADLINE;
    }

    boolean isRunning() {
        return deadlineNanos != NO_DEADLINE;
    }

    /** The window is closed. */
    void ensureRunning(long nowNanos, long rtoNanos) {
        if (deadlineNanos == NO_DEADLINE) {
            armedNanos = nowNanos;
            intervalNanos = rtoNanos;
            deadlineNanos = nowNanos + rtoNanos;
        }
    }

    /** The window is open and silly, whether it was closed for long before or not. */
    void ensureOverride(long nowNanos) {
        ensureRunning(nowNanos, OVERRIDE_NANOS);
        deadlineNanos = Math.min(deadlineNanos, nowNanos + OVERRIDE_NANOS);
    }

    void backOff(long nowNanos) {
        intervalNanos = Math.min(settings.maxRtoNanos(), 2 * intervalNanos);
        deadlineNanos = nowNanos + intervalNanos;
    }

    boolean isDue(long nowNanos) {
        return nowNanos >= deadlineNanos;
    }

    /** Whether probing has gone on for so long that a peer which was silent all the time is gone. */
    boolean mustGiveUp(long nowNanos) {
        return nowNanos - armedNanos >= settings.giveUpNanos();
    }

    long deadlineNanos() {
        return deadlineNanos;
    }
}
