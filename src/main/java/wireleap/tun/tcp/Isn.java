package wireleap.tun.tcp;

import wireleap.tun.mem.SipHash;

/**
 * Initial sequence numbers: a clock plus a keyed hash of the connection's four ends (RFC 6528 section 3), so that an
 * outsider cannot guess them and an incarnation begins above the one before. One a stack.
 */
public final class Isn {
    /** The clock ticks every 4 microseconds (RFC 9293 section 3.4.1). */
    private static final long NANOS_PER_TICK = 4_000;

    private final SipHash hash;

    /** Under a secret key of two random longs. */
    public Isn(long key0, long key1) {
        hash = new SipHash(key0, key1);
    }

    /** The number for a connection that begins now; addresses as hi and lo, ports 0..65535. */
    public int next(long localHi, long localLo, int localPort, long remoteHi, long remoteLo, int remotePort,
                    long nowNanos) {
        long keyed = hash.begin().add(localHi).add(localLo).add(remoteHi).add(remoteLo)
                .add((long) localPort << 16 | remotePort).end();
        return (int) (nowNanos / NANOS_PER_TICK + keyed);
    }
}
