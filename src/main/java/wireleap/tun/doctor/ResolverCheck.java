package wireleap.tun.doctor;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.nio.file.Path;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.policy.IpPrefix;

/** Where names are looked up: a resolver on the local network is asked as without the daemon. */
final class ResolverCheck {
    private static final Path RESOLV_CONF = Path.of("/etc/resolv.conf");

    /** RT_TABLE_MAIN of linux/rtnetlink.h. */
    private static final int MAIN_TABLE = 254;

    private ResolverCheck() {
    }

    static Finding run() {
        var servers = KernelChecks.read(RESOLV_CONF).orElse("").lines().map(line -> line.strip().split("\\s+"))
            .filter(words -> words.length > 1 && words[0].equals("nameserver")).map(words -> words[1]).toList();
        if (servers.isEmpty()) {
            return Finding.note("DNS", RESOLV_CONF + " names no server", "nothing to do for the daemon");
        }
        var local = servers.stream().filter(ResolverCheck::isLocal).toList();
        return local.isEmpty() ? Finding.ok("DNS", String.join(", ", servers) + ", through the TUN")
            : Finding.note("DNS", "on this host or the local network, asked around the TUN: " + String.join(", ", local),
                "name a server elsewhere in " + RESOLV_CONF + " if names must not be seen there");
    }

    private static boolean isLocal(String server) {
        try {
            var address = InetAddress.ofLiteral(server.replaceAll("%.*", ""));
            return address.isLoopbackAddress() || address.isLinkLocalAddress() || isOnLink(address);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** Whether a route of the main table that is no default leads there: rule 13491 leaves such addresses alone. */
    private static boolean isOnLink(InetAddress address) {
        var wanted = IpPrefix.parse(address.getHostAddress());
        try (var arena = Arena.ofConfined(); var socket = RouteSocket.open(arena)) {
            return socket.routes(wanted.isIpv4(), 0).stream()
                .filter(route -> route.table() == MAIN_TABLE && route.prefixLength() > 0)
                .anyMatch(route -> IpPrefix.parse(route.destination().getHostAddress() + "/" + route.prefixLength())
                    .contains(wanted));
        } catch (ErrnoException e) {
            return false;
        }
    }
}
