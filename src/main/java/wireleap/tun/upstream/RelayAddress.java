package wireleap.tun.upstream;

import wireleap.tun.wire.IpWriter;

/**
 * Whether a relay can be where a SOCKS5 server says it is. Servers behind address translation, in containers or bound
 * to everything name addresses that mean nothing outside.
 */
final class RelayAddress {
    private RelayAddress() {
    }

    /** Whether the relay's address makes sense for one whose server was reached at the other address. */
    static boolean isPlausible(long hi, long lo, long serverHi, long serverLo) {
        if (hi == serverHi && lo == serverLo) {
            return true;
        }
        return !isUnspecified(hi, lo) && !isMulticast(hi, lo) && !isLinkLocal(hi, lo)
                && (!isLoopback(hi, lo) || isLoopback(serverHi, serverLo))
                && (!isPrivate(hi, lo) || isPrivate(serverHi, serverLo) || isLoopback(serverHi, serverLo));
    }

    private static boolean isUnspecified(long hi, long lo) {
        // 0.0.0.0/8 is "this network": RFC 1122 section 3.2.1.3
        return hi == 0 && (lo == 0 || IpWriter.isIpv4(hi, lo) && (int) lo >>> 24 == 0);
    }

    private static boolean isMulticast(long hi, long lo) {
        // 224.0.0.0/4 and 240.0.0.0/4 (RFC 1112), ff00::/8 (RFC 4291)
        return IpWriter.isIpv4(hi, lo) ? (int) lo >>> 29 == 7 : hi >>> 56 == 0xff;
    }

    private static boolean isLinkLocal(long hi, long lo) {
        // 169.254.0.0/16 (RFC 3927), fe80::/10 (RFC 4291): without a zone there is no way to it
        return IpWriter.isIpv4(hi, lo) ? (int) lo >>> 16 == 0xa9fe : hi >>> 54 == 0x3fa;
    }

    private static boolean isLoopback(long hi, long lo) {
        return IpWriter.isIpv4(hi, lo) ? (int) lo >>> 24 == 127 : hi == 0 && lo == 1;
    }

    private static boolean isPrivate(long hi, long lo) {
        if (!IpWriter.isIpv4(hi, lo)) {
            return hi >>> 57 == 0x7e; // fc00::/7, RFC 4193
        }
        int address = (int) lo; // RFC 1918, and 100.64.0.0/10 of RFC 6598
        return address >>> 24 == 10 || address >>> 20 == 0xac1 || address >>> 16 == 0xc0a8 || address >>> 22 == 0x191;
    }
}
