package wireleap.tun.tcp;

/**
 * How often a connection answers what it cannot accept: at most ten times a second, so that neither an attacker (RFC
 * 5961 section 7) nor two confused ends can make it send ACKs without end.
 */
final class ChallengeAcks {
    private static final int MAX_A_PERIOD = 10;
    private static final long PERIOD_NANOS = 1_000_000_000L;

    private long periodNanos;
    private int sent;

    void begin(long nowNanos) {
        periodNanos = nowNanos;
        sent = 0;
    }

    /** Whether one more may be sent; it counts. */
    boolean permit(long nowNanos) {
        if (nowNanos - periodNanos >= PERIOD_NANOS) {
            begin(nowNanos);
        }
        return sent++ < MAX_A_PERIOD;
    }
}
