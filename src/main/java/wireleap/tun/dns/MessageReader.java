package wireleap.tun.dns;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Slab;

/**
 * The one message of a stream that has come in part, behind its two bytes of length (RFC 7766 section 8), in a block of
 * the slab that grows with need. There is none most of the time.
 */
final class MessageReader {
    private final Slab slab;
    /** Where it lies; -1: nothing has come of any. */
    private long block = -1;
    private int blockBytes;
    private int cameBytes;

    MessageReader(Slab slab) {
        this.slab = slab;
    }

    /** Bytes of a message with its length before it, as far as is known when so much of it has come. */
    static int frameBytes(MemorySegment memory, long offset, int came) {
        return came < Query.PREFIX_BYTES ? Query.PREFIX_BYTES : Query.PREFIX_BYTES + Bytes.u16(memory, offset);
    }

    boolean isEmpty() {
        return block < 0;
    }

    /** Bytes that are missing, as far as is known; 0: the message is whole. */
    int missing() {
        return frameBytes(slab.memory(), block, cameBytes) - cameBytes;
    }

    /** Where the next ones belong. */
    long end() {
        return block + cameBytes;
    }

    /** So many have come there. False: there is no memory for the rest. */
    boolean came(int bytes) {
        cameBytes += bytes;
        return reserve(frameBytes(slab.memory(), block, cameBytes));
    }

    /** Keeps the beginning of a message. False: there is no memory. */
    boolean begin(MemorySegment memory, long offset, int length) {
        if (!reserve(frameBytes(memory, offset, length))) {
            return false;
        }
        MemorySegment.copy(memory, offset, slab.memory(), block, length);
        cameBytes = length;
        return true;
    }

    private boolean reserve(int bytes) {
        if (bytes <= blockBytes) {
            return true;
        }
        long larger = slab.canSpare(bytes) ? slab.allocate(bytes) : -1;
        if (larger < 0) {
            return false;
        }
        int kept = cameBytes;
        MemorySegment.copy(slab.memory(), Math.max(0, block), slab.memory(), larger, kept);
        discard();
        block = larger;
        blockBytes = Slab.blockBytes(bytes);
        cameBytes = kept;
        return true;
    }

    /** Where the whole message begins. */
    long messageOffset() {
        return block + Query.PREFIX_BYTES;
    }

    int messageBytes() {
        return cameBytes - Query.PREFIX_BYTES;
    }

    /** Forgets it and gives the memory back. */
    void discard() {
        if (block >= 0) {
            slab.free(block, blockBytes);
            block = -1;
        }
        blockBytes = 0;
        cameBytes = 0;
    }
}
