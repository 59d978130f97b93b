package wireleap.tun.upstream;

/**
 * Makes the sockets of a loop. Every one carries the daemon's mark, so that it does not come back through the TUN;
 * streams have TCP_NODELAY, TCP_USER_TIMEOUT and keep-alive.
 *
 * <p>Nothing here blocks, fails by exception or answers null: a socket that could not be made is a link whose
 * {@link Link#connectResult} or {@link DatagramLink#openResult} says why at once. It has to be closed like any other.
 */
public interface Links {
    /** Begins to connect. The owner is told by {@link LinkOwner#WRITABLE}, never from within this call. */
    Link connect(long hi, long lo, int port, LinkOwner owner);

    /** A datagram socket of one family that sends to and receives from anybody, on a port of the kernel's choice. */
    DatagramLink datagrams(boolean v6, LinkOwner owner);

    /** A datagram socket that sends to and receives from this one address and port only: the kernel drops the rest. */
    DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner);
}
