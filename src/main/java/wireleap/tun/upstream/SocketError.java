package wireleap.tun.upstream;

/**
 * What a socket may answer in place of a result: negative ints, so that the packet path knows no exception. The loop
 * maps errno to them. Zero and above are results.
 */
public final class SocketError {
    /** Nothing can be done now; readiness will be told. EAGAIN, EINPROGRESS. */
    public static final int AGAIN = -1;
    /** Nobody listens there, or a datagram came back as port unreachable. ECONNREFUSED. */
    public static final int REFUSED = -2;
    /** ENETUNREACH, ENETDOWN. */
    public static final int NET_UNREACHABLE = -3;
    /** EHOSTUNREACH, EHOSTDOWN. */
    public static final int HOST_UNREACHABLE = -4;
    /** The connection is gone, or its sending side is. ECONNRESET, EPIPE, ENOTCONN, ECONNABORTED. */
    public static final int RESET = -5;
    /** ETIMEDOUT. */
    public static final int TIMED_OUT = -6;
    /** The datagram is larger than the way or the socket can carry. EMSGSIZE. */
    public static final int MESSAGE_SIZE = -7;
    /** A firewall or a route of the kind prohibit. EACCES, EPERM. */
    public static final int NO_PERMISSION = -8;
    /** The host has no (more) address of this family. EADDRNOTAVAIL, EAFNOSUPPORT. */
    public static final int ADDRESS_GONE = -9;
    /** No descriptors or kernel memory. EMFILE, ENFILE, ENOBUFS, ENOMEM. */
    public static final int NO_RESOURCES = -10;
    /** No local port is left, for this target or at all. EADDRINUSE. */
    public static final int NO_PORTS = -11;
    /** Any other errno. */
    public static final int OTHER = -12;

    private SocketError() {
    }

    /** The words for a value of this class, for logs and state; never on the packet path. */
    public static String text(int error) {
        return switch (error) {
            case AGAIN -> "not now";
            case REFUSED -> "connection refused";
            case NET_UNREACHABLE -> "network unreachable";
            case HOST_UNREACHABLE -> "host unreachable";
            case RESET -> "connection reset";
            case TIMED_OUT -> "timed out";
            case MESSAGE_SIZE -> "message too large";
            case NO_PERMISSION -> "not permitted";
            case ADDRESS_GONE -> "no address of this family";
            case NO_RESOURCES -> "out of descriptors or memory";
            case NO_PORTS -> "this host's local ports are used up";
            default -> "socket error";
        };
    }
}
