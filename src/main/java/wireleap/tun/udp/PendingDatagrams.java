package wireleap.tun.udp;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Slab;

/**
 * The first datagrams of a session, kept in one block of the slab while the upstream is being asked: as many as fit, in
 * order; what comes beyond is lost, as datagrams may be. The block is as large as needed, up to {@link #MOST_BYTES}, as
 * long as the slab can spare it. Each datagram lies behind a header of its own:
 *
 * <pre>
 *   0 target's address, high half   8 low half   16 u16 port   18 u16 length   20 u8 1: may become fragments
 *  24 payload
 * </pre>
 */
public final class PendingDatagrams {
    /** Room for the largest datagram that goes through a proxy, or 45 packets. */
    public static final int MOST_BYTES = 64 << 10;

    private static final int HEADER_BYTES = 24;

    private final Slab slab;
    private long block;
    /** 0: there is no block. */
    private int blockBytes;
    private int usedBytes;
    /**
     * Where in the block the next datagram begins that {@link #next} shows, and where the one begins that it shows
     * now.
     */
    private int nextAt;
    private int at;

    /** None. */
    public PendingDatagrams(Slab slab) {
        this.slab = slab;
    }

    /** Keeps a copy of a datagram; false: there is no room. */
    public boolean keep(long hi, long lo, int port, boolean mayFragment, MemorySegment memory, long offset,
                        int length) {
        int needed = usedBytes + HEADER_BYTES + length;
        if (needed > MOST_BYTES || needed > blockBytes && !grow(needed)) {
            return false;
        }
        long header = block + usedBytes;
        Bytes.putI64(slab.memory(), header, hi);
        Bytes.putI64(slab.memory(), header + 8, lo);
        Bytes.putU16(slab.memory(), header + 16, port);
        Bytes.putU16(slab.memory(), header + 18, length);
        Bytes.putU8(slab.memory(), header + 20, mayFragment ? 1 : 0);
        MemorySegment.copy(memory, offset, slab.memory(), header + HEADER_BYTES, length);
        usedBytes += HEADER_BYTES + length;
        return true;
    }

    private boolean grow(int needed) {
        if (!slab.canSpare(needed)) {
            return false;
        }
        long grown = slab.allocate(needed);
        if (grown < 0) {
            return false;
        }
        MemorySegment.copy(slab.memory(), block, slab.memory(), grown, usedBytes);
        freeBlock();
        block = grown;
        blockBytes = Slab.blockBytes(needed);
        return true;
    }

    /** Goes on to the first, then to the next datagram; false: there is none (more). */
    public boolean next() {
        if (nextAt >= usedBytes) {
            return false;
        }
        at = nextAt;
        nextAt += HEADER_BYTES + length();
        return true;
    }

    /** Forgets all and gives the memory back. */
    public void discard() {
        freeBlock();
        usedBytes = 0;
        nextAt = 0;
    }

    private void freeBlock() {
        if (blockBytes > 0) {
            slab.free(block, blockBytes);
            blockBytes = 0;
        }
    }

    /** How many bytes are kept, headers included. */
    public int usedBytes() {
        return usedBytes;
    }

    /** The target's address, high half. */
    public long hi() {
        return Bytes.i64(slab.memory(), block + at);
    }

    /** The target's address, low half. */
    public long lo() {
        return Bytes.i64(slab.memory(), block + at + 8);
    }

    /** The target's port. */
    public int port() {
        return Bytes.u16(slab.memory(), block + at + 16);
    }

    /** The payload's length in bytes. */
    public int length() {
        return Bytes.u16(slab.memory(), block + at + 18);
    }

    /** Whether it may become fragments on its way. */
    public boolean mayFragment() {
        return Bytes.u8(slab.memory(), block + at + 20) != 0;
    }

    /** Where the payload lies. */
    public MemorySegment memory() {
        return slab.memory();
    }

    /** Where in the memory the payload begins. */
    public long offset() {
        return block + at + HEADER_BYTES;
    }
}
