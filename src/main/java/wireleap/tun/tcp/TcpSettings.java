package wireleap.tun.tcp;

import static java.util.concurrent.TimeUnit.HOURS;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;

/**
 * What all connections of a stack have in common. Durations are nanoseconds.
 *
 * @param maxWindowBytes the largest window that is offered, 1 to 2^30; fixes the window scale
 * @param windowScaling whether window scaling is offered and taken (RFC 7323 section 2)
 * @param timestamps whether timestamps are offered and taken (RFC 7323 section 3)
 * @param sack whether SACK is offered and taken (RFC 2018)
 * @param initialRtoNanos retransmission timeout before the first round trip was measured (RFC 6298 section 2.1)
 * @param minRtoNanos its least distance above the smoothed round trip: as long as the peer may delay an ACK, and more
 * @param maxRtoNanos its upper bound, with all doublings; that of the intervals of zero window probes too
 * @param giveUpNanos a peer that acknowledges nothing for so long is gone (R2 of RFC 9293 section 3.8.3)
 * @param delayedAckNanos how long a lone segment waits for its acknowledgment, at most 0.5 s (RFC 9293 section 3.8.6.3)
 * @param keepAliveIdleNanos silence after which the peer is probed (RFC 9293 section 3.8.4)
 * @param keepAliveIntervalNanos between such probes
 * @param keepAliveProbes so many unanswered ones and the peer is gone
 * @param timeWaitNanos twice the maximum segment lifetime (RFC 9293 section 3.4.2)
 */
public record TcpSettings(int maxWindowBytes, boolean windowScaling, boolean timestamps, boolean sack,
                          long initialRtoNanos, long minRtoNanos, long maxRtoNanos, long giveUpNanos,
                          long delayedAckNanos, long keepAliveIdleNanos, long keepAliveIntervalNanos,
                          int keepAliveProbes, long timeWaitNanos) {
    /**
     * For the local kernel as the peer: a window of 1 MiB; 300 ms before a first SYN is sent again (deviates from the 1 s
     * of RFC 6298 section 2.1, for nothing lies between: a second that the peer waits for our SYN counts in its own
     * timeouts, which then take many); a timeout at least 60 ms above the round trip (deviates from the 1 s of section
     * 2.4, for that peer delays ACKs by 40 ms at most; Linux has 200 ms); two hours of
     * silence before nine probes 75 s apart; 2 s of TIME-WAIT (deviates from 4 minutes, for a packet lives in that
     * peer's queue for milliseconds).
     */
    public static TcpSettings forLocalPeer() {
        return new TcpSettings(1 << 20, true, true, true,
                MILLISECONDS.toNanos(300), MILLISECONDS.toNanos(60), SECONDS.toNanos(60), SECONDS.toNanos(120),
                MILLISECONDS.toNanos(5), HOURS.toNanos(2), SECONDS.toNanos(75), 9, SECONDS.toNanos(2));
    }

    /** The same with another window. */
    public TcpSettings withMaxWindowBytes(int bytes) {
        return new TcpSettings(bytes, windowScaling, timestamps, sack, initialRtoNanos, minRtoNanos, maxRtoNanos,
                giveUpNanos, delayedAckNanos, keepAliveIdleNanos, keepAliveIntervalNanos, keepAliveProbes,
                timeWaitNanos);
    }

    /** The same with other options. */
    public TcpSettings withOptions(boolean windowScaling, boolean timestamps, boolean sack) {
        return new TcpSettings(maxWindowBytes, windowScaling, timestamps, sack, initialRtoNanos, minRtoNanos,
                maxRtoNanos, giveUpNanos, delayedAckNanos, keepAliveIdleNanos, keepAliveIntervalNanos,
                keepAliveProbes, timeWaitNanos);
    }

    /** The same with other keep-alive probes. */
    public TcpSettings withKeepAlive(long idleNanos, long intervalNanos, int probes) {
        return new TcpSettings(maxWindowBytes, windowScaling, timestamps, sack, initialRtoNanos, minRtoNanos,
                maxRtoNanos, giveUpNanos, delayedAckNanos, idleNanos, intervalNanos, probes, timeWaitNanos);
    }

    /** The same with another patience. */
    public TcpSettings withGiveUpNanos(long nanos) {
        return new TcpSettings(maxWindowBytes, windowScaling, timestamps, sack, initialRtoNanos, minRtoNanos,
                maxRtoNanos, nanos, delayedAckNanos, keepAliveIdleNanos, keepAliveIntervalNanos, keepAliveProbes,
                timeWaitNanos);
    }

    /** The shift with which the largest window fits into 16 bits, 0..14 (RFC 7323 section 2.3). */
    int windowScale() {
        int scale = 0;
        while ((long) 0xffff << scale < maxWindowBytes) {
            scale++;
        }
        return scale;
    }
}
