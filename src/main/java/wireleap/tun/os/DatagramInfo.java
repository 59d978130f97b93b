package wireleap.tun.os;

/** What a call tells of a datagram besides its bytes: filled by the call, read at once, used again. */
public final class DatagramInfo {
    private final Endpoint other = new Endpoint();
    private int segmentBytes;
    private int mtu;

    /** Who sent it, or whom it was sent to. */
    public Endpoint other() {
        return other;
    }

    /**
     * Above 0: the bytes that came are several datagrams of one sender, each of this size but the last, which may be
     * shorter (UDP_GRO of udp(7)). 0: they are one.
     */
    public int segmentBytes() {
        return segmentBytes;
    }

    /** Of one that was too large for its way: bytes that the way allows, IP header included; 0: not known. */
    public int mtu() {
        return mtu;
    }

    /** Sets what stands beside the address. */
    public void fill(int segmentBytes, int mtu) {
        this.segmentBytes = segmentBytes;
        this.mtu = mtu;
    }
}
