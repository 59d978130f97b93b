package wireleap.tun.os;

import java.lang.foreign.MemorySegment;

/**
 * Non-blocking TCP and UDP sockets, by descriptor: who makes one closes it. Belongs to one thread and allocates
 * nothing. Results below zero are minus errno. Addresses are pairs of longs, see {@link Endpoint}; IPv4 ones go through
 * IPv4 sockets.
 */
public interface Sockets {
    /**
     * Begins to connect a TCP socket: its descriptor. {@link #connectResult} tells how it went. EADDRINUSE: the local ports
     * for this target are used up.
     */
    int connect(long hi, long lo, int port);

    /**
     * As {@link #connect}, but from a port of the caller's choice, 1..65535, which may be in TIME-WAIT after a connection
     * to the same target. The address is the one that the route of now asks for. A negative result where the kernel does
     * not allow that.
     */
    int connectFrom(int localPort, long hi, long lo, int port);

    /** 0: connected. EAGAIN: not yet. Else why it failed; to be asked no more once it has told that. */
    int connectResult(int fd);

    /**
     * A UDP socket of one family on a port of the kernel's choice, for anybody: its descriptor. What {@link #recvFrom}
     * gives may be several datagrams at once.
     */
    int datagrams(boolean ipv6);

    /** A UDP socket that sends to and receives from this address and port only: its descriptor. */
    int connectedDatagrams(long hi, long lo, int port);

    /** Where the socket is bound. */
    int local(int fd, Endpoint local);

    /** Sends what the kernel takes at once; no SIGPIPE. */
    int send(int fd, MemorySegment memory, long offset, int length);

    /** Receives what is there; 0 is the end of a stream. */
    int recv(int fd, MemorySegment memory, long offset, int length);

    /**
     * Whether TCP sockets of a family can be peeked at by position: then those of {@link #connect} begin at 0. Else
     * {@link #peek} and its like must not be used.
     */
    boolean peeks(boolean ipv6);

    /**
     * Makes {@link #peek} begin at this many bytes after what was received or discarded; each peek moves it on, each
     * recv and discard moves it back by what it took. SO_PEEK_OFF of socket(7).
     */
    int peekFrom(int fd, int position);

    /** As {@link #recv}, but what it gives stays to be received. */
    int peek(int fd, MemorySegment memory, long offset, int length);

    /** Takes up to length bytes of a stream and drops them: how many. It stops at urgent data. MSG_TRUNC of tcp(7). */
    int discard(int fd, int length);

    /**
     * Sends one datagram made of a head and a body, either of which may be empty. An error that an earlier datagram
     * left on the socket (its ICMP) is told once in place of sending.
     */
    int sendTo(int fd, long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
               MemorySegment body, long bodyOffset, int bodyLength);

    /** As {@link #sendTo}, to where the socket is connected. */
    int send(int fd, MemorySegment head, long headOffset, int headLength,
             MemorySegment body, long bodyOffset, int bodyLength);

    /**
     * Sends several datagrams of one size at once; the last may be shorter. EINVAL, EIO or EMSGSIZE: not in one go, or
     * not on this way; nothing was sent then. UDP_SEGMENT of udp(7).
     */
    int sendTrainTo(int fd, long hi, long lo, int port, MemorySegment memory, long offset, int length,
                    int segmentBytes);

    /** As {@link #sendTrainTo}, to where the socket is connected. */
    int sendTrain(int fd, MemorySegment memory, long offset, int length, int segmentBytes);

    /**
     * Whether what a UDP socket sends from now on may become fragments, here and on its way; where not, what is too
     * large for the way is EMSGSIZE. IP_MTU_DISCOVER of ip(7) and ipv6(7).
     */
    int mayFragment(int fd, boolean ipv6, boolean allowed);

    /** Receives one datagram, or several of one sender, as the info says; what is longer than length is cut. */
    int recvFrom(int fd, DatagramInfo from, MemorySegment memory, long offset, int length);

    /**
     * Takes one datagram that came to nothing from the socket's error queue: minus the errno that it came to
     * (ECONNREFUSED for port unreachable), and to whom it was sent; EAGAIN: there is none (any more). With EMSGSIZE the
     * info says what the way allows; one that was refused here, before it was sent, may have port 0.
     */
    int undelivered(int fd, DatagramInfo to);

    /** Ends the sending direction (FIN). */
    int shutdownWrite(int fd);

    /** Closes with RST instead of FIN, dropping what is unsent. */
    void reset(int fd);

    /** Closes; what was sent is still delivered. */
    void close(int fd);
}
