package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;

/**
 * The datagrams of one client address and port, to and from any target: endpoint-independent where the upstream can
 * (RFC 4787 section 4.1). It belongs to who opened it until {@link #close}.
 */
public interface DatagramSession {
    /** NONE while on its way or open; else why there is none (any more). */
    Refusal refusal();

    /** True once datagrams can be sent. */
    boolean isOpen();

    /**
     * Sends a datagram, or several of one size, to one target.
     *
     * @param length bytes in all; 0: an empty datagram
     * @param segmentBytes of each datagram but the last, which may be shorter; 1 or more
     * @param mayFragment whether they may become fragments on their way, as far as the upstream knows that way; where
     *     not, what is too large for it is MESSAGE_SIZE, here or by {@link #unreachable}
     * @return the bytes taken: whole datagrams, the first at least; or of the first, AGAIN (not sent, there is no room
     *     now or the session is still being made) or an error
     */
    int send(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes,
             boolean mayFragment);

    /**
     * One datagram, or several of one sender as {@link DatagramMeta#segmentBytes} says: the length of all; meta says from
     * whom and where in the memory they lie. AGAIN: nothing there.
     *
     * @param length room, at least {@link #RECEIVE_BYTES}, or what is longer is cut
     */
    int recv(DatagramMeta meta, MemorySegment memory, long offset, int length);

    /** As {@link DatagramLink#unreachable}, where the upstream tells; else AGAIN. */
    int unreachable(DatagramMeta meta);

    /** The session is gone. */
    void close();

    /** The largest datagram with the largest header of a proxy before it. */
    int RECEIVE_BYTES = 1 << 16;
}
