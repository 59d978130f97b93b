package wireleap.tun.fuzz;

import static wireleap.tun.fuzz.Sums.VIRTIO;
import static wireleap.tun.fuzz.Sums.i32;
import static wireleap.tun.fuzz.Sums.u16;
import static wireleap.tun.fuzz.Sums.u8;

import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * Looks at every packet that the core sends, as a strict kernel and a strict host would: lengths, checksums, options, flags,
 * fragments, and the rules of the virtio header, also those whose breach Linux accepts in silence. Reads bytes by itself.
 */
final class SentJudge {
    private static final int NEEDS_CSUM = 1;
    private static final int MORE_FRAGMENTS = 0x2000;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int IPV6_FRAGMENT = 44;

    private final int mtu;
    private byte[] packet;
    private int length;
    private boolean v4;
    private int protocol;
    /** Where the transport, or a fragment's part of it, begins. */
    private int transport;
    private int fragmentOffset;
    private boolean moreFragments;

    SentJudge(int mtu) {
        this.mtu = mtu;
    }

    /** Throws an AssertionError that shows the packet if it is no good. */
    void look(byte[] bytes, int count) {
        packet = bytes;
        length = count;
        require(length >= VIRTIO + 20, "it is shorter than a header");
        v4 = u8(packet, VIRTIO) >>> 4 == 4;
        if (v4) {
            ipv4();
        } else {
            ipv6();
        }
        virtio();
        transport();
    }

    private void ipv4() {
        int header = (u8(packet, VIRTIO) & 15) * 4;
        require(header >= 20 && VIRTIO + header <= length, "IHL");
        require(u16(packet, VIRTIO + 2) == length - VIRTIO, "total length");
        require(Sums.sum(packet, VIRTIO, header, 0) == 0xffff, "header checksum");
        require(u8(packet, VIRTIO + 8) > 1, "TTL");
        int fragment = u16(packet, VIRTIO + 6);
        moreFragments = (fragment & MORE_FRAGMENTS) != 0;
        fragmentOffset = (fragment & 0x1fff) * 8;
        require((fragment & DONT_FRAGMENT) == 0 || !isFragment(), "a fragment that must not be fragmented");
        int to = u8(packet, VIRTIO + 16);
        require(to != 0 && to != 127 && to < 224, "destination");
        protocol = u8(packet, VIRTIO + 9);
        transport = VIRTIO + header;
    }

    private void ipv6() {
        require(u8(packet, VIRTIO) >>> 4 == 6 && length >= VIRTIO + 40, "version or length");
        require(u16(packet, VIRTIO + 4) == length - VIRTIO - 40, "payload length");
        require(u8(packet, VIRTIO + 7) > 1, "hop limit");
        require(u8(packet, VIRTIO + 24) != 0xff, "destination");
        protocol = u8(packet, VIRTIO + 6);
        transport = VIRTIO + 40;
        moreFragments = false;
        fragmentOffset = 0;
        if (protocol == IPV6_FRAGMENT) {
            require(length >= transport + 8, "fragment header");
            protocol = u8(packet, transport);
            fragmentOffset = u16(packet, transport + 2) & 0xfff8;
            moreFragments = (u16(packet, transport + 2) & 1) != 0;
            transport += 8;
        }
    }

    private boolean isFragment() {
        return moreFragments || fragmentOffset != 0;
    }

    private void virtio() {
        int flags = packet[0];
        int gsoType = packet[1];
        int gsoSize = u16Native(4);
        require(flags == 0 || flags == NEEDS_CSUM, "virtio flags");
        if (gsoType == 0) {
            require(length - VIRTIO <= mtu, "above the MTU without GSO");
            require(gsoSize == 0, "gso_size without GSO");
        } else {
            require(protocol == Sums.TCP ? gsoType == (v4 ? 1 : 4) : protocol == Sums.UDP && gsoType == 5, "GSO type");
            int headers = transport - VIRTIO + (protocol == Sums.TCP ? tcpHeader() : 8);
            require(flags == NEEDS_CSUM, "GSO without NEEDS_CSUM");
            require(u16Native(2) == headers, "hdr_len");
            require(gsoSize > 0 && length - VIRTIO - headers > gsoSize, "GSO without need");
            require(headers + gsoSize <= mtu, "segments above the MTU");
        }
        if (flags == NEEDS_CSUM) {
            require(!isFragment() && (protocol == Sums.TCP || protocol == Sums.UDP), "a partial checksum");
            require(u16Native(6) == transport - VIRTIO, "csum_start");
            require(u16Native(8) == (protocol == Sums.TCP ? 16 : 6), "csum_offset");
        }
    }

    private int u16Native(int at) {
        int value = u16(packet, at);
        return ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN ? value : Short.toUnsignedInt(Short.reverseBytes((short) value));
    }

    private void transport() {
        int bytes = length - transport;
        if (isFragment()) {
            require(bytes > 0 && (!moreFragments || bytes % 8 == 0), "a fragment's length");
            require(fragmentOffset + bytes <= 0xffff, "a fragment beyond the end of all datagrams");
            return;
        }
        switch (protocol) {
            case Sums.TCP -> tcp(bytes);
            case Sums.UDP -> udp(bytes);
            case Sums.ICMP4 -> icmp(v4, bytes);
            case Sums.ICMP6 -> icmp(!v4, bytes);
            default -> require(false, "protocol " + protocol);
        }
        int checksum = u16(packet, transport + Sums.checksumAt(packet));
        int initial = protocol == Sums.ICMP4 ? 0 : Sums.pseudoHeader(packet, protocol, bytes);
        if (packet[0] == NEEDS_CSUM) {
            require(checksum == initial, "the pseudo-header's sum");
        } else {
            require(Sums.sum(packet, transport, bytes, initial) == 0xffff, "checksum");
            require(protocol != Sums.UDP || checksum != 0, "no UDP checksum");
        }
    }

    private int tcpHeader() {
        require(length >= transport + 20, "TCP header");
        return (u8(packet, transport + 12) >>> 4) * 4;
    }

    private void tcp(int bytes) {
        int header = tcpHeader();
        require(header >= 20 && header <= bytes, "data offset");
        int flags = u8(packet, transport + 13);
        boolean fin = (flags & 1) != 0;
        boolean syn = (flags & 2) != 0;
        boolean rst = (flags & 4) != 0;
        boolean ack = (flags & 16) != 0;
        require((fin ? 1 : 0) + (syn ? 1 : 0) + (rst ? 1 : 0) <= 1, "SYN, FIN or RST together");
        require(ack || rst, "neither ACK nor RST");
        require(bytes == header || !syn && !rst, "payload with SYN or RST");
        require(u16(packet, transport) != 0 || rst, "source port 0");
        options(transport + 20, transport + header, syn);
    }

    private void options(int from, int end, boolean syn) {
        for (int at = from; at < end && u8(packet, at) != 0; ) {
            int kind = u8(packet, at);
            if (kind == 1) {
                at++;
                continue;
            }
            int size = at + 1 < end ? u8(packet, at + 1) : 0;
            require(size >= 2 && at + size <= end, "an option's length");
            require(switch (kind) {
                case 2 -> size == 4 && syn;
                case 3 -> size == 3 && syn && u8(packet, at + 2) <= 14;
                case 4 -> size == 2 && syn;
                case 5 -> size % 8 == 2 && size > 2 && !syn && blocks(at + 2, at + size);
                case 8 -> size == 10;
                default -> false;
            }, "option " + kind);
            at += size;
        }
    }

    /** SACK blocks are not empty, and lie behind what is acknowledged unless they tell of a duplicate (RFC 2883). */
    private boolean blocks(int from, int end) {
        for (int at = from; at < end; at += 8) {
            if (i32(packet, at + 4) - i32(packet, at) <= 0) {
                return false;
            }
        }
        return true;
    }

    private void udp(int bytes) {
        require(bytes >= 8 && u16(packet, transport + 4) == bytes, "UDP length");
        require(u16(packet, transport) != 0 && u16(packet, transport + 2) != 0, "UDP port 0");
    }

    private void icmp(boolean ofItsVersion, int bytes) {
        require(ofItsVersion && bytes >= 8, "ICMP of the other version, or short");
        int type = u8(packet, transport);
        require(v4 ? type == 0 || type == 3 || type == 11 : type >= 1 && type <= 4 || type == 129, "ICMP type " + type);
        boolean error = v4 ? type != 0 : type != 129;
        require(!error || length - VIRTIO <= (v4 ? 576 : 1280), "an ICMP error that quotes too much");
    }

    private void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("a packet was sent that is no good: " + what + "; "
                    + HexFormat.of().formatHex(Arrays.copyOf(packet, Math.min(length, 140))) + ", " + length + " bytes");
        }
    }
}
