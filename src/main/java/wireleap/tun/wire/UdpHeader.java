package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.putU16;
import static wireleap.tun.mem.Bytes.u16;

import java.lang.foreign.MemorySegment;

/**
 * A UDP header (RFC 768) and what follows it. Reusable; owns no memory.
 * <pre>
 *   0      7 8     15 16    23 24    31
 *  +--------+--------+--------+--------+
 *  |   source port   | destination port|
 *  +--------+--------+--------+--------+
 *  |     length      |    checksum     |
 *  +--------+--------+--------+--------+
 * </pre>
 */
public final class UdpHeader {
    /** Size in bytes. */
    public static final int BYTES = 8;
    /** Where the checksum stands in the header. */
    public static final int CHECKSUM_OFFSET = 6;
    /** The protocol's number in IP. */
    public static final int PROTOCOL = 17;

    private MemorySegment memory = MemorySegment.NULL;
    private long offset;

    /**
     * Lays this over the payload of an IP packet.
     *
     * @param length bytes of the IP payload
     * @return false: malformed, shorter than a header or than its length field says. Bytes beyond that length are
     *         ignored, as by the kernel.
     */
    public boolean wrap(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        this.offset = offset;
        return length >= BYTES && length() >= BYTES && length() <= length;
    }

    /** 0..65535. */
    public int srcPort() {
        return u16(memory, offset);
    }

    /** 0..65535. */
    public int dstPort() {
        return u16(memory, offset + 2);
    }

    /** Bytes of header and payload, 8..65535. */
    public int length() {
        return u16(memory, offset + 4);
    }

    /** As it stands; 0: the sender computed none, which IPv4 allows and IPv6 does not (RFC 8200 section 8.1). */
    public int checksum() {
        return u16(memory, offset + CHECKSUM_OFFSET);
    }

    /** Where the payload begins in the memory. */
    public long payloadOffset() {
        return offset + BYTES;
    }

    /** Bytes of payload, 0..65527. */
    public int payloadLength() {
        return length() - BYTES;
    }

    /**
     * Whether the datagram may be taken: its checksum is right, or is absent where that is allowed.
     *
     * @param packet the one that was wrapped, no fragment
     */
    public boolean intact(IpPacket packet) {
        if (checksum() == 0) {
            return packet.version() == 4;
        }
        int pseudoHeader = Checksum.pseudoHeader(packet.srcHi(), packet.srcLo(), packet.dstHi(), packet.dstLo(),
                PROTOCOL, length());
        return Checksum.isIntact(Checksum.sum(memory, offset, length(), pseudoHeader));
    }

    /**
     * Writes a header.
     *
     * @param payloadLength 0..65527
     * @param checksum complete, or the pseudo-header's sum where NEEDS_CSUM leaves the rest to the kernel
     */
    public static void write(MemorySegment memory, long offset, int srcPort, int dstPort, int payloadLength,
                             int checksum) {
        putU16(memory, offset, srcPort);
        putU16(memory, offset + 2, dstPort);
        putU16(memory, offset + 4, BYTES + payloadLength);
        putU16(memory, offset + CHECKSUM_OFFSET, checksum);
    }

    /**
     * Writes a header with the complete checksum of the datagram.
     *
     * @param ip between whose ends it goes
     * @param payload what will follow, {@code payloadLength} 0..65527 bytes
     */
    public static void writeComplete(MemorySegment memory, long offset, IpWriter ip, int srcPort, int dstPort,
                                     MemorySegment payload, long payloadOffset, int payloadLength) {
        write(memory, offset, srcPort, dstPort, payloadLength, 0);
        int sum = Checksum.sum(memory, offset, BYTES, payload, payloadOffset, payloadLength,
                ip.pseudoHeaderSum(BYTES + payloadLength));
        putU16(memory, offset + CHECKSUM_OFFSET, Checksum.complementForUdp(sum));
    }
}
