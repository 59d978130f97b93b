package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.i32;
import static wireleap.tun.mem.Bytes.putI32;
import static wireleap.tun.mem.Bytes.putU16;
import static wireleap.tun.mem.Bytes.u16;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;

/**
 * An ICMP message of either version: RFC 792, RFC 4443. Reusable; owns no memory.
 * <pre>
 *   0      7 8     15 16           31
 *  +--------+--------+---------------+
 *  |  type  |  code  |   checksum    |
 *  +--------+--------+---------------+
 *  |  parameter: echo's identifier   |
 *  |  and number, MTU, pointer, ...  |
 *  +---------------------------------+
 *  |  body: echo's data, or the      |
 *  |  packet that an error is about  |
 * </pre>
 */
public final class IcmpMessage {
    /** Bytes before the body. */
    public static final int HEADER_BYTES = 8;
    /** ICMPv4's number in IP. */
    public static final int PROTOCOL_V4 = 1;
    /** ICMPv6's number in IP. */
    public static final int PROTOCOL_V6 = 58;

    private static final int CHECKSUM_OFFSET = 2;

    private MemorySegment memory = MemorySegment.NULL;
    private long offset;
    private int length;
    private boolean v4;

    /** ICMP's number in IP of a version, 4 or 6. */
    public static int protocol(int version) {
        return version == 4 ? PROTOCOL_V4 : PROTOCOL_V6;
    }

    /** Whether messages of this type are errors or redirects, which are never answered by errors. */
    public static boolean isError(int version, int type) {
        return version == 6 ? type < 128 || type == 137 // RFC 4443 section 2.4 e; 137: redirect
                : type == 3 || type == 4 || type == 5 || type == 11 || type == 12; // RFC 1122 section 3.2.2
    }

    /** Lays this over the payload of a packet, which is no fragment. False: shorter than a header. */
    public boolean wrap(IpPacket packet) {
        memory = packet.memory();
        offset = packet.payloadOffset();
        length = packet.payloadLength();
        v4 = packet.version() == 4;
        return length >= HEADER_BYTES;
    }

    /** 0..255. */
    public int type() {
        return u8(memory, offset);
    }

    /** 0..255. */
    public int code() {
        return u8(memory, offset + 1);
    }

    /** The four bytes after the checksum. */
    public int parameter() {
        return i32(memory, offset + 4);
    }

    /** Whether this asks for an echo. */
    public boolean isEchoRequest() {
        return type() == (v4 ? 8 : 128) && code() == 0;
    }

    /** Whether this is an error, or redirect, about a packet. */
    public boolean isError() {
        return isError(v4 ? 4 : 6, type());
    }

    /** Where the body begins in the memory. */
    public long bodyOffset() {
        return offset + HEADER_BYTES;
    }

    /** Bytes of the body. */
    public int bodyLength() {
        return length - HEADER_BYTES;
    }

    /** Whether the checksum is right; the packet is the one that was wrapped. */
    public boolean intact(IpPacket packet) {
        return v4 ? Checksum.isIntact(memory, offset, length) : Checksum.transportIntact(packet);
    }

    /**
     * Writes a header.
     *
     * @param parameter the four bytes after the checksum
     * @param pseudoHeaderSum of IPv6, see {@link Checksum}; 0 for IPv4, whose ICMP has none
     * @param body what will follow
     */
    public static void write(MemorySegment memory, long offset, int type, int code, int parameter,
                             int pseudoHeaderSum, MemorySegment body, long bodyOffset, int bodyLength) {
        putU16(memory, offset, type << 8 | code);
        putU16(memory, offset + CHECKSUM_OFFSET, 0);
        putI32(memory, offset + 4, parameter);
        int sum = Checksum.sum(memory, offset, HEADER_BYTES, body, bodyOffset, bodyLength, pseudoHeaderSum);
        putU16(memory, offset + CHECKSUM_OFFSET, Checksum.complement(sum));
    }
}
