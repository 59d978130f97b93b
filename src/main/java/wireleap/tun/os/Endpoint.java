package wireleap.tun.os;

/**
 * An address and port, filled by a call that tells one, read at once, used again. An IPv4 address is ::ffff:a.b.c.d: hi
 * 0, lo 0x0000ffff_aabbccdd.
 */
public final class Endpoint {
    private long hi;
    private long lo;
    private int port;

    /** High half of the address, in network order. */
    public long hi() {
        return hi;
    }

    /** Low half of the address, in network order. */
    public long lo() {
        return lo;
    }

    /** 0 to 65535. */
    public int port() {
        return port;
    }

    /** Sets all three. */
    public void fill(long hi, long lo, int port) {
        this.hi = hi;
        this.lo = lo;
        this.port = port;
    }

    /** Whether an address is an IPv4 one in its mapped form (RFC 4291 section 2.5.5.2). */
    public static boolean isIpv4(long hi, long lo) {
        return hi == 0 && lo >>> 32 == 0xffff;
    }
}
