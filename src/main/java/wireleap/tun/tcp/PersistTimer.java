package wireleap.tun.tcp;

import static wireleap.tun.tcp.TcpConnection.NO_DEADLINE;

/**
 * When a closed window is probed: RFC 9293 section 3.8.6.1. The first probe after a retransmission timeout, then at
 * doubled intervals.
 */
final class PersistTimer {
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

    void ensureRunning(long nowNanos, long rtoNanos) {
        if (deadlineNanos == NO_DEADLINE) {
            armedNanos = nowNanos;
            intervalNanos = rtoNanos;
            deadlineNanos = nowNanos + rtoNanos;
        }
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
