package wireleap.tun.upstream;

/** What came with a datagram besides its bytes: filled by the receiver's call, read at once, used again and again. */
public final class DatagramMeta {
    private long hi;
    private long lo;
    private int port;
    private long offset;
    private int segmentBytes;
    private int mtu;

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

    /** Above 0: several datagrams of one sender came, each of this size but the last, which may be shorter. 0: one. */
    public int segmentBytes() {
        return segmentBytes;
    }

    /** Of a datagram that was too large: bytes that its way allows, IP header included; 0: not known. */
    public int mtu() {
        return mtu;
    }

    /** Says that several datagrams came. */
    public void segmentBytes(int segmentBytes) {
        this.segmentBytes = segmentBytes;
    }

    /** Says what the way allows. */
    public void mtu(int mtu) {
        this.mtu = mtu;
    }

    /** Sets the other end and the offset: of one datagram, of whose way nothing is known. */
    public void fill(long hi, long lo, int port, long offset) {
        this.segmentBytes = 0;
        this.mtu = 0;
        this.hi = hi;
        this.lo = lo;
        this.port = port;
        this.offset = offset;
    }
}
