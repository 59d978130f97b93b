package wireleap.tun.mem;

/**
 * SipHash-2-4 (Aumasson and Bernstein, 2012) of a few longs: a hash that an outsider without the key can neither predict
 * nor make collide. The words are hashed as if they stood in memory in little endian, the length byte included.
 *
 * <p>Reusable: {@link #begin}, {@link #add} for each word, {@link #end}. Allocates nothing.
 */
public final class SipHash {
    private final long key0;
    private final long key1;
    private long v0;
    private long v1;
    private long v2;
    private long v3;
    private int bytes;

    /** A hash under a secret key of two random longs. */
    public SipHash(long key0, long key1) {
        this.key0 = key0;
        this.key1 = key1;
    }

    /** Begins anew. */
    public SipHash begin() {
        v0 = key0 ^ 0x736f6d6570736575L;
        v1 = key1 ^ 0x646f72616e646f6dL;
        v2 = key0 ^ 0x6c7967656e657261L;
        v3 = key1 ^ 0x7465646279746573L;
        bytes = 0;
        return this;
    }

    /** Takes in eight bytes. */
    public SipHash add(long word) {
        bytes += Long.BYTES;
        v3 ^= word;
        round();
        round();
        v0 ^= word;
        return this;
    }

    /** The hash of all that was added since {@link #begin}. */
    public long end() {
        add((long) bytes << 56);
        v2 ^= 0xff;
        round();
        round();
        round();
        round();
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private void round() {
        v0 += v1;
        v1 = Long.rotateLeft(v1, 13) ^ v0;
        v0 = Long.rotateLeft(v0, 32);
        v2 += v3;
        v3 = Long.rotateLeft(v3, 16) ^ v2;
        v0 += v3;
        v3 = Long.rotateLeft(v3, 21) ^ v0;
        v2 += v1;
        v1 = Long.rotateLeft(v1, 17) ^ v2;
        v2 = Long.rotateLeft(v2, 32);
    }
}
