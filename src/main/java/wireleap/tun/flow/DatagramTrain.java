package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Slab;

/**
 * Datagrams of one size from one session to one target, gathered as they come in a turn, so that they go upstream in
 * one go: one call of the kernel for all costs little more than one for each. One a stack; it copies into a block of the
 * slab that is its own.
 */
final class DatagramTrain {
    /** What the kernel takes in one go, whatever the family. */
    private static final int MOST_BYTES = 65_507;
    /** UDP_MAX_SEGMENTS of linux/udp.h before 6.9. */
    private static final int MOST_DATAGRAMS = 64;
    private static final int BLOCK_BYTES = 1 << 16;

    private final Slab slab;
    private final long block;
    /** Whose they are; null: there are none. */
    private UdpFlow flow;
    private long hi;
    private long lo;
    private int port;
    private boolean mayFragment;
    private int segmentBytes;
    private int length;
    private int count;

    /** An empty one; the slab must have a block of 64 KiB left. */
    DatagramTrain(Slab slab) {
        this.slab = slab;
        this.block = slab.allocate(BLOCK_BYTES);
        if (block < 0) {
            throw new AssertionError("no room for 64 KiB in a slab of " + slab.capacityBytes() + " bytes");
        }
    }

    /** Whether a datagram is one to be gathered at all: another of its kind would find room behind it. */
    static boolean takes(int length) {
        return length > 0 && length <= MOST_BYTES / 2;
    }

    /** Adds a copy of a datagram that {@link #takes}; false: it does not belong to those that are in. */
    boolean add(UdpFlow flow, long hi, long lo, int port, boolean mayFragment, MemorySegment memory, long offset,
                int length) {
        if (this.flow == null) {
            this.flow = flow;
            this.hi = hi;
            this.lo = lo;
            this.port = port;
            this.mayFragment = mayFragment;
            segmentBytes = length;
        } else if (!continues(flow, hi, lo, port, mayFragment, length)) {
            return false;
        }
        MemorySegment.copy(memory, offset, slab.memory(), block + this.length, length);
        this.length += length;
        count++;
        return true;
    }

    /** Only the last may be shorter, so none may follow a shorter one. */
    private boolean continues(UdpFlow flow, long hi, long lo, int port, boolean mayFragment, int length) {
        return flow == this.flow && lo == this.lo && hi == this.hi && port == this.port
                && mayFragment == this.mayFragment && length <= segmentBytes && this.length == count * segmentBytes
                && count < MOST_DATAGRAMS && this.length + length <= MOST_BYTES;
    }

    /** Sends them, and is empty. */
    void leave(long nowNanos) {
        UdpFlow sender = flow;
        if (sender == null) {
            return;
        }
        flow = null;
        int bytes = length;
        length = 0;
        count = 0;
        sender.send(hi, lo, port, slab.memory(), block, bytes, segmentBytes, mayFragment, nowNanos);
    }

    /** Drops a flow's datagrams, if they are in: it is gone. Answers how many they were. */
    int drop(UdpFlow gone) {
        int dropped = flow == gone ? count : 0;
        if (dropped > 0) {
            flow = null;
            length = 0;
            count = 0;
        }
        return dropped;
    }

    /** Gives its memory back. */
    void close() {
        slab.free(block, BLOCK_BYTES);
    }
}
