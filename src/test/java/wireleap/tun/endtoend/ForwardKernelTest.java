package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.demo.Namespace;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** {@code --forward}: a container behind a bridge of the machine that the daemon runs on. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class ForwardKernelTest {
    private static final Path IPV4 = Path.of("/proc/sys/net/ipv4");
    private static final InetAddress CONTAINER_4 = InetAddress.ofLiteral("172.30.0.2");
    private static final InetAddress CONTAINER_6 = InetAddress.ofLiteral("fd30::2");

    private TestNet net;
    private Namespace container;
    private String upstream;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        upstream = Upstream.OWN.open(net);
        container = Namespace.open("container");
        TestNet.ip(net.inside(), List.of("link add br0 type bridge", "addr add 172.30.0.1/24 dev br0",
                "addr add fd30::1/64 dev br0 nodad", "link set br0 addrgenmode none", "link set br0 up",
                // a router asks for its neighbours from a link-local address when it forwards
                "addr add fe80::2/64 dev veth0 nodad", "addr add fe80::2/64 dev br0 nodad",
                "link add ct0 type veth peer name eth0 netns " + container.path(), "link set ct0 master br0 up"));
        TestNet.ip(container, List.of("addr add 172.30.0.2/24 dev eth0", "addr add fd30::2/64 dev eth0 nodad",
                "link set eth0 up", "route add default via 172.30.0.1", "route add default via fd30::1"));
        TestNet.ip(net.outside(), List.of("addr add fe80::1/64 dev veth0 nodad",
                "route add 172.30.0.0/24 via 10.77.0.2", "route add fd30::/64 via fd77::2"));
        net.inside().call(() -> {
            Files.writeString(IPV4.resolve("ip_forward"), "1");
            return Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1");
        });
    }

    @AfterEach
    void close() {
        container.close();
        net.close();
    }

    private static Stream<Arguments> everyFilter() {
        return Stream.of(Family.values()).flatMap(family -> Stream.of(0, 1).map(filter -> Arguments.of(family, filter)));
    }

    private void filter(int value) throws Exception {
        for (String device : List.of("all", "default", "veth0", "br0")) {
            net.inside().call(() -> Files.writeString(IPV4.resolve("conf/" + device + "/rp_filter"), "" + value));
        }
    }

    private Daemon start(String... options) throws Exception {
        return Daemon.start(net, Stream.concat(Stream.of("--upstream", upstream), Stream.of(options))
                .toArray(String[]::new));
    }

    /** Whom a server sees when the container connects to it, after it has answered. */
    private InetAddress seenFrom(InetAddress to) throws IOException, InterruptedException {
        try (var server = net.listen(to); var near = container.call(SocketChannel::open)) {
            near.socket().connect(server.getLocalAddress(), 10_000);
            try (var far = server.accept()) {
                far.socket().getOutputStream().write(42);
                assertEquals(42, near.socket().getInputStream().read());
                return far.socket().getInetAddress();
            }
        }
    }

    private static InetAddress container(Family family) {
        return family == Family.IPV4 ? CONTAINER_4 : CONTAINER_6;
    }

    @ParameterizedTest
    @MethodSource("everyFilter")
    void whatAContainerSendsIsCapturedAndAnswered(Family family, int filter) throws Exception {
        filter(filter);
        try (var daemon = start("--forward", "br0")) {
            assertEquals(family.proxy(), seenFrom(family.server()), daemon::log);
        }
    }

    @ParameterizedTest
    @MethodSource("everyFilter")
    void itsBypassedDestinationsGoAroundTheTun(Family family, int filter) throws Exception {
        filter(filter);
        try (var daemon = start("--forward", "br0", "--bypass", "198.51.100.7,2001:db8:99::7")) {
            assertEquals(container(family), seenFrom(family.server(7)), daemon::log);
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutTheOptionItIsLeftAlone(Family family) throws Exception {
        try (var daemon = start("--forward", "br1")) {
            assertEquals(container(family), seenFrom(family.server()), daemon::log);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aTunForWhichForwardingWasOffLetsAnswersThroughToo(Family family) throws Exception {
        net.inside().call(() -> Files.writeString(IPV4.resolve("conf/default/forwarding"), "0"));
        try (var daemon = start("--forward", "br0,br1")) {
            assertEquals(family.proxy(), seenFrom(family.server()), daemon::log);
        }
    }
}
