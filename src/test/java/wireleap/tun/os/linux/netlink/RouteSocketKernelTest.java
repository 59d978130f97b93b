package wireleap.tun.os.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.demo.Namespace;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.TestNet;

/** The socket against the kernel, in a namespace that has nothing but what the test makes, judged by the ip program. */
@NeedsRoot
@NeedsProgram("ip")
@Timeout(30)
class RouteSocketKernelTest {
    /** What the kernel makes of an IPv6 route's metric of 0; include/net/ip6_route.h. */
    private static final int IP6_RT_PRIO_USER = 1024;
    private static final int PROTOCOL = 157;
    private static final int MAIN = Linux.RT_TABLE_MAIN();

    private Namespace namespace;

    /** Something to do with a socket, on the namespace's thread. */
    private interface Use<T> {
        T of(RouteSocket socket) throws Exception;
    }

    @BeforeEach
    void open() throws Exception {
        namespace = Namespace.open("netlink");
        TestNet.ip(namespace, List.of("link set lo up"));
    }

    @AfterEach
    void close() {
        namespace.close();
    }

    @Test
    void vethHasItsOtherEndInTheOtherNamespace() throws Exception {
        try (Namespace other = Namespace.open("other")) {
            with(socket -> {
                try (Fd fd = Fd.of("open", Sys.open(other.path().toString(), Linux.O_RDONLY(), 0))) {
                    socket.request("ip link add", LinkEntry.veth("va", "vb", fd.number()));
                }
                return null;
            });
            assertTrue(ip("-o link show").contains(": va@if"));
            assertTrue(TestNet.output(other, "ip", "-o", "link", "show").contains(": vb@if"));
        }
    }

    @Test
    void linkIsShapedBroughtUpAndDeleted() throws Exception {
        int index = veth();
        with(socket -> socket.execute(List.of(LinkEntry.sizes(index, 1400, 77), LinkEntry.noLinkLocal(index),
                LinkEntry.up(index))));
        String link = ip("-d -o link show dev va");
        assertTrue(link.contains("mtu 1400") && link.contains("qlen 77") && link.contains(",UP")
                && link.contains("addrgenmode none"), link);
        LinkEntry seen = with(RouteSocket::links).stream().filter(entry -> entry.index() == index).findFirst().get();
        assertEquals("va 1400 77 true", seen.name() + " " + seen.mtu() + " " + seen.transmitQueuePackets() + " "
                + seen.isUp());
        with(socket -> socket.execute(List.of(LinkEntry.delete(index))));
        assertEquals(1, with(RouteSocket::links).size());
    }

    @Test
    void addressesAreAddedListedAndDeleted() throws Exception {
        int index = veth();
        AddressEntry ipv4 = AddressEntry.withoutDetection(index, address("10.13.49.0"), 31);
        AddressEntry ipv6 = AddressEntry.withoutDetection(index, address("fd00::"), 127);
        with(socket -> socket.execute(List.of(ipv4.add(), ipv6.add())));
        List<AddressEntry> seen = with(RouteSocket::addresses).stream().filter(a -> a.device() == index).toList();
        assertEquals(List.of(ipv4.address(), ipv6.address()), seen.stream().map(AddressEntry::address).toList());
        assertEquals(List.of(31, 127), seen.stream().map(AddressEntry::prefixLength).toList());
        with(socket -> socket.execute(List.of(ipv4.delete(), ipv6.delete())));
        assertEquals("", ip("address show dev va to 10.13.49.0/31") + ip("address show dev va to fd00::/127"));
    }

    @Test
    void routesOfAProtocolAreListedWithoutTheOthers() throws Exception {
        int index = veth();
        RouteEntry ipv4 = RouteEntry.throwing(4242, PROTOCOL, address("10.0.0.0"), 8);
        RouteEntry ipv6 = RouteEntry.unicast(4242, PROTOCOL, address("2001:db8::"), 32, index, Optional.empty());
        TestNet.ip(namespace, List.of("link set va up", "route add throw 11.0.0.0/8 table 4242"));
        with(socket -> socket.execute(List.of(ipv4.add(), ipv6.add())));
        assertEquals(List.of(ipv4), with(socket -> socket.routes(true, PROTOCOL)));
        List<RouteEntry> listed = with(socket -> socket.routes(false, PROTOCOL));
        assertEquals(List.of(new RouteEntry(4242, ipv6.type(), PROTOCOL, ipv6.destination(), 32, index,
                Optional.empty(), Optional.empty(), IP6_RT_PRIO_USER)), listed);
        assertTrue(with(socket -> socket.routes(true, 0)).size() > 2);
        with(socket -> socket.execute(List.of(ipv4.delete(), ipv6.delete())));
        assertEquals("throw 11.0.0.0/8 \n", ip("route show table 4242"));
    }

    @Test
    void routeGetSaysWhichWay() throws Exception {
        int index = veth();
        TestNet.ip(namespace, List.of("link set va up", "addr add 10.9.9.1/24 dev va",
                "route add default via 10.9.9.2"));
        RouteEntry way = with(socket -> socket.route(RouteQuery.to(address("1.2.3.4"))));
        assertEquals(index + " 10.9.9.2 10.9.9.1 " + MAIN,
                way.device() + " " + way.gateway().get().getHostAddress() + " " + way.source().get().getHostAddress()
                        + " " + way.table());
    }

    @Test
    void routeGetWithoutAWayIsTheErrorThatConnectWouldHave() throws Exception {
        assertEquals(Errno.ENETUNREACH, assertThrows(ErrnoException.class,
                () -> with(socket -> socket.route(RouteQuery.to(address("1.2.3.4"))))).errno());
    }

    @Test
    void refusalCarriesTheKernelsExplanation() throws Exception {
        ErrnoException refused = assertThrows(ErrnoException.class, () -> with(socket -> {
            socket.request("ip route add 1.2.3.4 via 10.9.9.9", hopeless(0));
            return null;
        }));
        assertEquals("ip route add 1.2.3.4 via 10.9.9.9 (Nexthop has invalid gateway): "
                + "ENETUNREACH (101), Network is unreachable", refused.getMessage());
    }

    @Test
    void refusalsAreToldByIndexAndStopAfterTheirBatch() throws Exception {
        List<NetlinkRequest> requests = IntStream.range(0, 1000)
                .mapToObj(i -> i == 200 || i == 210 ? hopeless(i) : throwing(i).add()).toList();
        Acknowledgement answered = with(socket -> socket.execute(requests));
        assertEquals(List.of(200, 210), answered.refusals().stream().map(Acknowledgement.Refusal::index).toList());
        assertEquals(256, answered.taken());
        assertEquals(254, with(socket -> socket.routes(true, PROTOCOL)).size());
    }

    @Test
    void lostAnswersAreNoticedAndTheSocketWorksOn() throws Exception {
        List<NetlinkRequest> requests = IntStream.range(0, 128).mapToObj(RouteSocketKernelTest::hopeless).toList();
        namespace.call(() -> {
            try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.over(KernelSocket.open(4096), arena)) {
                assertEquals(Errno.ENOBUFS,
                        assertThrows(ErrnoException.class, () -> socket.execute(requests)).errno());
                assertEquals(0, socket.execute(List.of(throwing(1).add())).refusals().size());
                return socket.rules(true);
            }
        });
    }

    private static RouteEntry throwing(int number) {
        return RouteEntry.throwing(4242, PROTOCOL, address("10.1." + number / 256 + "." + number % 256), 32);
    }

    /** A route through a gateway that cannot be reached. */
    private static NetlinkRequest hopeless(int number) {
        return RouteEntry.unicast(4242, PROTOCOL, address("10.2." + number / 256 + "." + number % 256), 32, 0,
                Optional.of(address("10.9.9.9"))).add();
    }

    private int veth() throws Exception {
        TestNet.ip(namespace, List.of("link add va type veth peer name vb", "link set vb up"));
        return Integer.parseInt(ip("-o link show dev va").split(":")[0]);
    }

    private <T> T with(Use<T> use) throws Exception {
        return namespace.call(() -> {
            try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena)) {
                return use.of(socket);
            }
        });
    }

    private String ip(String arguments) throws Exception {
        return TestNet.output(namespace, ("ip " + arguments).split(" "));
    }

    private static InetAddress address(String literal) {
        return InetAddress.ofLiteral(literal);
    }
}
