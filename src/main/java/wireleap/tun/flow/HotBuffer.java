package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Slab;

/**
 * Through which bytes go from sockets to the TUN: one block of the slab for all flows of a stack, so that it stays in
 * the processor's cache. It holds a range of one stream's bytes until another's take its place.
 */
final class HotBuffer {
    /** The least part of a slab that a buffer is worth: with little memory it is small. */
    private static final int SHARES = 16;

    private final Slab slab;
    private final long offset;
    private final int capacityBytes;
    /** Whose bytes these are, or null. */
    private PeekDirection owner;
    private long from;
    private int bytes;

    /** Takes its memory, which may be less than asked for: a sixteenth of a slab at the most, 4 KiB at the least. */
    HotBuffer(Slab slab, int wantedBytes) {
        this.slab = slab;
        int share = (int) Math.min(wantedBytes, slab.capacityBytes() / SHARES);
        this.capacityBytes = Math.max(Integer.highestOneBit(share), Slab.MIN_BLOCK_BYTES);
        this.offset = slab.allocate(capacityBytes);
        if (offset < 0) {
            throw new AssertionError("no room for " + capacityBytes + " bytes in a slab of " + slab.capacityBytes());
        }
    }

    /** Holds these bytes from now on, which were put at {@link #offset}. */
    void hold(PeekDirection whose, long position, int length) {
        owner = whose;
        from = position;
        bytes = length;
    }

    /** The owner's bytes are of no use any more. */
    void forget(PeekDirection whose) {
        if (owner == whose) {
            owner = null;
        }
    }

    /** How many bytes of a stream lie here from this position on. */
    int bytesAt(PeekDirection whose, long position) {
        return owner == whose && position >= from ? (int) Math.max(0, from + bytes - position) : 0;
    }

    /** Where the byte at a position lies, which is held. */
    long offset(long position) {
        return offset + (position - from);
    }

    /** Where it begins. */
    long offset() {
        return offset;
    }

    MemorySegment memory() {
        return slab.memory();
    }

    int capacityBytes() {
        return capacityBytes;
    }

    /** Gives its memory back. */
    void close() {
        slab.free(offset, capacityBytes);
    }
}
