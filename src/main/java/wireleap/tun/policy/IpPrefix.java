package wireleap.tun.policy;

/**
 * An address or a network of IPv4 or IPv6. An IPv4 address a.b.c.d is held as ::ffff:a.b.c.d (RFC 4291 section
 * 2.5.5.2), its network's length counted from the IPv6 address's first bit, so that one form serves both families and
 * 1.2.3.4, 1.2.3.4/32 and ::ffff:1.2.3.4 are equal.
 *
 * @param hi the address's first 64 bits, network order read as a big-endian number
 * @param lo its last 64 bits
 * @param length the network's bits, 0..128; IPv4: 96..128
 */
public record IpPrefix(long hi, long lo, int length) implements Comparable<IpPrefix> {
    /** Bits before an IPv4 address in its mapped form. */
    static final int MAPPED_BITS = 96;
    private static final long MAPPED = 0x0000_ffff_0000_0000L;

    /** 0.0.0.0/0; the text of a bypass entry never gives it. */
    public static final IpPrefix ALL_IPV4 = new IpPrefix(0, MAPPED, MAPPED_BITS);
    /** ::/0; the text of a bypass entry never gives it. */
    public static final IpPrefix ALL_IPV6 = new IpPrefix(0, 0, 0);

    private static final IpPrefix LOOPBACK_IPV4 = ipv4(127 << 24, 8);
    private static final IpPrefix LOOPBACK_IPV6 = new IpPrefix(0, 1, 128);
    private static final IpPrefix UNSPECIFIED_IPV4 = ipv4(0, 32);
    private static final IpPrefix UNSPECIFIED_IPV6 = new IpPrefix(0, 0, 128);

    /** @throws IllegalArgumentException if the length is out of range or bits after it are set */
    public IpPrefix {
        if (length < 0 || length > 128) {
            throw new IllegalArgumentException("a prefix length is 0..128, not " + length);
        }
        if ((hi & ~maskHi(length)) != 0 || (lo & ~maskLo(length)) != 0) {
            throw new IllegalArgumentException("bits set after the first " + length + " of "
                    + Long.toHexString(hi) + "," + Long.toHexString(lo));
        }
    }

    /**
     * An IPv4 network.
     *
     * @param address in network order read as a big-endian number; bits after the length must be clear
     * @param prefixLength 0..32
     */
    public static IpPrefix ipv4(int address, int prefixLength) {
        return new IpPrefix(0, MAPPED | (address & 0xffff_ffffL), MAPPED_BITS + prefixLength);
    }

    /**
     * Reads a bypass entry: a dotted quad or RFC 4291 section 2.2 text, with or without {@code /length}. IPv4-mapped
     * IPv6 becomes IPv4.
     *
     * @throws IllegalArgumentException saying what is wrong and what would be right: no such text, a name, a zone,
     *     host bits set in a network, a length of 0
     */
    public static IpPrefix parse(String text) {
        return IpText.parse(text);
    }

    /** Whether this is IPv4, that is within ::ffff:0:0/96. */
    public boolean isIpv4() {
        return isMapped(hi, lo) && length >= MAPPED_BITS;
    }

    /** The length as it is written: 0..32 of IPv4, 0..128 of IPv6. */
    public int prefixLength() {
        return isIpv4() ? length - MAPPED_BITS : length;
    }

    /** Whether this is a single address: /32 of IPv4, /128 of IPv6. */
    public boolean isAddress() {
        return length == 128;
    }

    /**
     * Whether the address is of this network's family and in it: ::/1 holds no IPv4 address, because its route does
     * not serve any.
     */
    public boolean contains(long addressHi, long addressLo) {
        return isMapped(addressHi, addressLo) == isIpv4()
                && ((addressHi ^ hi) & maskHi(length)) == 0
                && ((addressLo ^ lo) & maskLo(length)) == 0;
    }

    /** Whether all of the other network, of the same family, is in this one. */
    public boolean contains(IpPrefix other) {
        return length <= other.length && isIpv4() == other.isIpv4() && contains(other.hi, other.lo);
    }

    /**
     * Whether a bypass entry must be told to the kernel. Loopback and unspecified addresses never leave the host:
     * they are listed and need no route.
     */
    public boolean needsRoute() {
        return !LOOPBACK_IPV4.contains(this) && !equals(LOOPBACK_IPV6)
                && !equals(UNSPECIFIED_IPV4) && !equals(UNSPECIFIED_IPV6);
    }

    /** IPv4 before IPv6, then by address as an unsigned number, then the wider network first. */
    @Override
    public int compareTo(IpPrefix other) {
        if (isIpv4() != other.isIpv4()) {
            return isIpv4() ? -1 : 1;
        }
        int byHi = Long.compareUnsigned(hi, other.hi);
        int byLo = byHi != 0 ? byHi : Long.compareUnsigned(lo, other.lo);
        return byLo != 0 ? byLo : Integer.compare(length, other.length);
    }

    /** Dotted quad or RFC 5952 section 4, with {@code /length} unless it is a single address. */
    @Override
    public String toString() {
        String address = IpText.format(hi, lo, isIpv4());
        return isAddress() ? address : address + "/" + prefixLength();
    }

    static boolean isMapped(long hi, long lo) {
        return hi == 0 && lo >>> 32 == 0xffff;
    }

    static long maskHi(int length) {
        return length == 0 ? 0 : length >= 64 ? -1L : -1L << 64 - length;
    }

    static long maskLo(int length) {
        return length <= 64 ? 0 : -1L << 128 - length;
    }
}
