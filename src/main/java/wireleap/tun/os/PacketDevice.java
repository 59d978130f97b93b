package wireleap.tun.os;

import java.lang.foreign.MemorySegment;

/**
 * One queue of a device that hands out and takes whole IP packets, as {@link #offloads} says with a virtio header
 * before each. Non-blocking; one thread uses it. Results below zero are minus errno: EAGAIN when there is no packet to
 * read, EIO while the device is down, EINVAL for a packet that it does not believe.
 */
public interface PacketDevice extends AutoCloseable {
    /** The descriptor to watch in a {@link Poller}. */
    int fd();

    /** What this queue's packets may leave undone. */
    Offloads offloads();

    /** Reads one packet with its header: its length. What is longer than the given length is cut off and lost. */
    int read(MemorySegment memory, long offset, int length);

    /** Writes one packet with its header, contiguous. */
    int write(MemorySegment memory, long offset, int length);

    /** Writes one packet with its header, in parts. */
    int write(IoVec parts);

    /** The queue is gone; with its last queue a device that is not persistent goes too. */
    @Override
    void close();
}
