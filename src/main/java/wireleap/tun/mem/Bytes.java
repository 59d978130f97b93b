package wireleap.tun.mem;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.ByteOrder.BIG_ENDIAN;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Numbers in network order (big endian, RFC 791 appendix B) at any alignment. Offsets are in bytes; one outside the
 * segment throws IndexOutOfBoundsException, which is a defect of the caller: lengths are checked before.
 */
public final class Bytes {
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(BIG_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(BIG_ENDIAN);

    private Bytes() {}

    /** An unsigned byte, 0..255. */
    public static int u8(MemorySegment memory, long offset) {
        return memory.get(JAVA_BYTE, offset) & 0xff;
    }

    /** An unsigned 16-bit number, 0..65535. */
    public static int u16(MemorySegment memory, long offset) {
        return memory.get(SHORT, offset) & 0xffff;
    }

    /** A 32-bit number; unsigned ones by {@link Integer#toUnsignedLong}. */
    public static int i32(MemorySegment memory, long offset) {
        return memory.get(INT, offset);
    }

    /** A 64-bit number. */
    public static long i64(MemorySegment memory, long offset) {
        return memory.get(LONG, offset);
    }

    /** Stores the low 8 bits of {@code value}. */
    public static void putU8(MemorySegment memory, long offset, int value) {
        memory.set(JAVA_BYTE, offset, (byte) value);
    }

    /** Stores the low 16 bits of {@code value}. */
    public static void putU16(MemorySegment memory, long offset, int value) {
        memory.set(SHORT, offset, (short) value);
    }

    /** Stores a 32-bit number. */
    public static void putI32(MemorySegment memory, long offset, int value) {
        memory.set(INT, offset, value);
    }

    /** Stores a 64-bit number. */
    public static void putI64(MemorySegment memory, long offset, long value) {
        memory.set(LONG, offset, value);
    }
}
