package wireleap.tun.tcp;

import java.util.Arrays;

/** The bytes of a simulated stream: a pattern whose period is a prime, so that no lost or doubled piece fits in. */
final class SimStream {
    private static final int PERIOD = 65_521;
    private static final byte[] PATTERN = new byte[3 * PERIOD];

    static {
        for (int i = 0; i < PATTERN.length; i++) {
            PATTERN[i] = (byte) (i % PERIOD * 0x9e3779b9 >>> 24);
        }
    }

    private SimStream() {}

    /** Writes the bytes at a position; length at most 131,042. */
    static void write(long position, byte[] into, int offset, int length) {
        System.arraycopy(PATTERN, (int) (position % PERIOD), into, offset, length);
    }

    /** Whether these are the bytes at a position. */
    static boolean matches(long position, byte[] bytes, int offset, int length) {
        int from = (int) (position % PERIOD);
        return Arrays.equals(PATTERN, from, from + length, bytes, offset, offset + length);
    }
}
