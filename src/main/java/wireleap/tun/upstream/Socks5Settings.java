package wireleap.tun.upstream;

import java.nio.charset.StandardCharsets;

/**
 * A SOCKS5 server and how to log in there.
 *
 * @param hi the server's address, high half; IPv4 as ::ffff:a.b.c.d
 * @param lo low half
 * @param port 1..65535
 * @param user 1..255 bytes of UTF-8, or empty: no login is offered (RFC 1929 section 2)
 * @param password up to 255 bytes of UTF-8; empty without a user
 * @param dialTimeoutNanos how long the server and its target may be silent, above 0
 * @param spares most connections that are made in advance, 0..{@link #MOST_SPARES}
 */
public record Socks5Settings(long hi, long lo, int port, String user, String password, long dialTimeoutNanos, int spares) {
    /** More are not made in advance. */
    public static final int MOST_SPARES = 64;
    private static final int USUAL_SPARES = 8;
    private static final int MAX_FIELD_BYTES = 255;

    /** @throws IllegalArgumentException that says which value is outside which range; never the password */
    public Socks5Settings {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("port is " + port + ", must be 1..65535");
        }
        if (user.getBytes(StandardCharsets.UTF_8).length > MAX_FIELD_BYTES) {
            throw new IllegalArgumentException("the user has more than 255 bytes, SOCKS5 cannot carry it");
        }
        if (password.getBytes(StandardCharsets.UTF_8).length > MAX_FIELD_BYTES) {
            throw new IllegalArgumentException("the password has more than 255 bytes, SOCKS5 cannot carry it");
        }
        if (user.isEmpty() && !password.isEmpty()) {
            throw new IllegalArgumentException("a password is given but no user");
        }
        if (dialTimeoutNanos <= 0) {
            throw new IllegalArgumentException("dialTimeoutNanos is " + dialTimeoutNanos + ", must be above 0");
        }
        if (spares < 0 || spares > MOST_SPARES) {
            throw new IllegalArgumentException("spares is " + spares + ", must be 0.." + MOST_SPARES);
        }
    }

    /** With as many spare connections as usual. */
    public Socks5Settings(long hi, long lo, int port, String user, String password, long dialTimeoutNanos) {
        this(hi, lo, port, user, password, dialTimeoutNanos, USUAL_SPARES);
    }

    /** The same with another number of spare connections. */
    public Socks5Settings withSpares(int most) {
        return new Socks5Settings(hi, lo, port, user, password, dialTimeoutNanos, most);
    }

    /** Whether user and password are offered to the server. */
    public boolean hasLogin() {
        return !user.isEmpty();
    }

    /** Everything but the password. */
    @Override
    public String toString() {
        return "Socks5Settings[hi=" + Long.toHexString(hi) + ", lo=" + Long.toHexString(lo) + ", port=" + port
                + ", user=" + user + "]";
    }
}
