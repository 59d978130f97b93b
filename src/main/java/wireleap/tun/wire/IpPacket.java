package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.i32;
import static wireleap.tun.mem.Bytes.i64;
import static wireleap.tun.mem.Bytes.u16;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;

/**
 * A received IP packet of either version, its extension headers (IPv6) followed to the transport. Reusable; owns no
 * memory. After {@link #parse} has returned {@link #OK} all accessors hold and all ranges lie within the packet; after
 * a reason they are undefined.
 * <pre>
 *  RFC 791 section 3.1                          RFC 8200 section 3
 *   0 version(4) IHL(4), type of service          0 version(4) traffic class(8) flow label(20)
 *   2 total length                                4 payload length
 *   4 identification                              6 next header, 7 hop limit
 *   6 flags(3) fragment offset(13)                8 source address
 *   8 time to live, 9 protocol                   24 destination address
 *  10 header checksum                            40 extension headers
 *  12 source, 16 destination address
 *  20 options
 * </pre>
 */
public final class IpPacket {
    /** Bytes of an IPv4 header without options. */
    public static final int IPV4_HEADER_BYTES = 20;
    /** Bytes of an IPv6 header without extensions. */
    public static final int IPV6_HEADER_BYTES = 40;
    /** The IPv6 extension headers that are followed; a packet with more is dropped. */
    public static final int MAX_EXTENSION_HEADERS = 8;

    /** The packet can be used. */
    public static final int OK = 0;
    /** Fewer bytes than the header says, or than a header has. */
    public static final int TRUNCATED = 1;
    /** Neither version 4 nor 6. */
    public static final int BAD_VERSION = 2;
    /** IHL or total length that cannot be. */
    public static final int BAD_LENGTH = 3;
    /** IPv4 header checksum wrong. */
    public static final int BAD_CHECKSUM = 4;
    /** IPv4 options malformed, or a source route that is not used up. */
    public static final int BAD_OPTIONS = 5;
    /** IPv6 extension headers malformed, misplaced, too many, or with an option that forbids to go on. */
    public static final int BAD_EXTENSIONS = 6;
    /** A length of zero that stands for more than 65,535. */
    public static final int JUMBOGRAM = 7;
    /** A source that is no single other host: multicast, broadcast, unspecified, loopback, IPv4 in IPv6. */
    public static final int BAD_SOURCE = 8;
    /** A destination that must not be on a wire: unspecified, loopback, IPv4 in IPv6. */
    public static final int BAD_DESTINATION = 9;

    private static final Counter[] COUNTERS = {
        Counter.PACKETS_IN, Counter.DROP_TRUNCATED, Counter.DROP_IP_VERSION, Counter.DROP_IP_LENGTH,
        Counter.DROP_IP_CHECKSUM, Counter.DROP_IP_OPTIONS, Counter.DROP_IP_EXTENSIONS, Counter.DROP_JUMBOGRAM,
        Counter.DROP_IP_SOURCE, Counter.DROP_IP_DESTINATION,
    };

    private static final int HOP_BY_HOP = 0;
    private static final int ROUTING = 43;
    private static final int FRAGMENT = 44;
    private static final int DESTINATION_OPTIONS = 60;
    private static final long MAPPED = 0x0000ffff_00000000L;

    private MemorySegment memory = MemorySegment.NULL;
    private long headerOffset;
    private int totalLength;
    private long payloadOffset;
    private int version;
    private int trafficClass;
    private int hopLimit;
    private int protocol;
    /** Where the byte stands that names {@link #protocol}. */
    private long protocolOffset;
    private long srcHi;
    private long srcLo;
    private long dstHi;
    private long dstLo;
    private int identification;
    private int fragmentOffset;
    private boolean moreFragments;
    /** In an IPv6 fragment: where the byte stands that names the fragment header. */
    private long fragmentNamedAt;

    /** The counter of a reason that {@link #parse} gave; of {@link #OK}: PACKETS_IN. */
    public static Counter counter(int reason) {
        return COUNTERS[reason];
    }

    /**
     * Reads the headers of the packet at {@code offset}. Bytes beyond its own length are ignored.
     *
     * @param length bytes that were read, 0 or more
     * @return {@link #OK}, or the first reason found not to use the packet
     */
    public int parse(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        this.headerOffset = offset;
        if (length < IPV4_HEADER_BYTES) {
            return TRUNCATED;
        }
        fragmentOffset = 0;
        moreFragments = false;
        identification = 0;
        version = u8(memory, offset) >>> 4;
        return switch (version) {
            case 4 -> parseIpv4(length);
            case 6 -> length < IPV6_HEADER_BYTES ? TRUNCATED : parseIpv6(length);
            default -> BAD_VERSION;
        };
    }

    private int parseIpv4(int length) {
        int headerLength = (u8(memory, headerOffset) & 0xf) << 2;
        totalLength = u16(memory, headerOffset + 2);
        if (totalLength == 0) {
            return JUMBOGRAM; // what Linux writes into super-segments above 64 KiB (BIG TCP), which were not asked for
        }
        if (headerLength < IPV4_HEADER_BYTES || totalLength < headerLength) {
            return BAD_LENGTH;
        }
        if (totalLength > length) {
            return TRUNCATED;
        }
        if (!Checksum.isIntact(memory, headerOffset, headerLength)) {
            return BAD_CHECKSUM;
        }
        if (headerLength > IPV4_HEADER_BYTES && !IpOptions.ipv4Fit(memory, headerOffset + IPV4_HEADER_BYTES,
                headerOffset + headerLength)) {
            return BAD_OPTIONS;
        }
        trafficClass = u8(memory, headerOffset + 1);
        identification = u16(memory, headerOffset + 4);
        int fragment = u16(memory, headerOffset + 6);
        fragmentOffset = (fragment & 0x1fff) << 3;
        moreFragments = (fragment & 0x2000) != 0;
        hopLimit = u8(memory, headerOffset + 8);
        protocolOffset = headerOffset + 9;
        protocol = u8(memory, protocolOffset);
        payloadOffset = headerOffset + headerLength;
        int src = i32(memory, headerOffset + 12);
        int dst = i32(memory, headerOffset + 16);
        srcHi = 0;
        srcLo = MAPPED | Integer.toUnsignedLong(src);
        dstHi = 0;
        dstLo = MAPPED | Integer.toUnsignedLong(dst);
        if (isIpv4ThisHost(src) || src >>> 29 == 7) { // 224.0.0.0/4, 240.0.0.0/4 (RFC 1122 section 3.2.1.3)
            return BAD_SOURCE;
        }
        return isIpv4ThisHost(dst) ? BAD_DESTINATION : OK;
    }

    private int parseIpv6(int length) {
        int payload = u16(memory, headerOffset + 4);
        int nextHeader = u8(memory, headerOffset + 6);
        if (payload == 0 && (nextHeader == HOP_BY_HOP || length > IPV6_HEADER_BYTES)) {
            return JUMBOGRAM; // RFC 2675 section 2; Linux also leaves it 0 in super-segments above 64 KiB
        }
        totalLength = IPV6_HEADER_BYTES + payload;
        if (totalLength > length) {
            return TRUNCATED;
        }
        trafficClass = u16(memory, headerOffset) >>> 4 & 0xff;
        hopLimit = u8(memory, headerOffset + 7);
        srcHi = i64(memory, headerOffset + 8);
        srcLo = i64(memory, headerOffset + 16);
        dstHi = i64(memory, headerOffset + 24);
        dstLo = i64(memory, headerOffset + 32);
        if (srcHi >>> 56 == 0xff || isIpv6ThisHost(srcHi, srcLo)) { // RFC 4291 section 2.7
            return BAD_SOURCE;
        }
        if (isIpv6ThisHost(dstHi, dstLo)) {
            return BAD_DESTINATION;
        }
        return followExtensions(nextHeader) ? OK : BAD_EXTENSIONS;
    }

    /** RFC 8200 section 4, up to the transport or to the fragment header of a fragment. */
    private boolean followExtensions(int firstHeader) {
        long end = headerOffset + totalLength;
        int header = firstHeader;
        long namedAt = headerOffset + 6;
        long position = headerOffset + IPV6_HEADER_BYTES;
        boolean sawFragment = false;
        for (int i = 0; isExtension(header); i++) {
            if (i == MAX_EXTENSION_HEADERS || end - position < 8) {
                return false;
            }
            int length = header == FRAGMENT ? 8 : 8 + 8 * u8(memory, position + 1);
            if (length > end - position) {
                return false;
            }
            if (header == FRAGMENT) {
                if (sawFragment) {
                    return false;
                }
                sawFragment = true;
                fragmentNamedAt = namedAt;
                readFragmentHeader(position);
            } else if (header == ROUTING ? u8(memory, position + 3) != 0 // segments left: we are no router
                    : header == HOP_BY_HOP && i > 0 || !IpOptions.ipv6Allow(memory, position + 2,
                    position + length)) {
                return false;
            }
            header = u8(memory, position);
            namedAt = position;
            position += length;
            if (isFragment()) {
                break; // what follows belongs to the whole datagram
            }
        }
        protocol = header;
        protocolOffset = namedAt;
        payloadOffset = position;
        return true;
    }

    private static boolean isExtension(int header) {
        return header == HOP_BY_HOP || header == ROUTING || header == FRAGMENT || header == DESTINATION_OPTIONS;
    }

    /** RFC 8200 section 4.5. */
    private void readFragmentHeader(long position) {
        int fragment = u16(memory, position + 2);
        fragmentOffset = fragment & 0xfff8;
        moreFragments = (fragment & 1) != 0;
        identification = i32(memory, position + 4);
    }

    /** 0.0.0.0/8 and 127.0.0.0/8 (RFC 1122 section 3.2.1.3). */
    private static boolean isIpv4ThisHost(int address) {
        int network = address >>> 24;
        return network == 0 || network == 127;
    }

    /** ::/96 (unspecified, loopback, IPv4-compatible) and ::ffff:0:0/96 (RFC 4291 section 2.5). */
    private static boolean isIpv6ThisHost(long hi, long lo) {
        return hi == 0 && (lo >>> 32 == 0 || lo >>> 32 == 0xffff);
    }

    /** 4 or 6. */
    public int version() {
        return version;
    }

    /** The transport's number, 0..255; in a fragment what its IP or fragment header says. */
    public int protocol() {
        return protocol;
    }

    /** Where in the memory the byte stands that names the {@link #protocol}. */
    public long protocolOffset() {
        return protocolOffset;
    }

    /** High half of the source address; 0 for IPv4. */
    public long srcHi() {
        return srcHi;
    }

    /** Low half of the source address. */
    public long srcLo() {
        return srcLo;
    }

    /** High half of the destination address; 0 for IPv4. */
    public long dstHi() {
        return dstHi;
    }

    /** Low half of the destination address. */
    public long dstLo() {
        return dstLo;
    }

    /** Whether the destination is multicast, or IPv4's limited broadcast. */
    public boolean isMulticast() {
        return version == 6 ? dstHi >>> 56 == 0xff : (int) dstLo >>> 28 == 0xe || (int) dstLo == -1;
    }

    /** TTL or hop limit, 0..255. */
    public int hopLimit() {
        return hopLimit;
    }

    /** Type of service or traffic class, 0..255. */
    public int trafficClass() {
        return trafficClass;
    }

    /** The memory that was parsed. */
    public MemorySegment memory() {
        return memory;
    }

    /** Where the packet begins in the memory. */
    public long headerOffset() {
        return headerOffset;
    }

    /** Bytes before the payload: the IP header with options or extension headers. */
    public int headerLength() {
        return (int) (payloadOffset - headerOffset);
    }

    /** Bytes of header and payload, 20..65575. */
    public int totalLength() {
        return totalLength;
    }

    /** Where the transport header, or a fragment's part of the datagram, begins in the memory. */
    public long payloadOffset() {
        return payloadOffset;
    }

    /** Bytes after the headers, 0..65535. */
    public int payloadLength() {
        return totalLength - headerLength();
    }

    /** Whether this is a part of a datagram. An IPv6 "atomic" fragment (RFC 6946) is whole and counts as none. */
    public boolean isFragment() {
        return moreFragments || fragmentOffset != 0;
    }

    /** Where the payload belongs in the datagram, in bytes, a multiple of 8; 0 if no fragment. */
    public int fragmentOffset() {
        return fragmentOffset;
    }

    /** Whether parts of the datagram follow behind this one. */
    public boolean moreFragments() {
        return moreFragments;
    }

    /** Whether it must not be cut into fragments on its way: IPv4's flag DF; always in IPv6 (RFC 8200 section 5). */
    public boolean dontFragment() {
        return version == 6 || (u8(memory, headerOffset + 6) & 0x40) != 0;
    }

    /** 16 bits (IPv4), or 32 (the IPv6 fragment header's; 0 without one). */
    public int identification() {
        return identification;
    }

    /** Of an IPv6 fragment: where in the memory the byte stands that names the fragment header. */
    long fragmentNamedAt() {
        return fragmentNamedAt;
    }
}
