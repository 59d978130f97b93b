package wireleap.tun.routes;

import static java.util.stream.Collectors.partitioningBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.policy.IpPrefix;

/**
 * The servers that this host asks for names: those that our rules leave alone, because they are on this host or, unless
 * queries are captured there too, a more specific route than a default leads to them; and those whose queries enter the
 * TUN.
 *
 * @param local asked as without the daemon
 * @param distant asked through the TUN, unless they are on the bypass list
 */
public record Resolvers(List<IpPrefix> local, List<IpPrefix> distant) {
    /** Nothing is known. */
    public static final Resolvers NONE = new Resolvers(List.of(), List.of());

    private static final Logger LOG = LoggerFactory.getLogger(Resolvers.class);
    private static final Path ROOT = Path.of("/");
    private static final String RESOLV_CONF = "etc/resolv.conf";
    /** Where systemd-resolved says whom it asks, when resolv.conf names only its stub on loopback. */
    private static final String BEHIND_STUB = "run/systemd/resolve/resolv.conf";
    private static final int MAIN_TABLE = 254;       // RT_TABLE_MAIN, linux/rtnetlink.h
    private static final int LOCAL_TABLE = 255;      // RT_TABLE_LOCAL: this host's own addresses

    /**
     * Those of resolv.conf(5) now, on a platform thread, seen with the routes of its network namespace.
     *
     * @param capturesDns whether rules leave queries to local networks alone too, or only those to this host
     */
    public static Resolvers find(boolean capturesDns) {
        int table = capturesDns ? LOCAL_TABLE : MAIN_TABLE;
        try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena)) {
            List<IpPrefix> routes = Stream.concat(socket.routes(true, 0).stream(), socket.routes(false, 0).stream())
                    .filter(route -> route.table() == table && route.prefixLength() > 0)
                    .flatMap(route -> LinuxClaims.destination(route).stream()).toList();
            return find(ROOT, server -> routes.stream().anyMatch(route -> route.contains(server)));
        } catch (ErrnoException e) {
            LOG.debug("which resolvers are near is not known: {}", e.getMessage());
            return find(ROOT, server -> false);
        }
    }

    /**
     * Those of the files below a root.
     *
     * @param hasRoute whether a route that is no default leads to an address
     */
    static Resolvers find(Path root, Predicate<IpPrefix> hasRoute) {
        List<IpPrefix> servers = servers(root.resolve(RESOLV_CONF));
        if (servers.stream().allMatch(Resolvers::isLoopback)) {
            List<IpPrefix> behind = servers(root.resolve(BEHIND_STUB));
            servers = behind.isEmpty() ? servers : behind;
        }
        Map<Boolean, List<IpPrefix>> sorted = servers.stream().collect(partitioningBy(
                server -> isLoopback(server) || address(server).isLinkLocalAddress() || hasRoute.test(server)));
        return new Resolvers(sorted.get(true), sorted.get(false));
    }

    private static List<IpPrefix> servers(Path file) {
        try {
            return Files.readAllLines(file, StandardCharsets.ISO_8859_1).stream()
                    .map(line -> line.strip().split("\\s+"))
                    .filter(words -> words.length > 1 && words[0].equals("nameserver"))
                    .flatMap(words -> prefix(words[1]).stream()).toList();
        } catch (IOException e) {
            LOG.debug("{} cannot be read: {}", file, e.toString());
            return List.of();
        }
    }

    /** Without its zone, which resolv.conf may have after a link-local address. */
    private static Optional<IpPrefix> prefix(String server) {
        try {
            return Optional.of(IpPrefix.parse(server.replaceFirst("%.*", "")));
        } catch (IllegalArgumentException e) {
            LOG.debug("no address of a resolver: {}", server);
            return Optional.empty();
        }
    }

    private static boolean isLoopback(IpPrefix server) {
        return address(server).isLoopbackAddress();
    }

    private static InetAddress address(IpPrefix server) {
        return InetAddress.ofLiteral(server.toString());
    }

    /** For log and doctor: who is asked in which way. */
    @Override
    public String toString() {
        if (local.isEmpty() && distant.isEmpty()) {
            return "/" + RESOLV_CONF + " names no server";
        }
        String near = local.isEmpty() ? "" : joined(local) + " as without the daemon (on this host or a local network)";
        String far = distant.isEmpty() ? "" : joined(distant) + " through the TUN";
        return near + (near.isEmpty() || far.isEmpty() ? "" : ", ") + far;
    }

    private static String joined(List<IpPrefix> servers) {
        return String.join(" and ", servers.stream().map(IpPrefix::toString).toList());
    }
}
