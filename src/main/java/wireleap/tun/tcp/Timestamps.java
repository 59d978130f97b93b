package wireleap.tun.tcp;

import wireleap.tun.wire.TcpOptions;

/** The timestamps option: RFC 7323 sections 3 to 5. Our clock ticks once a millisecond from an arbitrary beginning. */
final class Timestamps {
    private static final long NANOS_PER_TICK = 1_000_000;
    /** TS.Recent is worth nothing after 24 days (section 5.5). */
    private static final long OUTDATED_NANOS = 24L * 24 * 3600 * 1_000_000_000L;

    private boolean enabled;
    private int clockOffset;
    /** TS.Recent, to be echoed. */
    private int recent;
    private long recentNanos;

    /** A connection begins; the offset hides how long the machine is up. */
    void begin(int clockOffset) {
        this.clockOffset = clockOffset;
        enabled = false;
        recent = 0;
        recentNanos = 0;
    }

    /** Both SYNs carried the option; the peer's with this value. */
    void enable(int tsVal, long nowNanos) {
        enabled = true;
        recent = tsVal;
        recentNanos = nowNanos;
    }

    boolean enabled() {
        return enabled;
    }

    /** TSval of a segment sent now. */
    int value(long nowNanos) {
        return (int) (nowNanos / NANOS_PER_TICK) + clockOffset;
    }

    /** TSecr of any segment sent now. */
    int echo() {
        return recent;
    }

    /** PAWS: whether a segment is an old duplicate (section 5.3 R1). */
    boolean isOutdated(TcpOptions options, long nowNanos) {
        return enabled && options.hasTimestamps() && options.tsVal() - recent < 0
                && nowNanos - recentNanos < OUTDATED_NANOS;
    }

    /** A segment was accepted that begins at or before what was acknowledged last (section 4.3 (2), section 5.3 R3). */
    void take(TcpOptions options, long nowNanos) {
        if (enabled && options.hasTimestamps()) {
            recent = options.tsVal();
            recentNanos = nowNanos;
        }
    }

    /** The round trip that an acknowledgment of new data tells of, in nanoseconds; -1: none (section 4.1). */
    long roundTripNanos(TcpOptions options, long nowNanos) {
        if (!enabled || !options.hasTimestamps()) {
            return -1;
        }
        int ticks = value(nowNanos) - options.tsEcr();
        return ticks < 0 ? -1 : ticks * NANOS_PER_TICK;
    }

    /** Whether a new connection's SYN is younger than all of this one (section 5.2 of RFC 6191). */
    boolean isYounger(TcpOptions syn) {
        return enabled && syn.hasTimestamps() && syn.tsVal() - recent > 0;
    }
}
