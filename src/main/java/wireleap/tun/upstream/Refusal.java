package wireleap.tun.upstream;

import wireleap.tun.mem.Counter;

/** Why an upstream does not carry a flow; the flow tells its application as well as the network could have. */
public enum Refusal {
    /** Not refused: on its way or open. */
    NONE,
    /** The target refused: a reset. SOCKS reply 5. */
    REFUSED,
    /** ICMP network unreachable. SOCKS reply 3. */
    NET_UNREACHABLE,
    /** ICMP host unreachable. SOCKS reply 4. */
    HOST_UNREACHABLE,
    /** ICMP administratively prohibited. SOCKS reply 2. */
    NOT_ALLOWED,
    /** ICMP time exceeded. SOCKS reply 6. */
    TTL_EXPIRED,
    /** The upstream answered nothing in time: a reset. */
    TIMED_OUT,
    /**
     * The upstream does not carry this kind of traffic or address: a reset, or port unreachable. SOCKS replies 7, 8.
     */
    NOT_SUPPORTED,
    /** Anything else, above all an upstream that cannot be reached or makes no sense: a reset. SOCKS reply 1. */
    FAILED;

    /** Where it is counted; of what is refused only. */
    public Counter counter() {
        return switch (this) {
            case REFUSED -> Counter.REFUSED_BY_TARGET;
            case NET_UNREACHABLE -> Counter.REFUSED_NET_UNREACHABLE;
            case HOST_UNREACHABLE -> Counter.REFUSED_HOST_UNREACHABLE;
            case NOT_ALLOWED -> Counter.REFUSED_NOT_ALLOWED;
            case TTL_EXPIRED -> Counter.REFUSED_TTL_EXPIRED;
            case TIMED_OUT -> Counter.REFUSED_TIMED_OUT;
            case NOT_SUPPORTED -> Counter.REFUSED_NOT_SUPPORTED;
            case FAILED -> Counter.REFUSED_FAILED;
            case NONE -> throw new AssertionError("what is not refused is counted as refused");
        };
    }

    /** What the failure of a socket that was connected straight to the target means; see {@link SocketError}. */
    static Refusal ofTarget(int socketError) {
        return switch (socketError) {
            case SocketError.REFUSED, SocketError.RESET -> REFUSED;
            case SocketError.NET_UNREACHABLE, SocketError.ADDRESS_GONE -> NET_UNREACHABLE;
            case SocketError.HOST_UNREACHABLE -> HOST_UNREACHABLE;
            case SocketError.NO_PERMISSION -> NOT_ALLOWED;
            case SocketError.TIMED_OUT -> TIMED_OUT;
            default -> FAILED;
        };
    }
}
