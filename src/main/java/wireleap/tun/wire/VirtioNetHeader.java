package wireleap.tun.wire;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The header before each packet of a TUN with IFF_VNET_HDR: what was left for the other side to do, checksum and
 * cutting into segments. {@code struct virtio_net_hdr_v1} of linux/virtio_net.h, 12 bytes (TUNSETVNETHDRSZ), in the
 * processor's byte order as long as TUNSETVNETLE and TUNSETVNETBE are not used:
 * <pre>
 *   0 u8  flags         1 u8  gso_type
 *   2 u16 hdr_len       bytes of all headers of the packet
 *   4 u16 gso_size      payload bytes of a segment
 *   6 u16 csum_start    where the checksummed part begins, from the IP header on
 *   8 u16 csum_offset   where in that part the checksum stands; the field holds the pseudo-header's sum
 *  10 u16 num_buffers   unused with a TUN
 * </pre>
 */
public final class VirtioNetHeader {
    /** Size in bytes. */
    public static final int BYTES = 12;

    /** Flag: the checksum is not computed; its field holds the pseudo-header's sum (VIRTIO_NET_HDR_F_NEEDS_CSUM). */
    public static final int NEEDS_CSUM = 1;
    /** Flag: the checksum has been found right (VIRTIO_NET_HDR_F_DATA_VALID). */
    public static final int DATA_VALID = 2;

    /** gso_type: one packet as it stands. */
    public static final int GSO_NONE = 0;
    /** gso_type: TCP over IPv4 of many segments. */
    public static final int GSO_TCPV4 = 1;
    /** gso_type: a UDP datagram to be fragmented (old). */
    public static final int GSO_UDP = 3;
    /** gso_type: TCP over IPv6 of many segments. */
    public static final int GSO_TCPV6 = 4;
    /** gso_type: UDP of many datagrams, IPv4 or IPv6. */
    public static final int GSO_UDP_L4 = 5;
    /** Bit in gso_type: the segments carry ECN's CWR (VIRTIO_NET_HDR_GSO_ECN). */
    public static final int GSO_ECN = 0x80;

    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.nativeOrder());

    private MemorySegment memory = MemorySegment.NULL;
    private long offset;

    /** Lays this over a header. False: fewer than {@link #BYTES} are there. */
    public boolean wrap(MemorySegment memory, long offset, int length) {
        this.memory = memory;
        this.offset = offset;
        return length >= BYTES;
    }

    /** Whether the transport checksum need not be verified: not yet computed, or found right by the kernel. */
    public boolean checksumTrusted() {
        return (flags() & (NEEDS_CSUM | DATA_VALID)) != 0;
    }

    /** The flags, {@link #NEEDS_CSUM} and {@link #DATA_VALID} among them. */
    public int flags() {
        return memory.get(JAVA_BYTE, offset) & 0xff;
    }

    /** One of GSO_*, without the bit {@link #GSO_ECN}. */
    public int gsoType() {
        return memory.get(JAVA_BYTE, offset + 1) & 0xff & ~GSO_ECN;
    }

    /** Whether the packet stands for many that are not cut yet. */
    public boolean isSuperSegment() {
        return gsoType() != GSO_NONE;
    }

    /** What the kernel believes to be the bytes of all headers. Not to be trusted: read the headers. */
    public int hdrLen() {
        return u16(2);
    }

    /** Payload bytes of each segment but the last; 0 where {@link #gsoType} is GSO_NONE. */
    public int gsoSize() {
        return u16(4);
    }

    /** With {@link #NEEDS_CSUM}: where the checksummed part begins, in bytes from the IP header on. */
    public int csumStart() {
        return u16(6);
    }

    /** With {@link #NEEDS_CSUM}: where in that part the checksum stands, in bytes. */
    public int csumOffset() {
        return u16(8);
    }

    /** Writes the header of a packet that is complete: nothing left to do. */
    public static void writeComplete(MemorySegment memory, long offset) {
        write(memory, offset, 0, GSO_NONE, 0, 0, 0, 0);
    }

    /**
     * Writes the header of a packet whose transport checksum the kernel is to complete and which it is to cut, should
     * it ever need to, into segments of {@code segmentBytes}. The kernel takes a wrong hdr_len, and a gso type on a
     * packet of one segment, in silence (seen on 6.18); so the type is set only where there is more than one segment.
     *
     * @param gsoType what it is if there is more than one segment
     * @param ipHeaderBytes 20..
     * @param transportHeaderBytes 8 (UDP), 20..60 (TCP)
     * @param csumOffset of the checksum in the transport header: 16 (TCP), 6 (UDP)
     * @param payloadBytes 0 or more
     * @param segmentBytes payload bytes of a segment, 1..65534
     */
    public static void writePartial(MemorySegment memory, long offset, int gsoType, int ipHeaderBytes,
                                    int transportHeaderBytes, int csumOffset, int payloadBytes, int segmentBytes) {
        boolean cut = payloadBytes > segmentBytes;
        write(memory, offset, NEEDS_CSUM, cut ? gsoType : GSO_NONE, ipHeaderBytes + transportHeaderBytes,
                cut ? segmentBytes : 0, ipHeaderBytes, csumOffset);
    }

    /** Writes all fields as given; num_buffers is 0. */
    public static void write(MemorySegment memory, long offset, int flags, int gsoType, int hdrLen, int gsoSize,
                             int csumStart, int csumOffset) {
        memory.set(JAVA_BYTE, offset, (byte) flags);
        memory.set(JAVA_BYTE, offset + 1, (byte) gsoType);
        memory.set(SHORT, offset + 2, (short) hdrLen);
        memory.set(SHORT, offset + 4, (short) gsoSize);
        memory.set(SHORT, offset + 6, (short) csumStart);
        memory.set(SHORT, offset + 8, (short) csumOffset);
        memory.set(SHORT, offset + 10, (short) 0);
    }

    private int u16(int field) {
        return memory.get(SHORT, offset + field) & 0xffff;
    }
}
