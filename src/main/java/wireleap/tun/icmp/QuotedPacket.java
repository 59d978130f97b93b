package wireleap.tun.icmp;

import static wireleap.tun.mem.Bytes.i32;
import static wireleap.tun.mem.Bytes.i64;
import static wireleap.tun.mem.Bytes.u16;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpPacket;

/**
 * An ICMP error that came in, and the beginning of the packet that it quotes, which is one of ours: its source is the
 * remote end that we stand for, its destination the host behind the TUN. Whether it really is one, the flow's ports and
 * sequence numbers tell (RFC 5927 section 4). Reusable; owns no memory.
 */
public final class QuotedPacket {
    private static final int IPV6_FRAGMENT = 44;
    private static final int IPV6_FRAGMENT_BYTES = 8;
    /** What must be there of the transport (RFC 792, RFC 4443 section 2.4 c). */
    private static final int TRANSPORT_BYTES = 8;
    private static final long MAPPED = 0x0000ffff_00000000L;

    private MemorySegment memory = MemorySegment.NULL;
    private IcmpError error = IcmpError.NET_UNREACHABLE;
    private int mtu;
    private int protocol;
    private long srcHi;
    private long srcLo;
    private long dstHi;
    private long dstLo;
    private long transport;

    /**
     * Reads an error message.
     *
     * @param packet that carries it, whole and intact
     * @param message the packet's
     * @return false: no error that is known, or one that does not quote the start of a transport header
     */
    public boolean wrap(IpPacket packet, IcmpMessage message) {
        memory = packet.memory();
        boolean ipv4 = packet.version() == 4;
        if (!(ipv4 ? readErrorV4(message) : readErrorV6(message))) {
            return false;
        }
        return ipv4 ? readPacketV4(message.bodyOffset(), message.bodyLength())
                : readPacketV6(message.bodyOffset(), message.bodyLength());
    }

    /** Codes: RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1. */
    private boolean readErrorV4(IcmpMessage message) {
        mtu = message.parameter() & 0xffff; // RFC 1191 section 4
        int code = message.code();
        if (message.type() == 11) {
            error = code == 1 ? IcmpError.REASSEMBLY_TIME_EXCEEDED : IcmpError.HOP_LIMIT_EXCEEDED;
            return true;
        }
        error = switch (code) {
            case 0, 6, 11 -> IcmpError.NET_UNREACHABLE;
            case 2 -> IcmpError.PROTOCOL_UNREACHABLE;
            case 3 -> IcmpError.PORT_UNREACHABLE;
            case 4 -> IcmpError.PACKET_TOO_BIG;
            case 9, 10, 13, 14, 15 -> IcmpError.ADMIN_PROHIBITED;
            default -> IcmpError.HOST_UNREACHABLE;
        };
        return message.type() == 3;
    }

    /** Codes: RFC 4443 section 3. */
    private boolean readErrorV6(IcmpMessage message) {
        mtu = (int) Math.min(Integer.toUnsignedLong(message.parameter()), Integer.MAX_VALUE);
        int code = message.code();
        switch (message.type()) {
            case 1:
                error = switch (code) {
                    case 0 -> IcmpError.NET_UNREACHABLE;
                    case 1, 5, 6 -> IcmpError.ADMIN_PROHIBITED;
                    case 4 -> IcmpError.PORT_UNREACHABLE;
                    default -> IcmpError.HOST_UNREACHABLE;
                };
                return true;
            case 2:
                error = IcmpError.PACKET_TOO_BIG;
                return true;
            case 3:
                error = code == 1 ? IcmpError.REASSEMBLY_TIME_EXCEEDED : IcmpError.HOP_LIMIT_EXCEEDED;
                return true;
            case 4:
                error = IcmpError.PROTOCOL_UNREACHABLE;
                return code == 1;
            default:
                return false;
        }
    }

    private boolean readPacketV4(long offset, int length) {
        if (length < IpPacket.IPV4_HEADER_BYTES || u8(memory, offset) >>> 4 != 4) {
            return false;
        }
        int headerBytes = (u8(memory, offset) & 0xf) << 2;
        boolean first = (u16(memory, offset + 6) & 0x1fff) == 0;
        if (!first || headerBytes < IpPacket.IPV4_HEADER_BYTES || length < headerBytes + TRANSPORT_BYTES) {
            return false;
        }
        protocol = u8(memory, offset + 9);
        srcHi = 0;
        srcLo = MAPPED | Integer.toUnsignedLong(i32(memory, offset + 12));
        dstHi = 0;
        dstLo = MAPPED | Integer.toUnsignedLong(i32(memory, offset + 16));
        transport = offset + headerBytes;
        return true;
    }

    /** Ours have no extension header but that of a fragment. */
    private boolean readPacketV6(long offset, int length) {
        if (length < IpPacket.IPV6_HEADER_BYTES + TRANSPORT_BYTES || u8(memory, offset) >>> 4 != 6) {
            return false;
        }
        protocol = u8(memory, offset + 6);
        srcHi = i64(memory, offset + 8);
        srcLo = i64(memory, offset + 16);
        dstHi = i64(memory, offset + 24);
        dstLo = i64(memory, offset + 32);
        transport = offset + IpPacket.IPV6_HEADER_BYTES;
        if (protocol != IPV6_FRAGMENT) {
            return true;
        }
        protocol = u8(memory, transport);
        boolean first = (u16(memory, transport + 2) & 0xfff8) == 0;
        transport += IPV6_FRAGMENT_BYTES;
        return first && length >= IpPacket.IPV6_HEADER_BYTES + IPV6_FRAGMENT_BYTES + TRANSPORT_BYTES;
    }

    /** What happened to the packet. */
    public IcmpError error() {
        return error;
    }

    /** Of PACKET_TOO_BIG: bytes that the way allows, as it was claimed, 0 or more. */
    public int mtu() {
        return mtu;
    }

    /** The packet's transport, such as 6 or 17. */
    public int protocol() {
        return protocol;
    }

    /** High half of the packet's source address; 0 for IPv4. */
    public long srcHi() {
        return srcHi;
    }

    /** Low half of the packet's source address. */
    public long srcLo() {
        return srcLo;
    }

    /** High half of the packet's destination address; 0 for IPv4. */
    public long dstHi() {
        return dstHi;
    }

    /** Low half of the packet's destination address. */
    public long dstLo() {
        return dstLo;
    }

    /** The packet's source port, where its transport has ports. */
    public int srcPort() {
        return u16(memory, transport);
    }

    /** The packet's destination port, where its transport has ports. */
    public int dstPort() {
        return u16(memory, transport + 2);
    }

    /** The packet's sequence number, where its transport is TCP. */
    public int sequence() {
        return i32(memory, transport + 4);
    }
}
