package wireleap.tun.fuzz;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import wireleap.tun.policy.IpPrefix;

/** The text of a bypass entry: what is taken means the same to the JDK, and is written as it is read. */
final class PrefixTarget implements Target {
    @Override
    public void run(Input input, Stopwatch watch) throws Exception {
        String text = new String(input.rest(), StandardCharsets.UTF_8);
        watch.begin();
        IpPrefix prefix = parsed(text);
        watch.end();
        if (prefix != null) {
            String address = text.contains("/") ? text.substring(0, text.indexOf('/')) : text;
            InetAddress theirs = InetAddress.ofLiteral(address);
            long lo = 0;
            byte[] bytes = theirs.getAddress();
            for (int i = Math.max(0, bytes.length - 8); i < bytes.length; i++) {
                lo = lo << 8 | bytes[i] & 0xff;
            }
            lo |= theirs instanceof Inet4Address ? 0xffffL << 32 : 0;
            if (prefix.lo() != lo || !IpPrefix.parse(prefix.toString()).equals(prefix)) {
                throw new AssertionError(text + " is read as " + prefix);
            }
        }
    }

    /** Null: refused, as it may be. */
    private static IpPrefix parsed(String text) {
        try {
            return IpPrefix.parse(text);
        } catch (IllegalArgumentException refused) {
            return null;
        }
    }
}
