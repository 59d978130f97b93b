package wireleap.tun.demo;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;

/**
 * How a {@link Socks5Server} behaves.
 *
 * @param listen where it listens; port 0: one that is free
 * @param login the only user and password let in; absent: everybody, without authentication
 * @param outgoing the addresses it goes out from, at most one a family; a family without: as the kernel chooses
 */
public record Socks5Settings(InetSocketAddress listen, Optional<Login> login, List<InetAddress> outgoing) {
    /** A user and a password (RFC 1929), 1 to 255 bytes each. */
    public record Login(String user, String password) {
    }

    /** Everybody is let in, the kernel chooses the way out, datagrams are carried. */
    public static Socks5Settings at(InetSocketAddress listen) {
        return new Socks5Settings(listen, Optional.empty(), List.of());
    }

    /** The same, for one user only. */
    public Socks5Settings withLogin(String user, String password) {
        return new Socks5Settings(listen, Optional.of(new Login(user, password)), outgoing);
    }

    /** The same, going out from these addresses. */
    public Socks5Settings withOutgoing(InetAddress... addresses) {
        return new Socks5Settings(listen, login, List.of(addresses));
    }
}
