package wireleap.tun.wire;

/** The text of addresses, for logs: a dotted quad, or RFC 5952. Allocates. */
public final class AddressText {
    private AddressText() {}

    /** An address alone, such as 192.0.2.1 or 2001:db8::1. */
    public static String of(long hi, long lo) {
        return IpWriter.isIpv4(hi, lo) ? ipv4((int) lo) : ipv6(hi, lo);
    }

    /** An address with a port, such as 192.0.2.1:80 or [2001:db8::1]:80 (RFC 5952 section 6). */
    public static String of(long hi, long lo, int port) {
        return IpWriter.isIpv4(hi, lo) ? ipv4((int) lo) + ":" + port : "[" + ipv6(hi, lo) + "]:" + port;
    }

    private static String ipv4(int address) {
        return (address >>> 24) + "." + (address >>> 16 & 0xff) + "." + (address >>> 8 & 0xff) + "."
                + (address & 0xff);
    }

    /** RFC 5952 section 4.2: the first of the longest runs of two or more zeros becomes "::". */
    private static String ipv6(long hi, long lo) {
        int gapStart = 8;
        int gapLength = 1;
        for (int start = 0; start < 8; start++) {
            int length = 0;
            while (start + length < 8 && group(hi, lo, start + length) == 0) {
                length++;
            }
            if (length > gapLength) {
                gapStart = start;
                gapLength = length;
            }
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 8; i++) {
            if (i == gapStart) {
                text.append("::");
                i += gapLength - 1;
            } else {
                boolean separated = text.isEmpty() || text.charAt(text.length() - 1) == ':';
                text.append(separated ? "" : ":").append(Integer.toHexString(group(hi, lo, i)));
            }
        }
        return text.toString();
    }

    private static int group(long hi, long lo, int index) {
        return (int) ((index < 4 ? hi : lo) >>> (3 - (index & 3)) * 16) & 0xffff;
    }
}
