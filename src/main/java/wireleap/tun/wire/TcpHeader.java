package wireleap.tun.wire;

import static wireleap.tun.mem.Bytes.i32;
import static wireleap.tun.mem.Bytes.putI32;
import static wireleap.tun.mem.Bytes.putU16;
import static wireleap.tun.mem.Bytes.putU8;
import static wireleap.tun.mem.Bytes.u16;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;

/**
 * A TCP header (RFC 9293 section 3.1) with its options and what follows it. Reusable; owns no memory.
 * <pre>
 *   0       7 8      15 16     23 24     31
 *  +---------+---------+---------+---------+
 *  |    source port    | destination port  |
 *  +---------+---------+---------+---------+
 *  |            sequence number            |
 *  +---------+---------+---------+---------+
 *  |         acknowledgment number         |
 *  +----+----+---------+---------+---------+
 *  |len |rsvd|  flags  |      window       |
 *  +----+----+---------+---------+---------+
 *  |     checksum      |  urgent pointer   |
 *  +---------+---------+---------+---------+
 *  |          options, len * 4 - 20        |
 * </pre>
 */
public final class TcpHeader {
    /** Size without options in bytes. */
    public static final int BYTES = 20;
    /** Size with as many options as fit, in bytes. */
    public static final int MAX_BYTES = 60;
    /** Where the checksum stands in the header. */
    public static final int CHECKSUM_OFFSET = 16;
    /** The protocol's number in IP. */
    public static final int PROTOCOL = 6;

    /** No more data from the sender. */
    public static final int FIN = 0x01;
    /** Synchronize sequence numbers. */
    public static final int SYN = 0x02;
    /** Reset the connection. */
    public static final int RST = 0x04;
    /** Push function. */
    public static final int PSH = 0x08;
    /** The acknowledgment field is significant. */
    public static final int ACK = 0x10;
    /** The urgent pointer is significant. */
    public static final int URG = 0x20;
    /** ECN echo (RFC 3168). */
    public static final int ECE = 0x40;
    /** Congestion window reduced (RFC 3168). */
    public static final int CWR = 0x80;

    private final TcpOptions options = new TcpOptions();
    private MemorySegment memory = MemorySegment.NULL;
    private long offset;
    private int length;

    /**
     * Lays this over the payload of an IP packet and reads the options.
     *
     * @param length bytes of the IP payload
     * @return false: malformed, shorter than a header or than its length field says
     */
    public boolean wrap(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        this.offset = offset;
        this.length = length;
        if (length < BYTES || headerLength() < BYTES || headerLength() > length) {
            return false;
        }
        options.parse(memory, offset + BYTES, headerLength() - BYTES);
        return true;
    }

    /** 0..65535. */
    public int srcPort() {
        return u16(memory, offset);
    }

    /** 0..65535. */
    public int dstPort() {
        return u16(memory, offset + 2);
    }

    /** The number of the first byte, or of the SYN; compare by wrapping subtraction. */
    public int seq() {
        return i32(memory, offset + 4);
    }

    /** The next number that the sender expects; meaningful with {@link #ACK}. */
    public int ack() {
        return i32(memory, offset + 8);
    }

    /** Bytes of the header with its options, 20..60. */
    public int headerLength() {
        return (u8(memory, offset + 12) >>> 4) * 4;
    }

    /** The eight flags, from {@link #FIN} to {@link #CWR}. */
    public int flags() {
        return u8(memory, offset + 13);
    }

    /** Whether one of the flags given is set. */
    public boolean has(int flags) {
        return (flags() & flags) != 0;
    }

    /** As it stands, 0..65535; outside SYNs it may be scaled (RFC 7323 section 2.2). */
    public int window() {
        return u16(memory, offset + 14);
    }

    /** As it stands. */
    public int checksum() {
        return u16(memory, offset + CHECKSUM_OFFSET);
    }

    /** What the options say, until the next {@link #wrap}. */
    public TcpOptions options() {
        return options;
    }

    /** Where the payload begins in the memory. */
    public long payloadOffset() {
        return offset + headerLength();
    }

    /** Bytes of payload, 0 or more. */
    public int payloadLength() {
        return length - headerLength();
    }

    /**
     * Writes a header whose options stand already (see {@link TcpOptions}) or are absent. The checksum is left 0, the
     * urgent pointer too.
     *
     * @param headerLength 20..60, a multiple of 4
     * @param flags {@link #FIN} to {@link #CWR}
     * @param window 0..65535, scaled already
     */
    public static void write(MemorySegment memory, long offset, int srcPort, int dstPort, int seq, int ack,
                             int headerLength, int flags, int window) {
        putU16(memory, offset, srcPort);
        putU16(memory, offset + 2, dstPort);
        putI32(memory, offset + 4, seq);
        putI32(memory, offset + 8, ack);
        putU8(memory, offset + 12, headerLength / 4 << 4);
        putU8(memory, offset + 13, flags);
        putU16(memory, offset + 14, window);
        putI32(memory, offset + CHECKSUM_OFFSET, 0);
    }
}
