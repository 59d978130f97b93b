package wireleap.tun.os;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The array of struct iovec that readv(2), writev(2), sendmsg(2) and recvmsg(2) take: made once, filled anew for each
 * call.
 *
 * <pre>struct iovec { void *iov_base; size_t iov_len; };   16 bytes, the same on Linux and Darwin</pre>
 *
 * <p>Belongs to one thread. It holds bare addresses: the memory that was added has to outlive the call.
 */
public final class IoVec {
    private static final long ENTRY_BYTES = 16;
    private static final long LENGTH_OFFSET = 8;

    private final MemorySegment entries;
    private final int capacity;
    private int count;
    private long bytes;

    /** Room for capacity parts; it lives as long as the arena. */
    public IoVec(Arena arena, int capacity) {
        this.entries = arena.allocate(capacity * ENTRY_BYTES, JAVA_LONG.byteAlignment());
        this.capacity = capacity;
    }

    /** Takes all parts out. */
    public IoVec clear() {
        count = 0;
        bytes = 0;
        return this;
    }

    /**
     * Adds a part at the end. A part of length 0 is left out, and its memory not looked at.
     *
     * @throws IndexOutOfBoundsException if the slice does not lie in the memory, or if the vector is full
     */
    public IoVec add(MemorySegment memory, long offset, long length) {
        if (length == 0) {
            return this;
        }
        if (count == capacity) {
            throw new IndexOutOfBoundsException("no room for more than " + capacity + " parts");
        }
        long entry = count * ENTRY_BYTES;
        entries.set(JAVA_LONG, entry, Sys.address(memory, offset, length));
        entries.set(JAVA_LONG, entry + LENGTH_OFFSET, length);
        count++;
        bytes += length;
        return this;
    }

    /** How many parts there are. */
    public int count() {
        return count;
    }

    /** Length of all parts together. */
    public long bytes() {
        return bytes;
    }

    /** Where the array begins, for msg_iov of a struct msghdr. */
    public long address() {
        return entries.address();
    }
}
