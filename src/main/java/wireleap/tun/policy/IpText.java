package wireleap.tun.policy;

/** The text of addresses and networks: read strictly, written canonically. */
final class IpText {
    private static final int SHOWN_CHARS = 64;
    private static final String EXPECTED = "an IPv4 or IPv6 address or network is expected,"
            + " such as 192.0.2.1, 10.0.0.0/8, 2001:db8::1 or fd00::/8";

    private final String text;
    private final int end;      // of the address within the text
    private int at;             // next character to read, <= end

    private IpText(String text, int end) {
        this.text = text;
        this.end = end;
    }

    static IpPrefix parse(String text) {
        int slash = text.indexOf('/');
        int end = slash < 0 ? text.length() : slash;
        String address = text.substring(0, end);
        if (address.isEmpty()) {
            throw wrong(text, "has no address; " + EXPECTED);
        }
        if (address.indexOf('%') >= 0) {
            throw wrong(text, "has a zone, which a route cannot have; leave the % and what follows away");
        }
        IpText reader = new IpText(text, end);
        if (address.indexOf(':') >= 0) {
            long[] words = reader.ipv6();
            return network(text, words[0], words[1], length(text, slash, 128));
        }
        long ipv4 = reader.lookLikeIpv4() ? reader.dottedQuad() : reader.notAnAddress();
        return network(text, 0, 0xffffL << 32 | ipv4, IpPrefix.MAPPED_BITS + length(text, slash, 32));
    }

    private static IpPrefix network(String text, long hi, long lo, int length) {
        boolean ipv4 = IpPrefix.isMapped(hi, lo) && length >= IpPrefix.MAPPED_BITS;
        if (length == 0 || ipv4 && length == IpPrefix.MAPPED_BITS) {
            throw wrong(text, "is a /0, which would leave nothing to the tunnel;"
                    + " name the networks that are to go around it");
        }
        long networkHi = hi & IpPrefix.maskHi(length);
        long networkLo = lo & IpPrefix.maskLo(length);
        if (networkHi != hi || networkLo != lo) {
            throw wrong(text, "has host bits set; the network is " + new IpPrefix(networkHi, networkLo, length)
                    + ", the address " + format(hi, lo, IpPrefix.isMapped(hi, lo)));
        }
        return new IpPrefix(hi, lo, length);
    }

    private static int length(String text, int slash, int maximum) {
        if (slash < 0) {
            return maximum;
        }
        int length = slash + 1 < text.length() && text.length() <= slash + 4 ? 0 : -1;
        for (int i = slash + 1; i < text.length() && length >= 0; i++) {
            char c = text.charAt(i);
            boolean leadingZero = i > slash + 1 && length == 0;
            length = c < '0' || c > '9' || leadingZero ? -1 : length * 10 + c - '0';
        }
        if (length < 0 || length > maximum) {
            throw wrong(text, "has no good prefix length; after the / stands a number from 1 to " + maximum);
        }
        return length;
    }

    private boolean lookLikeIpv4() {
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c != '.' && (c < '0' || c > '9')) {
                return false;
            }
        }
        return true;
    }

    private long notAnAddress() {
        boolean name = text.chars().allMatch(c -> Character.isLetterOrDigit(c) || c == '.' || c == '-' || c == '_');
        throw wrong(text, name ? "is a name, and names are not resolved here; " + EXPECTED
                : "is no address; " + EXPECTED);
    }

    /** Four decimal numbers 0..255 without leading zeros (RFC 6943 section 3.1.1, "strict"), up to the end. */
    private long dottedQuad() {
        long address = 0;
        for (int part = 0; part < 4; part++) {
            if (part > 0 && !take('.')) {
                throw notStrict();
            }
            int from = at;
            int value = 0;
            while (at < end && isDigit(text.charAt(at)) && at - from < 3) {
                value = value * 10 + text.charAt(at++) - '0';
            }
            boolean leadingZero = at - from > 1 && text.charAt(from) == '0';
            if (at == from || value > 255 || leadingZero) {
                throw notStrict();
            }
            address = address << 8 | value;
        }
        if (at < end) {
            throw notStrict();
        }
        return address;
    }

    private IllegalArgumentException notStrict() {
        return wrong(text, "is no IPv4 address: four numbers from 0 to 255 without leading zeros are expected,"
                + " such as 192.0.2.1");
    }

    /** RFC 4291 section 2.2: eight groups, one "::" for one or more of zeros, perhaps a dotted quad at the end. */
    private long[] ipv6() {
        int[] groups = new int[8];
        int count = 0;
        int gap = -1;                            // index of the first group after "::"
        if (take(':')) {
            expect(take(':'));
            gap = 0;
        }
        while (at < end) {
            expect(count < 8);
            if (quadFollows()) {
                expect(count <= 6);
                long quad = dottedQuad();
                groups[count++] = (int) (quad >>> 16);
                groups[count++] = (int) (quad & 0xffff);
                break;
            }
            groups[count++] = group();
            if (at < end) {
                expect(take(':') && at < end);
                if (take(':')) {
                    expect(gap < 0);
                    gap = count;
                }
            }
        }
        expect(gap < 0 ? count == 8 : count < 8);
        int shift = 8 - count;
        long[] words = new long[2];
        for (int i = 0; i < 8; i++) {
            int from = gap < 0 || i < gap ? i : i - shift;
            boolean inGap = gap >= 0 && i >= gap && i < gap + shift;
            words[i / 4] = words[i / 4] << 16 | (inGap ? 0 : groups[from]);
        }
        return words;
    }

    private boolean quadFollows() {
        int i = at;
        while (i < end && isDigit(text.charAt(i))) {
            i++;
        }
        return i > at && i < end && text.charAt(i) == '.';
    }

    private int group() {
        int value = 0;
        int from = at;
        while (at < end && at - from < 4 && Character.digit(text.charAt(at), 16) >= 0 && text.charAt(at) < 0x80) {
            value = value << 4 | Character.digit(text.charAt(at++), 16);
        }
        expect(at > from);
        return value;
    }

    private boolean take(char c) {
        boolean there = at < end && text.charAt(at) == c;
        at += there ? 1 : 0;
        return there;
    }

    private void expect(boolean good) {
        if (!good) {
            throw wrong(text, "is no IPv6 address: eight groups of up to four hexadecimal digits are expected,"
                    + " with one :: for groups of zeros, such as 2001:db8::1");
        }
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static IllegalArgumentException wrong(String text, String what) {
        StringBuilder shown = new StringBuilder("\"");
        text.chars().limit(SHOWN_CHARS).forEach(c -> shown.append(c < 0x20 || c > 0x7e ? '?' : (char) c));
        shown.append(text.length() > SHOWN_CHARS ? "...\" " : "\" ");
        return new IllegalArgumentException(shown.append(what).toString());
    }

    /** A dotted quad (of the last 32 bits), or RFC 5952 section 4. */
    static String format(long hi, long lo, boolean ipv4) {
        if (ipv4) {
            return (lo >>> 24 & 0xff) + "." + (lo >>> 16 & 0xff) + "." + (lo >>> 8 & 0xff) + "." + (lo & 0xff);
        }
        int zerosAt = -1;
        int zeros = 1;                           // a single group of zeros is not shortened: section 4.2.2
        for (int i = 0; i < 8; i++) {
            int run = 0;
            while (i + run < 8 && group(hi, lo, i + run) == 0) {
                run++;
            }
            if (run > zeros) {                   // the first of equal runs: section 4.2.3
                zerosAt = i;
                zeros = run;
            }
            i += run;
        }
        StringBuilder text = new StringBuilder(39);
        for (int i = 0; i < 8; i++) {
            if (i == zerosAt) {
                text.append("::");
                i += zeros - 1;
            } else {
                boolean first = i == 0 || text.charAt(text.length() - 1) == ':';
                text.append(first ? "" : ":").append(Integer.toHexString(group(hi, lo, i)));
            }
        }
        return text.toString();
    }

    private static int group(long hi, long lo, int index) {
        return (int) ((index < 4 ? hi : lo) >>> 48 - 16 * (index & 3)) & 0xffff;
    }
}
