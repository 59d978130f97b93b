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

    /** The datagram's length; AGAIN: not sent, there is no room now or the session is still being made; or an error. */
    int send(long hi, long lo, int port, MemorySegment memory, long offset, int length);

    /**
     * One datagram: its length; meta says from whom and where in the memory it lies. AGAIN: nothing there.
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
