package wireleap.tun.dns;

import wireleap.tun.mem.Slab;

/**
 * Places for queries: cells of one size, cut from blocks of the slab as they are needed. The blocks are given back when
 * no cell is out, which comes soon, because no query is outstanding for long.
 */
final class QueryCells {
    static final int CELL_BYTES = 512;

    private static final int BLOCK_BYTES = 16 << 10;
    private static final int CELLS_A_BLOCK = BLOCK_BYTES / CELL_BYTES;

    private final Slab slab;
    private final long[] blocks;
    private int blockCount;
    /** Offsets of those that are not out. */
    private final long[] free;
    private int freeCount;

    /**
     * Nothing is taken yet.
     *
     * @param limit cells at most, a multiple of 32
     */
    QueryCells(Slab slab, int limit) {
        this.slab = slab;
        this.blocks = new long[limit / CELLS_A_BLOCK];
        this.free = new long[limit];
    }

    /** A cell's offset in the slab's memory, or -1: no room. */
    long take() {
        if (freeCount == 0 && !grow()) {
            return -1;
        }
        return free[--freeCount];
    }

    /** Takes a cell back. */
    void give(long cell) {
        free[freeCount++] = cell;
        if (freeCount == blockCount * CELLS_A_BLOCK) {
            while (blockCount > 0) {
                slab.free(blocks[--blockCount], BLOCK_BYTES);
            }
            freeCount = 0;
        }
    }

    private boolean grow() {
        long block = blockCount < blocks.length && slab.canSpare(BLOCK_BYTES) ? slab.allocate(BLOCK_BYTES) : -1;
        if (block < 0) {
            return false;
        }
        blocks[blockCount++] = block;
        for (int i = CELLS_A_BLOCK - 1; i >= 0; i--) {
            free[freeCount++] = block + (long) i * CELL_BYTES;
        }
        return true;
    }
}
