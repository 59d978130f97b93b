package wireleap.tun.tcp;

import wireleap.tun.wire.TcpOptions;

/**
 * Whether something was sent again for nothing, told by timestamps: RFC 3522. What the ACK of the first retransmission
 * echoes is older than that: then the peer has answered what was sent before, which was late and not lost.
 */
final class Eifel {
    private final Timestamps timestamps;
    private boolean watching;
    private boolean sentAgain;
    /** Where the first retransmission of this recovery began, and the timestamp that it carried. */
    private long position;
    private int stamp;

    Eifel(Timestamps timestamps) {
        this.timestamps = timestamps;
    }

    void begin() {
        watching = false;
    }

    /** A recovery begins: a retransmission follows. */
    void recoveryBegins() {
        watching = timestamps.enabled();
        sentAgain = false;
    }

    /** Bytes from there on are sent again. */
    void sentAgain(long from, long nowNanos) {
        if (!sentAgain) {
            sentAgain = true;
            position = from;
            stamp = timestamps.value(nowNanos);
        }
    }

    /** Whether an ACK of all before sndUna shows that the recovery was a mistake; says so once at most. */
    boolean isMistake(TcpOptions options, long sndUna) {
        if (!watching || !sentAgain || sndUna <= position) {
            return false;
        }
        watching = false;
        return options.hasTimestamps() && options.tsEcr() - stamp < 0;
    }
}
