package wireleap.tun.tcp;

/** How a connection ended. */
public enum TcpEnd {
    /** It has not. */
    NOT_YET,
    /** FINs both ways, all delivered. */
    CLEAN,
    /** The peer reset or refused it. */
    RESET_BY_PEER,
    /** The peer did not answer any more. */
    TIMED_OUT,
    /** We reset, refused or forgot it. */
    ABORTED
}
