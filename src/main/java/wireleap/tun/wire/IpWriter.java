package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.putI32;
import static wireleap.tun.mem.Bytes.putI64;
import static wireleap.tun.mem.Bytes.putU16;
import static wireleap.tun.mem.Bytes.putU8;

import java.lang.foreign.MemorySegment;

/**
 * Writes IP headers of either version without options. Reusable: {@link #between} says for whom, any number of headers
 * may follow. Hop limit 64, traffic class 0, flow label 0. One a loop.
 */
public final class IpWriter {
    private static final int HOP_LIMIT = 64;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int IPV6_FRAGMENT_HEADER = 44;
    private static final int IPV6_FRAGMENT_HEADER_BYTES = 8;
    private static final long MAPPED = 0xffff;

    private long srcHi;
    private long srcLo;
    private long dstHi;
    private long dstLo;
    private int protocol;
    private boolean ipv4;

    /** Whether an address is IPv4, that is ::ffff:a.b.c.d. */
    public static boolean isIpv4(long hi, long lo) {
        return hi == 0 && lo >>> 32 == MAPPED;
    }

    /**
     * Sets ends and protocol of the headers to come; both addresses are of one family.
     *
     * @param protocol of the transport, 0..255
     */
    public IpWriter between(long srcHi, long srcLo, long dstHi, long dstLo, int protocol) {
        this.srcHi = srcHi;
        this.srcLo = srcLo;
        this.dstHi = dstHi;
        this.dstLo = dstLo;
        this.protocol = protocol;
        this.ipv4 = isIpv4(dstHi, dstLo);
        return this;
    }

    /** Whether headers are of version 4. */
    public boolean isIpv4() {
        return ipv4;
    }

    /** Bytes of the header that {@link #write} writes: 20 or 40. */
    public int headerBytes() {
        return ipv4 ? IpPacket.IPV4_HEADER_BYTES : IpPacket.IPV6_HEADER_BYTES;
    }

    /** Bytes of the header that {@link #writeFragment} writes: 20 or 48. */
    public int fragmentHeaderBytes() {
        return ipv4 ? IpPacket.IPV4_HEADER_BYTES : IpPacket.IPV6_HEADER_BYTES + IPV6_FRAGMENT_HEADER_BYTES;
    }

    /** The protocol that {@link #between} was given. */
    public int protocol() {
        return protocol;
    }

    /** The sum of the pseudo-header for so many bytes of transport header and payload, see {@link Checksum}. */
    public int pseudoHeaderSum(int length) {
        return Checksum.pseudoHeader(srcHi, srcLo, dstHi, dstLo, protocol, length);
    }

    /**
     * Writes the header of a whole datagram, in IPv4 with DF and identification 0 (RFC 6864 section 4.1).
     *
     * @param payloadLength bytes after the header: 0..65515 (IPv4), 0..65535 (IPv6)
     */
    public void write(MemorySegment memory, long offset, int payloadLength) {
        if (ipv4) {
            writeIpv4(memory, offset, payloadLength, 0, DONT_FRAGMENT);
        } else {
            writeIpv6(memory, offset, payloadLength, protocol);
        }
    }

    /**
     * Writes the header of a fragment (RFC 791 section 3.2, RFC 8200 section 4.5).
     *
     * @param payloadLength bytes of the datagram in this fragment, a multiple of 8 unless it is the last
     * @param fragmentOffset where they belong in it, in bytes, a multiple of 8
     * @param more whether this is not the last
     * @param identification common to the datagram's fragments; IPv4 uses the low 16 bits
     */
    public void writeFragment(MemorySegment memory, long offset, int payloadLength, int fragmentOffset, boolean more,
                              int identification) {
        if (ipv4) {
            int fragment = fragmentOffset >>> 3 | (more ? MORE_FRAGMENTS : 0);
            writeIpv4(memory, offset, payloadLength, identification, fragment);
        } else {
            writeIpv6(memory, offset, payloadLength + IPV6_FRAGMENT_HEADER_BYTES, IPV6_FRAGMENT_HEADER);
            long header = offset + IpPacket.IPV6_HEADER_BYTES;
            putU16(memory, header, protocol << 8);
            putU16(memory, header + 2, fragmentOffset | (more ? 1 : 0));
            putI32(memory, header + 4, identification);
        }
    }

    private void writeIpv4(MemorySegment memory, long offset, int payloadLength, int identification, int fragment) {
        putU16(memory, offset, 0x4500);
        putU16(memory, offset + 2, IpPacket.IPV4_HEADER_BYTES + payloadLength);
        putU16(memory, offset + 4, identification);
        putU16(memory, offset + 6, fragment);
        putU16(memory, offset + 8, HOP_LIMIT << 8 | protocol);
        putU16(memory, offset + 10, 0);
        putI32(memory, offset + 12, (int) srcLo);
        putI32(memory, offset + 16, (int) dstLo);
        int sum = Checksum.sum(memory, offset, IpPacket.IPV4_HEADER_BYTES, 0);
        putU16(memory, offset + 10, Checksum.complement(sum));
    }

    private void writeIpv6(MemorySegment memory, long offset, int payloadLength, int nextHeader) {
        putI32(memory, offset, 0x6000_0000);
        putU16(memory, offset + 4, payloadLength);
        putU8(memory, offset + 6, nextHeader);
        putU8(memory, offset + 7, HOP_LIMIT);
        putI64(memory, offset + 8, srcHi);
        putI64(memory, offset + 16, srcLo);
        putI64(memory, offset + 24, dstHi);
        putI64(memory, offset + 32, dstLo);
    }
}
