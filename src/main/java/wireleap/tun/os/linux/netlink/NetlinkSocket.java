package wireleap.tun.os.linux.netlink;

import java.lang.foreign.MemorySegment;

/**
 * A NETLINK_ROUTE socket as bytes: the seam between {@link RouteSocket} and the kernel, where tests put faults. One
 * platform thread at a time. Results are zero or above, or minus errno.
 */
public interface NetlinkSocket extends AutoCloseable {
    /** Sends the first so many bytes: whole messages. The kernel has done what they ask for when this returns. */
    int send(MemorySegment messages, long bytes);

    /**
     * Takes the next datagram; never waits, as the kernel answers while it is asked.
     *
     * @return its length, and where that is more than the memory's, the rest is lost; or EAGAIN: there is none
     */
    int receive(MemorySegment datagram);

    /** The number by which the kernel knows this socket in its network namespace; netlink(7), nl_pid. */
    int port();

    @Override
    void close();
}
