package wireleap.tun.udp;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Slab;

/**
 * The first datagrams of a session, kept in one block of the slab while the upstream is being asked: as many as fit, in
 * order; what comes beyond is lost, as datagrams may be. Each lies behind a header of its own:
 *
 * <pre>
 *   0 target's address, high half   8 low half   16 u16 port   18 u16 length   20 payload
 * </pre>
 */
public final class PendingDatagrams {
    /** Room for some first flights of QUIC (RFC 9000 section 8.1), or many queries. */
    public static final int BLOCK_BYTES = 8 << 10;

    private static final int HEADER_BYTES = 20;

    private final Slab slab;
    /** -1: none. */
    private long block = -1;
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
    public boolean keep(long hi, long lo, int port, MemorySegment memory, long offset, int length) {
        if (HEADER_BYTES + length > BLOCK_BYTES - usedBytes) {
            return false;
        }
        if (block < 0) {
            block = slab.allocate(BLOCK_BYTES);
            if (block < 0) {
                return false;
            }
        }
        long header = block + usedBytes;
        Bytes.putI64(slab.memory(), header, hi);
        Bytes.putI64(slab.memory(), header + 8, lo);
        Bytes.putU16(slab.memory(), header + 16, port);
        Bytes.putU16(slab.memory(), header + 18, length);
        MemorySegment.copy(memory, offset, slab.memory(), header + HEADER_BYTES, length);
        usedBytes += HEADER_BYTES + length;
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
        if (block >= 0) {
            slab.free(block, BLOCK_BYTES);
            block = -1;
        }
        usedBytes = 0;
        nextAt = 0;
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

    /** Where the payload lies. */
    public MemorySegment memory() {
        return slab.memory();
    }

    /** Where in the memory the payload begins. */
    public long offset() {
        return block + at + HEADER_BYTES;
    }
}
