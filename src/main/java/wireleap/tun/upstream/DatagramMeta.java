package wireleap.tun.upstream;

/** What came with a datagram besides its bytes: filled by the receiver's call, read at once, used again and again. */
public final class DatagramMeta {
    private long hi;
    private long lo;
    private int port;
    private long offset;

    /** High half of the address of the other end. */
    public long hi() {
        return hi;
    }

    /** Low half of the address of the other end. */
    public long lo() {
        return lo;
    }

    /** Port of the other end. */
    public int port() {
        return port;
    }

    /** Where the payload begins in the memory that was given: a proxy's header may lie before it. */
    public long offset() {
        return offset;
    }

    /** Sets all that there is. */
    public void fill(long hi, long lo, int port, long offset) {
        this.hi = hi;
        this.lo = lo;
        this.port = port;
        this.offset = offset;
    }
}
