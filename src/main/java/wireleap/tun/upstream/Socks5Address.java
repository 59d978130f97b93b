package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.wire.IpWriter;

/** ATYP, address and port as they stand in SOCKS5 messages and before each datagram: RFC 1928 sections 4 to 7. */
final class Socks5Address {
    static final int IPV4 = 1;
    static final int NAME = 3;
    static final int IPV6 = 4;

    private static final long MAPPED = 0x0000_ffff_0000_0000L;

    private Socks5Address() {
    }

    /** The low half of the mapped form of an IPv4 address. */
    static long mapped(int ipv4) {
        return MAPPED | Integer.toUnsignedLong(ipv4);
    }

    /** Writes ATYP, address and port; answers how many bytes that were: 7 or 19. */
    static int put(MemorySegment memory, long offset, long hi, long lo, int port) {
        int length;
        if (IpWriter.isIpv4(hi, lo)) {
            Bytes.putU8(memory, offset, IPV4);
            Bytes.putI32(memory, offset + 1, (int) lo);
            length = 5;
        } else {
            Bytes.putU8(memory, offset, IPV6);
            Bytes.putI64(memory, offset + 1, hi);
            Bytes.putI64(memory, offset + 9, lo);
            length = 17;
        }
        Bytes.putU16(memory, offset + length, port);
        return length + 2;
    }

    /** Bytes of ATYP, address and port for this ATYP, its next byte being the length of a name; 0: no such ATYP. */
    static int length(int type, int nextByte) {
        return switch (type) {
            case IPV4 -> 7;
            case IPV6 -> 19;
            case NAME -> 4 + nextByte;
            default -> 0;
        };
    }
}
