package wireleap.tun.mem;

import java.lang.foreign.MemorySegment;

/**
 * A window of a byte stream, in a block of a {@link Slab}: the byte at position p lies at p modulo the block's size,
 * as long as base &lt;= p &lt; base + capacity. Positions count bytes of the stream and only grow. Which of the bytes
 * in the window are meaningful is known to who uses the ring: there is no tail here, so that bytes may be put out of
 * order. Owns a block only between the first {@link #reserve} and the {@link #discardIfEmpty} that finds it empty.
 *
 * <p>One flow's; run by its loop's thread. Nothing here allocates on the heap.
 */
public final class Ring {
    private final Slab slab;
    private long base;
    /** Where the block lies in the slab; 0 while there is none. */
    private long block;
    /** 0, or a power of two: the size of the block. */
    private int capacity;
    /** capacity - 1; 0 while there is no block, so that empty ranges have an offset too. */
    private int mask;
    private int maxBytes;

    /** A ring of no size at position 0; {@link #reset} makes it useful. */
    public Ring(Slab slab) {
        this.slab = slab;
    }

    /**
     * Forgets everything, gives the block back and starts anew.
     *
     * @param startPosition of the stream, 0 or more
     * @param maxBytes what the window may grow to, 1 byte to 1 MiB
     */
    public void reset(long startPosition, int maxBytes) {
        if (maxBytes <= 0 || maxBytes > Slab.MAX_BLOCK_BYTES) {
            throw new AssertionError("ring of at most " + maxBytes + " bytes: must be 1.." + Slab.MAX_BLOCK_BYTES);
        }
        discard();
        this.base = startPosition;
        this.maxBytes = maxBytes;
    }

    /**
     * Makes room, so that every position from the base up to, not including, {@code endPosition} can be put. All bytes
     * put before stay where they are in the stream.
     *
     * @return false: beyond the limit or no memory {@link Slab#canSpare to spare}; nothing has changed
     */
    public boolean reserve(long endPosition) {
        long needed = endPosition - base;
        if (needed <= capacity) {
            return true;
        }
        if (needed > maxBytes) {
            return false;
        }
        int newCapacity = Slab.blockBytes((int) needed);
        long newBlock = slab.canSpare(newCapacity) ? slab.allocate(newCapacity) : -1;
        if (newBlock < 0) {
            return false;
        }
        long end = base + capacity;
        for (long position = base; position < end; ) {
            // a piece that does not wrap in the old block does not wrap in the larger one either
            int length = contiguous(position, (int) (end - position));
            long to = newBlock + (position & (newCapacity - 1));
            MemorySegment.copy(slab.memory(), offset(position), slab.memory(), to, length);
            position += length;
        }
        discard();
        block = newBlock;
        capacity = newCapacity;
        mask = newCapacity - 1;
        return true;
    }

    /**
     * Makes room from a position of the window on for as many bytes as there is memory for.
     *
     * @param length bytes wanted, 0 or more
     * @return bytes that can be put from there on, 0..length
     */
    public int reserveSome(long position, int length) {
        int attempt = length;
        while (attempt > 0 && !reserve(position + attempt)) {
            attempt = attempt > Slab.MIN_BLOCK_BYTES ? attempt >> 1 : 0;
        }
        return Math.clamp(base + capacity - position, 0, length);
    }

    /**
     * Stores bytes at a position. The whole range must lie in the window (reserved, not released), else AssertionError.
     *
     * @param position of the first byte
     * @param length in bytes, 0 or more
     */
    public void put(long position, MemorySegment memory, long offset, int length) {
        checkInWindow(position, length);
        int first = contiguous(position, length);
        MemorySegment.copy(memory, offset, slab.memory(), offset(position), first);
        if (first < length) {
            MemorySegment.copy(memory, offset + first, slab.memory(), block, length - first);
        }
    }

    /** Copies bytes that were put: the whole range must lie in the window, else AssertionError. */
    public void get(long position, MemorySegment to, long offset, int length) {
        checkInWindow(position, length);
        int first = contiguous(position, length);
        MemorySegment.copy(slab.memory(), offset(position), to, offset, first);
        if (first < length) {
            MemorySegment.copy(slab.memory(), block, to, offset + first, length - first);
        }
    }

    /** The bytes before this position are no longer needed: the window begins there. It must not be before the base. */
    public void release(long position) {
        if (position < base) {
            throw new AssertionError("release to " + position + ", which is before the base " + base);
        }
        base = position;
    }

    /** Gives the block back if nothing before {@code tail}, the end of what is meaningful, is left in the window. */
    public void discardIfEmpty(long tail) {
        if (base >= tail) {
            discard();
        }
    }

    /** Gives the block back whatever is in it; the base stays. */
    public void discard() {
        if (capacity > 0) {
            slab.free(block, capacity);
            block = 0;
            capacity = 0;
            mask = 0;
        }
    }

    /** Where the byte at a position of the window lies in {@link #memory}. */
    public long offset(long position) {
        return block + (position & mask);
    }

    /**
     * How many bytes from a position on lie side by side: at most {@code length}, 0 without a block. The rest, if any,
     * begins at {@code offset(position + contiguous)} and lies side by side too.
     */
    public int contiguous(long position, int length) {
        return (int) Math.min(length, capacity - (position & mask));
    }

    /** The slab's memory, in which {@link #offset} counts. */
    public MemorySegment memory() {
        return slab.memory();
    }

    /** The first position of the window. */
    public long base() {
        return base;
    }

    /** Bytes that the window holds at present: 0, or a power of two from 4 KiB. */
    public int capacityBytes() {
        return capacity;
    }

    /** Bytes that the window may grow to. */
    public int maxBytes() {
        return maxBytes;
    }

    private void checkInWindow(long position, int length) {
        if (length < 0 || position < base || position + length > base + capacity) {
            throw new AssertionError(length + " bytes at " + position + ": the window is " + base + ".."
                    + (base + capacity));
        }
    }
}
