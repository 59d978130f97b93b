package wireleap.tun.demo;

import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * The demo's addresses of one family, all from ranges that are for documentation (RFC 5737, RFC 3849).
 *
 * <p>The web server's lies outside the cable's network, so that it is reached by the default route, which is what the
 * daemon captures.
 */
enum Side {
    IPV4("IPv4", "192.0.2.2", "192.0.2.1", 24, "203.0.113.80"),
    IPV6("IPv6", "2001:db8::2", "2001:db8::1", 64, "2001:db8:80::80");

    private static final int HTTP = 80;

    private final String label;
    private final String computer;
    private final String proxy;
    private final int prefixLength;
    private final String server;

    Side(String label, String computer, String proxy, int prefixLength, String server) {
        this.label = label;
        this.computer = computer;
        this.proxy = proxy;
        this.prefixLength = prefixLength;
        this.server = server;
    }

    /** As people say it. */
    String label() {
        return label;
    }

    /** The address inside. */
    String computer() {
        return computer;
    }

    /** The address at the other end of the cable: the router's, and the proxy's. */
    String proxy() {
        return proxy;
    }

    /** Of the cable's network. */
    int prefixLength() {
        return prefixLength;
    }

    /** The web server's address. */
    String server() {
        return server;
    }

    /** Where the web server listens. */
    InetSocketAddress mirror() {
        return new InetSocketAddress(InetAddress.ofLiteral(server), HTTP);
    }

    /** An address in the words of this list, or as Java writes it. */
    static String text(InetAddress address) {
        for (var side : values()) {
            for (var known : new String[] {side.computer, side.proxy, side.server}) {
                if (InetAddress.ofLiteral(known).equals(address)) {
                    return known;
                }
            }
        }
        return address.getHostAddress();
    }
}
