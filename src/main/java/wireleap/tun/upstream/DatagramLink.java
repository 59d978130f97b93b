package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;

/**
 * One non-blocking datagram socket. Results are zero or above, or a {@link SocketError}. It belongs to who asked for it
 * until {@link #close}.
 */
public interface DatagramLink {
    /** 0, or why the socket could not be made. */
    int openResult();

    /**
     * Sends one datagram made of a head and a body, either of which may be empty (length 0; the memory then is not
     * looked at). A connected link ignores the address. A pending error of the socket (an earlier datagram's ICMP) is
     * not an error of this datagram: the link sends again.
     *
     * @return the bytes sent, AGAIN (the datagram is not sent), MESSAGE_SIZE or another error
     */
    int send(long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
             MemorySegment body, long bodyOffset, int bodyLength);

    /**
     * Sends several datagrams of one size, in one go where the kernel can. A connected link ignores the address.
     *
     * @param length bytes in all
     * @param segmentBytes of each but the last, which may be shorter; 1..length
     * @return the bytes sent: whole datagrams from the first on; AGAIN or an error: not even the first
     */
    int sendTrain(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes);

    /**
     * Whether what is sent from now on may become fragments, here or on its way; where not, what is too large for its
     * way is MESSAGE_SIZE, told by sending or by {@link #unreachable}. Until this is called, the kernel's default holds.
     */
    void mayFragment(boolean allowed);

    /**
     * Receives one datagram, or several of one sender, as {@link DatagramMeta#segmentBytes} says (only on links that are
     * not connected); meta says from whom, its offset is the given one. What is longer than length is cut: give 65,535
     * bytes. On a connected link REFUSED says that the other end's port is closed.
     *
     * @return the datagrams' length (0 is an empty datagram), AGAIN or an error
     */
    int recv(DatagramMeta meta, MemorySegment memory, long offset, int length);

    /**
     * Takes one entry of the error queue (IP_RECVERR of ip(7)): REFUSED, HOST_UNREACHABLE, NET_UNREACHABLE,
     * NO_PERMISSION, MESSAGE_SIZE or OTHER, and meta says to whom the datagram was sent that came to nothing (port 0:
     * the one that sending has just answered MESSAGE_SIZE), and with MESSAGE_SIZE what the way allows. AGAIN: none. To
     * be called until AGAIN when {@link LinkOwner#FAILED} came.
     */
    int unreachable(DatagramMeta meta);

    /** The link is gone. */
    void close();
}
