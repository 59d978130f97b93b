package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.policy.IpPrefix;

class ResolversTest {
    @TempDir
    private Path root;

    private void file(String name, String... lines) throws IOException {
        Path file = root.resolve(name);
        Files.createDirectories(file.getParent());
        Files.write(file, List.of(lines));
    }

    private Resolvers found(String... networksWithRoutes) {
        List<IpPrefix> networks = List.of(networksWithRoutes).stream().map(IpPrefix::parse).toList();
        return Resolvers.find(root, server -> networks.stream().anyMatch(network -> network.contains(server)));
    }

    private static List<IpPrefix> prefixes(String... addresses) {
        return List.of(addresses).stream().map(IpPrefix::parse).toList();
    }

    @Test
    void aServerBehindARouteThatIsNoDefaultIsLocal() throws IOException {
        file("etc/resolv.conf", "nameserver 10.1.2.3", "nameserver 192.0.2.53", "nameserver fd00::53");
        assertEquals(new Resolvers(prefixes("10.1.2.3", "fd00::53"), prefixes("192.0.2.53")),
                found("10.0.0.0/8", "fd00::/64"));
    }

    @Test
    void loopbackAndLinkLocalAreLocal() throws IOException {
        file("etc/resolv.conf", "nameserver 127.0.0.1", "nameserver ::1", "nameserver fe80::1%eth0");
        assertEquals(new Resolvers(prefixes("127.0.0.1", "::1", "fe80::1"), List.of()), found());
    }

    @Test
    void behindResolvedsStubAreThoseThatItAsks() throws IOException {
        file("etc/resolv.conf", "nameserver 127.0.0.53");
        file("run/systemd/resolve/resolv.conf", "nameserver 10.1.2.3", "nameserver 192.0.2.53");
        assertEquals(new Resolvers(prefixes("10.1.2.3"), prefixes("192.0.2.53")), found("10.0.0.0/8"));
    }

    @Test
    void aServerOfTheUsersOwnIsNotReplacedByResolveds() throws IOException {
        file("etc/resolv.conf", "nameserver 192.0.2.1");
        file("run/systemd/resolve/resolv.conf", "nameserver 10.1.2.3");
        assertEquals(prefixes("192.0.2.1"), found().distant());
    }

    @Test
    void otherLinesAreNoServers() throws IOException {
        file("etc/resolv.conf", "# nameserver 192.0.2.1", "search example.org", "nameserver", "nameserver nonsense",
                "  nameserver\t192.0.2.2  # ours", "options edns0 \u00e9");
        assertEquals(new Resolvers(List.of(), prefixes("192.0.2.2")), found());
    }

    @Test
    void withoutAFileThereAreNone() {
        assertEquals(Resolvers.NONE, found());
        assertEquals("/etc/resolv.conf names no server", Resolvers.NONE.toString());
    }

    @Test
    void theTextSaysWhoIsAskedInWhichWay() {
        assertEquals("10.1.2.3 and ::1 as without the daemon (on this host or a local network), 192.0.2.53 through the"
                + " TUN", new Resolvers(prefixes("10.1.2.3", "::1"), prefixes("192.0.2.53")).toString());
        assertEquals("192.0.2.53 through the TUN", new Resolvers(List.of(), prefixes("192.0.2.53")).toString());
    }
}
