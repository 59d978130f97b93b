package wireleap.tun.loop;

/**
 * The local ports of connections that were closed, oldest first, so that a port may be used again for the same server.
 *
 * <p>Where the client closes first it is our socket that stays in TIME-WAIT for a minute. The kernel has some 28,000
 * ports for one server and gives out none that is in TIME-WAIT, and long before they are used up it searches them for
 * milliseconds (seen on 6.18: 360 connects a second at half of them). But a socket that names port and address itself
 * (bind(2) with SO_REUSEADDR) takes the place of one in TIME-WAIT, if both had timestamps: the sequence numbers and
 * timestamps go on from there (RFC 6191; tcp_twsk_unique() of net/ipv4/tcp_ipv4.c), so that nothing old can be taken for
 * new. The address is not kept: the way to the server may have changed, and with it the address. Only where there are
 * many is it done: a port rests for {@link #RESTING} connections first.
 */
final class SpentPorts {
    static final int RESTING = 2048;
    /** More, because many dials may come between two ends: a port that is dropped is of no use for a minute. */
    static final int KEPT = 2 * RESTING;

    private final long[] targetHi = new long[KEPT];
    private final long[] targetLo = new long[KEPT];
    /** The target's port in the upper half, the local one in the lower. */
    private final int[] ports = new int[KEPT];
    private int oldest;
    private int count;

    /** Adds one that is closed just now; the oldest gives way. */
    void add(long hi, long lo, int port, int localPort) {
        if (count == KEPT) {
            drop();
        }
        int index = (oldest + count++) % KEPT;
        targetHi[index] = hi;
        targetLo[index] = lo;
        ports[index] = port << Short.SIZE | localPort;
    }

    /** Whether there are so many that the kernel has few. */
    boolean areMany() {
        return count >= RESTING;
    }

    /** Takes out the oldest, if it led to this target; else 0. */
    int take(long hi, long lo, int port) {
        if (count == 0 || targetHi[oldest] != hi || targetLo[oldest] != lo || ports[oldest] >>> Short.SIZE != port) {
            return 0;
        }
        int localPort = ports[oldest] & 0xffff;
        drop();
        return localPort;
    }

    private void drop() {
        oldest = (oldest + 1) % KEPT;
        count--;
    }
}
