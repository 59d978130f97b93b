package wireleap.tun.wire;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.Random;

/** Packets of tests, as hexadecimal text and as off-heap memory. */
public final class Hex {
    private Hex() {}

    /** Off-heap memory with these bytes; blanks in the text are ignored. */
    public static MemorySegment memory(String hex) {
        return memory(HexFormat.of().parseHex(hex.replace(" ", "")));
    }

    /** Off-heap memory with these bytes. */
    public static MemorySegment memory(byte[] bytes) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return memory;
    }

    /** Off-heap memory with random bytes. */
    public static MemorySegment noise(int length, Random random) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return memory(bytes);
    }

    /** The text of so many bytes. */
    public static String text(MemorySegment memory, long offset, long length) {
        return HexFormat.of().formatHex(bytes(memory, offset, length));
    }

    /** A copy of so many bytes on the heap. */
    public static byte[] bytes(MemorySegment memory, long offset, long length) {
        return memory.asSlice(offset, length).toArray(ValueLayout.JAVA_BYTE);
    }

    /** An IPv4 address as the low long of a pair. */
    public static long ipv4(int a, int b, int c, int d) {
        return 0x0000ffff_00000000L | (long) a << 24 | b << 16 | c << 8 | d;
    }
}
