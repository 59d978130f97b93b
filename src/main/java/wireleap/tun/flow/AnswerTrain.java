package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.DatagramSession;

/**
 * Datagrams of one size from one sender, lying one behind the other as they were received, to be written to the TUN in
 * one go. One a stack, for one session at a time; they lie in a block of the slab that is its own.
 */
final class AnswerTrain {
    /** What a UDP datagram over IPv4 carries, and so what a super-datagram may. */
    private static final int MOST_BYTES = 65_507;
    private static final int MOST_DATAGRAMS = 64;
    /** Room behind the largest train for the largest datagram. */
    private static final int BLOCK_BYTES = 2 * DatagramSession.RECEIVE_BYTES;

    private final Slab slab;
    private final long block;
    /** Whose they are, and where they begin. */
    private final DatagramMeta from = new DatagramMeta();
    /** Bytes in all; where the next may follow; how many; 0: there are none. */
    private int length;
    private long end;
    private int count;
    private int segmentBytes;

    /** An empty one; the slab must have a block of 128 KiB left. */
    AnswerTrain(Slab slab) {
        this.slab = slab;
        this.block = slab.allocate(BLOCK_BYTES);
        if (block < 0) {
            throw new AssertionError("no room for 128 KiB in a slab of " + slab.capacityBytes() + " bytes");
        }
        clear();
    }

    /** Where they lie, and where to receive the next ones. */
    MemorySegment memory() {
        return slab.memory();
    }

    /** Where to receive the next ones, RECEIVE_BYTES at the most; below zero: only when these have left. */
    long room() {
        return end + DatagramSession.RECEIVE_BYTES <= block + BLOCK_BYTES ? end : -1;
    }

    /** Begins with what was received at {@link #room}. Those that were in have left. */
    void begin(DatagramMeta received, int bytes) {
        from.fill(received.hi(), received.lo(), received.port(), received.offset());
        segmentBytes = received.segmentBytes() > 0 ? received.segmentBytes() : Math.max(1, bytes);
        length = bytes;
        end = received.offset() + bytes;
        count = datagrams(bytes);
    }

    /** Adds what was received at {@link #room}; false: it does not belong to those that are in. */
    boolean add(DatagramMeta received, int bytes) {
        boolean fits = received.segmentBytes() > 0 ? received.segmentBytes() == segmentBytes : bytes <= segmentBytes;
        boolean belongs = count > 0 && length == count * segmentBytes && bytes > 0 && fits
                && received.port() == from.port()
                && received.lo() == from.lo() && received.hi() == from.hi() && length + bytes <= MOST_BYTES
                && count + datagrams(bytes) <= MOST_DATAGRAMS;
        if (!belongs) {
            return false;
        }
        if (received.offset() != end) { // a proxy's header lay between
            MemorySegment.copy(slab.memory(), received.offset(), slab.memory(), end, bytes);
        }
        length += bytes;
        end += bytes;
        count += datagrams(bytes);
        return true;
    }

    /** How many datagrams so many bytes are. */
    private int datagrams(int bytes) {
        return bytes <= segmentBytes ? 1 : (bytes + segmentBytes - 1) / segmentBytes;
    }

    /** Whose they are, and where in the memory they begin. */
    DatagramMeta from() {
        return from;
    }

    /** Bytes in all. */
    int length() {
        return length;
    }

    /** Bytes of each but the last, 1 or more. */
    int segmentBytes() {
        return segmentBytes;
    }

    /** How many there are. */
    int count() {
        return count;
    }

    /** They have left. */
    void clear() {
        length = 0;
        count = 0;
        end = block;
    }

    /** Gives its memory back. */
    void close() {
        slab.free(block, BLOCK_BYTES);
    }
}
