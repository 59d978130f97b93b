package wireleap.tun.icmp;

/** The errors that are told to hosts, and what they are called in each version: RFC 792, RFC 1812, RFC 4443. */
public enum IcmpError {
    /** No way to the network. */
    NET_UNREACHABLE(3, 0, 1, 0, false),
    /** No way to the host. */
    HOST_UNREACHABLE(3, 1, 1, 3, false),
    /** It is forbidden to go there (RFC 1812 section 5.2.7.1). */
    ADMIN_PROHIBITED(3, 13, 1, 1, false),
    /** The host does not speak this protocol. The parameter in IPv6: where in the packet the protocol is named. */
    PROTOCOL_UNREACHABLE(3, 2, 4, 1, true),
    /** Nobody listens at this port. */
    PORT_UNREACHABLE(3, 3, 1, 4, true),
    /** The packet is longer than the way allows. The parameter: what it allows, in bytes (RFC 1191, RFC 8201). */
    PACKET_TOO_BIG(3, 4, 2, 0, false),
    /** TTL or hop limit is used up. */
    HOP_LIMIT_EXCEEDED(11, 0, 3, 0, false),
    /** Fragments did not come in time. */
    REASSEMBLY_TIME_EXCEEDED(11, 1, 3, 1, true);

    private final int type4;
    private final int code4;
    private final int type6;
    private final int code6;
    private final boolean fromDestination;

    IcmpError(int type4, int code4, int type6, int code6, boolean fromDestination) {
        this.type4 = type4;
        this.code4 = code4;
        this.type6 = type6;
        this.code6 = code6;
        this.fromDestination = fromDestination;
    }

    /** The type in version 4 or 6. */
    public int type(boolean ipv4) {
        return ipv4 ? type4 : type6;
    }

    /** The code in version 4 or 6. */
    public int code(boolean ipv4) {
        return ipv4 ? code4 : code6;
    }

    /** Whether only the packet's destination itself can know this; a router on the way tells the others. */
    public boolean fromDestination() {
        return fromDestination;
    }
}
