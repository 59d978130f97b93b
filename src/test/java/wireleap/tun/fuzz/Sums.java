package wireleap.tun.fuzz;

/**
 * The Internet checksum (RFC 1071) the slow and plain way, and what it takes to check a packet or make it right: on purpose
 * not the code of {@code wire}, which is tested by it.
 */
final class Sums {
    /** Bytes of the virtio header before each packet. */
    static final int VIRTIO = 12;
    static final int TCP = 6;
    static final int UDP = 17;
    static final int ICMP4 = 1;
    static final int ICMP6 = 58;

    private Sums() {
    }

    static int u8(byte[] bytes, int at) {
        return bytes[at] & 0xff;
    }

    static int u16(byte[] bytes, int at) {
        return u8(bytes, at) << 8 | u8(bytes, at + 1);
    }

    static int i32(byte[] bytes, int at) {
        return u16(bytes, at) << 16 | u16(bytes, at + 2);
    }

    static void put16(byte[] bytes, int at, int value) {
        bytes[at] = (byte) (value >> 8);
        bytes[at + 1] = (byte) value;
    }

    static void put32(byte[] bytes, int at, int value) {
        put16(bytes, at, value >>> 16);
        put16(bytes, at + 2, value);
    }

    /** The folded sum, not complemented. */
    static int sum(byte[] bytes, int from, int length, int initial) {
        long sum = initial;
        for (int i = 0; i + 1 < length; i += 2) {
            sum += u16(bytes, from + i);
        }
        if ((length & 1) != 0) {
            sum += u8(bytes, from + length - 1) << 8;
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return (int) sum;
    }

    /** The sum of the pseudo-header of a packet whose IP header begins at VIRTIO and has no extensions. */
    static int pseudoHeader(byte[] packet, int protocol, int length) {
        boolean v4 = isV4(packet);
        int addresses = v4 ? sum(packet, VIRTIO + 12, 8, 0) : sum(packet, VIRTIO + 8, 32, 0);
        return sum(new byte[0], 0, 0, addresses + protocol + length);
    }

    static boolean isV4(byte[] packet) {
        return u8(packet, VIRTIO) >>> 4 == 4;
    }

    static int protocol(byte[] packet) {
        return u8(packet, VIRTIO + (isV4(packet) ? 9 : 6));
    }

    /** Where the transport begins; 0: this is no whole IPv4 packet, and none of IPv6 without extension headers. */
    static int transport(byte[] packet, int length) {
        if (length < VIRTIO + 20) {
            return 0;
        }
        if (isV4(packet)) {
            int header = (u8(packet, VIRTIO) & 15) * 4;
            int total = u16(packet, VIRTIO + 2);
            boolean fragment = (u16(packet, VIRTIO + 6) & 0x3fff) != 0;
            return header < 20 || total < header || total > length - VIRTIO || fragment ? 0 : VIRTIO + header;
        }
        boolean whole = u8(packet, VIRTIO) >>> 4 == 6 && length >= VIRTIO + 40
                && u16(packet, VIRTIO + 4) <= length - VIRTIO - 40;
        return whole ? VIRTIO + 40 : 0;
    }

    /** Where the packet ends by its own word. */
    static int end(byte[] packet) {
        return isV4(packet) ? VIRTIO + u16(packet, VIRTIO + 2) : VIRTIO + 40 + u16(packet, VIRTIO + 4);
    }

    /** Where in the transport the checksum stands; -1: it has none that is known. */
    static int checksumAt(byte[] packet) {
        int protocol = protocol(packet);
        return switch (protocol) {
            case TCP -> 16;
            case UDP -> 6;
            case ICMP4 -> isV4(packet) ? 2 : -1;
            case ICMP6 -> isV4(packet) ? -1 : 2;
            default -> -1;
        };
    }

    /** What is summed before the transport. */
    static int initial(byte[] packet, int length) {
        int protocol = protocol(packet);
        return protocol == ICMP4 ? 0 : pseudoHeader(packet, protocol, length);
    }

    /** Makes the IPv4 header's checksum right, if there is such a header. */
    static void fixHeader(byte[] packet, int length) {
        int header = length > VIRTIO ? (u8(packet, VIRTIO) & 15) * 4 : 0;
        if (header >= 20 && length >= VIRTIO + header && isV4(packet)) {
            put16(packet, VIRTIO + 10, 0);
            put16(packet, VIRTIO + 10, ~sum(packet, VIRTIO, header, 0));
        }
    }

    /**
     * Makes the transport's checksum right, as far as there is one.
     *
     * @param partial only the pseudo-header's sum, for the other side to go on from
     */
    static void fixTransport(byte[] packet, int length, boolean partial) {
        int transport = transport(packet, length);
        int at = transport == 0 ? -1 : checksumAt(packet);
        if (at < 0 || transport + at + 2 > end(packet)) {
            return;
        }
        int bytes = end(packet) - transport;
        put16(packet, transport + at, 0);
        int initial = initial(packet, bytes);
        int sum = partial ? initial : ~sum(packet, transport, bytes, initial) & 0xffff;
        put16(packet, transport + at, sum == 0 && protocol(packet) == UDP ? 0xffff : sum);
    }

    /**
     * Whether a packet that came in has a checksum that is wrong, and nobody has vouched for it: then it must not be
     * answered. Fragments, extension headers and lengths that contradict each other are not judged; and a hop limit that
     * is used up is a router's business, which looks at no transport.
     */
    static boolean isDamaged(byte[] packet, int length) {
        int header = length >= VIRTIO + 20 && isV4(packet) ? (u8(packet, VIRTIO) & 15) * 4 : 0;
        if (header >= 20 && length >= VIRTIO + header && sum(packet, VIRTIO, header, 0) != 0xffff) {
            return true;
        }
        int transport = transport(packet, length);
        boolean vouchedFor = (packet[0] & 3) != 0;
        if (transport == 0 || vouchedFor || u8(packet, VIRTIO + (isV4(packet) ? 8 : 7)) <= 1) {
            return false;
        }
        int bytes = end(packet) - transport;
        int at = checksumAt(packet);
        if (at < 0 || at + 2 > bytes) {
            return false;
        }
        if (protocol(packet) == UDP) {
            int said = bytes < 8 ? 0 : u16(packet, transport + 4);
            if (said < 8 || said > bytes) {
                return false;
            }
            if (u16(packet, transport + 6) == 0) {
                return !isV4(packet);
            }
            return sum(packet, transport, said, initial(packet, said)) != 0xffff;
        }
        return sum(packet, transport, bytes, initial(packet, bytes)) != 0xffff;
    }
}
