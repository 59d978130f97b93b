package wireleap.tun.mem;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * A buddy allocator: blocks of a power of two, 4 KiB to 1 MiB, cut from one region whose size is the limit of all that
 * a loop may keep. A block lies at a multiple of its own size. Always the lowest fitting address is handed out, so that
 * the touched (resident) part of the region stays small and dense.
 *
 * <p>The region itself is neither read nor written here: pages that were never handed out stay unresident. The books
 * are on the heap, made at construction: two bits and one byte for each 4 KiB. Run by the loop's thread alone.
 */
public final class Slab {
    /** Size of the smallest block in bytes. */
    public static final int MIN_BLOCK_BYTES = 4 << 10;
    /** Size of the largest block in bytes. */
    public static final int MAX_BLOCK_BYTES = 1 << 20;

    private static final int SHARES = 16;
    /** The last part of these is not for everybody. */
    private static final int PARTS = 256;
    private static final int PAGE_SHIFT = 12;
    private static final int MAX_ORDER = 8;
    private static final byte NO_BLOCK = -1;

    private final MemorySegment memory;
    private final long capacityBytes;
    /** By order: bit i is set while the block at address i * size is free and not part of a larger free one. */
    private final long[][] freeBits = new long[MAX_ORDER + 1][];
    /** By order: how many bits are set. */
    private final int[] freeCount = new int[MAX_ORDER + 1];
    /** By order: no word below this one has a bit set. */
    private final int[] firstWord = new int[MAX_ORDER + 1];
    /** By page: the order of the block handed out there, NO_BLOCK where none starts. */
    private final byte[] handedOut;
    private long usedBytes;
    private long peakUsedBytes;
    private long refusals;

    /**
     * Takes the whole of a region.
     *
     * @param memory what is handed out; an incomplete last page is left alone
     */
    public Slab(MemorySegment memory) {
        long pages = memory.byteSize() >>> PAGE_SHIFT;
        if (pages > Integer.MAX_VALUE - 8) {
            throw new AssertionError("slab of " + memory.byteSize() + " bytes: at most 8 TiB can be managed");
        }
        this.memory = memory;
        this.capacityBytes = pages << PAGE_SHIFT;
        this.handedOut = new byte[(int) pages];
        Arrays.fill(handedOut, NO_BLOCK);
        for (int order = 0; order <= MAX_ORDER; order++) {
            freeBits[order] = new long[(int) (((pages >>> order) + 63) >>> 6)];
        }
        for (int page = 0; page < pages; ) {
            int order = MAX_ORDER;
            while ((page & ((1 << order) - 1)) != 0 || page + (1L << order) > pages) {
                order--;
            }
            markFree(order, page >>> order);
            page += 1 << order;
        }
    }

    /** The size of the block that holds so many bytes: a power of two, 4 KiB..1 MiB; {@code bytes} is 1..1 MiB. */
    public static int blockBytes(int bytes) {
        return MIN_BLOCK_BYTES << orderOf(bytes);
    }

    /**
     * Whether a block of this size may go to somebody who could do with a smaller one: the smallest always, others only up
     * to a sixteenth of what is free. So those who take and do not give back leave ever smaller shares, but leave some,
     * and nobody who comes later finds nothing (dynamic thresholds, as in switches that share one buffer).
     */
    public boolean canSpare(int bytes) {
        int size = blockBytes(bytes);
        return size == MIN_BLOCK_BYTES || size <= (capacityBytes - usedBytes) / SHARES;
    }

    /** Whether so little is left that nobody may take of it who can do without: a new flow, or what is sent again. */
    public boolean isScarce() {
        return capacityBytes - usedBytes < capacityBytes / PARTS + MIN_BLOCK_BYTES;
    }

    /**
     * Hands out a block of {@link #blockBytes} of this size; its content is undefined.
     *
     * @param bytes 1..1 MiB
     * @return its offset in {@link #memory}, or -1: no room
     */
    public long allocate(int bytes) {
        int order = orderOf(bytes);
        int from = order;
        while (from <= MAX_ORDER && freeCount[from] == 0) {
            from++;
        }
        if (from > MAX_ORDER) {
            refusals++;
            return -1;
        }
        int block = takeLowest(from);
        while (from > order) {
            from--;
            block <<= 1;
            markFree(from, block + 1);
        }
        int page = block << order;
        handedOut[page] = (byte) order;
        usedBytes += (long) MIN_BLOCK_BYTES << order;
        peakUsedBytes = Math.max(peakUsedBytes, usedBytes);
        return (long) page << PAGE_SHIFT;
    }

    /**
     * Takes a block back. A block that is not out, or is out with another size, is an AssertionError.
     *
     * @param offset as {@link #allocate} gave it
     * @param bytes the same, or any number of the same block size
     */
    public void free(long offset, int bytes) {
        int order = orderOf(bytes);
        long page = offset >>> PAGE_SHIFT;
        if (offset < 0 || offset >= capacityBytes || (offset & (MIN_BLOCK_BYTES - 1)) != 0
                || handedOut[(int) page] != order) {
            throw new AssertionError("free of " + bytes + " bytes at " + offset + ": no such block is handed out");
        }
        handedOut[(int) page] = NO_BLOCK;
        usedBytes -= (long) MIN_BLOCK_BYTES << order;
        int block = (int) page >>> order;
        while (order < MAX_ORDER && isFree(order, block ^ 1)) {
            clearFree(order, block ^ 1);
            order++;
            block >>>= 1;
        }
        markFree(order, block);
    }

    /** The region; offsets of blocks are offsets in it. */
    public MemorySegment memory() {
        return memory;
    }

    /** Bytes of the blocks that are out. */
    public long usedBytes() {
        return usedBytes;
    }

    /** The largest {@link #usedBytes} there has been. */
    public long peakUsedBytes() {
        return peakUsedBytes;
    }

    /** Bytes that can be handed out in all. */
    public long capacityBytes() {
        return capacityBytes;
    }

    /** How often {@link #allocate} found no room. */
    public long refusals() {
        return refusals;
    }

    private static int orderOf(int bytes) {
        if (bytes <= 0 || bytes > MAX_BLOCK_BYTES) {
            throw new AssertionError("block of " + bytes + " bytes: must be 1.." + MAX_BLOCK_BYTES);
        }
        return Math.max(0, 32 - Integer.numberOfLeadingZeros(bytes - 1) - PAGE_SHIFT);
    }

    private int takeLowest(int order) {
        long[] bits = freeBits[order];
        int word = firstWord[order];
        while (bits[word] == 0) {
            word++;
        }
        firstWord[order] = word;
        int block = (word << 6) + Long.numberOfTrailingZeros(bits[word]);
        clearFree(order, block);
        return block;
    }

    private boolean isFree(int order, int block) {
        int word = block >>> 6;
        return word < freeBits[order].length && (freeBits[order][word] & 1L << block) != 0;
    }

    private void markFree(int order, int block) {
        int word = block >>> 6;
        freeBits[order][word] |= 1L << block;
        freeCount[order]++;
        firstWord[order] = Math.min(firstWord[order], word);
    }

    private void clearFree(int order, int block) {
        freeBits[order][block >>> 6] &= ~(1L << block);
        freeCount[order]--;
    }
}
