package wireleap.tun.fuzz;

/** The addresses of the fuzzed core's world, as two longs each. */
final class Place {
    private static final long MAPPED = 0x0000_ffff_0000_0000L;

    static final long CLIENT_4 = v4(10, 13, 49, 0);
    static final long SELF_4 = v4(10, 13, 49, 1);
    static final long CLIENT_6_HI = 0xfd00_0000_0000_0001L;
    static final long TARGET_4 = v4(198, 51, 100, 7);
    static final long TARGET_6_HI = 0x2001_0db8_0000_0000L;
    static final long RELAY_4 = v4(192, 0, 2, 1);
    static final int RELAY_PORT = 1080;

    private Place() {
    }

    /** A DNS message (RFC 1035 section 4) that asks for the address of "a", or answers that there is none. */
    static byte[] question(int id, boolean answered) {
        return new byte[] {0, (byte) id, (byte) (answered ? 0x81 : 1), (byte) (answered ? 0x83 : 0), 0, 1, 0, 0, 0, 0, 0, 0,
            1, 'a', 0, 0, 1, 0, 1};
    }

    private static long v4(int a, int b, int c, int d) {
        return MAPPED | (long) a << 24 | b << 16 | c << 8 | d;
    }
}
