package wireleap.tun.tcp;

/** Whether a silent peer is still there: RFC 9293 section 3.8.4. */
final class KeepAlive {
    private final TcpSettings settings;
    private long heardNanos;
    private int probesSent;
    /** When to look; at or before the true deadline, for hearing something does not move it. */
    private long deadlineNanos;

    KeepAlive(TcpSettings settings) {
        this.settings = settings;
    }

    void begin(long nowNanos) {
        heard(nowNanos);
        deadlineNanos = nowNanos + settings.keepAliveIdleNanos();
    }

    /** A segment came from the peer. */
    void heard(long nowNanos) {
        heardNanos = nowNanos;
        probesSent = 0;
    }

    /** Whether no segment has come for so long that a peer which was asked all the time is gone. */
    boolean isSilent(long nowNanos) {
        return nowNanos - heardNanos >= settings.giveUpNanos();
    }

    long deadlineNanos() {
        return deadlineNanos;
    }

    /** Whether the peer must be probed now; moves the deadline. */
    boolean isProbeDue(long nowNanos) {
        long due = heardNanos + settings.keepAliveIdleNanos() + probesSent * settings.keepAliveIntervalNanos();
        if (nowNanos < due) {
            deadlineNanos = due;
            return false;
        }
        deadlineNanos = nowNanos + settings.keepAliveIntervalNanos();
        probesSent++;
        return true;
    }

    /** Whether one probe more than allowed was due, unanswered. */
    boolean mustGiveUp() {
        return probesSent > settings.keepAliveProbes();
    }
}
