package wireleap.tun.tcp;

/**
 * Where the bytes come from that a {@link TcpConnection} sends: a ring of the flow, or the upstream socket's own buffer
 * in the kernel. Positions count bytes of the stream from 0. Its methods are called from within the connection's and
 * must not call back into it: a failure is noted, and the connection aborted after the outer call has returned.
 */
public interface TcpSource {
    /**
     * Makes the bytes at [position, position + n) the payload of the {@link TcpOutput#transmit} that follows; what was
     * prepared before is forgotten. Called for new bytes and for retransmissions alike.
     *
     * @param position at or after what was last released
     * @param maxBytes 1 or more
     * @return n, 0..maxBytes. Less than maxBytes means that the source has no more at present (or wants no more of
     *         this turn; it then calls {@link TcpConnection#pump} in another one). 0 also after a failure
     */
    int prepare(long position, int maxBytes);

    /** Whether there is a byte at a position, or may be: then a closed window is worth a probe. */
    default boolean mayFollow(long position) {
        return prepare(position, 1) > 0;
    }

    /** Whether the stream has ended and this is its end: nothing comes at or after it, the FIN goes there. */
    boolean endsAt(long position);

    /** All before this position has been acknowledged and will not be asked for again. */
    void release(long position);
}
