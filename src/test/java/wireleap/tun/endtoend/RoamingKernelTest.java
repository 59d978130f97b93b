package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** The host's own network changes under a daemon that carries flows: tunnelled and direct traffic both go on. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class RoamingKernelTest {
    private static final InetAddress BYPASSED = InetAddress.ofLiteral("198.51.100.9");
    /** A connection has to be made within a second of the change; the machine may be five times too slow. */
    private static final long SOON_NANOS = 5_000_000_000L;

    private TestNet net;
    private Daemon daemon;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        TestNet.ip(net.inside(), List.of("link add veth1 type veth peer name veth1 netns " + net.outside().path(),
                "addr add 10.78.0.2/24 dev veth1", "link set veth1 up"));
        TestNet.ip(net.outside(), List.of("addr add 10.78.0.1/24 dev veth1", "link set veth1 up"));
        daemon = Daemon.start(net, "--upstream", "direct", "--bypass", "198.51.100.9");
    }

    @AfterEach
    void close() throws Exception {
        daemon.close();
        net.close();
    }

    @Test
    void flowsWhoseAddressGoesAreResetAndNewOnesHaveTheOther() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            assertEquals("10.77.0.2", source(flow));
            TestNet.ip(net.inside(), List.of("addr del 10.77.0.2/24 dev veth0", "addr add 10.77.0.3/24 dev veth0",
                    "route replace default via 10.77.0.1"));
            assertReset(flow);
        }
        assertEquals("10.77.0.3", source(TestNet.SERVER_4));
        assertEquals("10.77.0.3", source(BYPASSED));
    }

    @Test
    void flowsWhoseIpv6AddressGoesAreReset() throws Exception {
        String link = TestNet.output(net.inside(), "ip", "-o", "link", "show", "dev", "veth0");
        // Without link-local addresses the other end does not find a new neighbour by itself.
        TestNet.ip(net.outside(), List.of("neigh add fd77::3 dev veth0 lladdr "
                + link.replaceFirst("(?s).*link/ether (\\S+).*", "$1")));
        try (var flow = Flow.open(net, TestNet.SERVER_6)) {
            TestNet.ip(net.inside(), List.of("addr add fd77::3/64 dev veth0 nodad", "addr del fd77::2/64 dev veth0"));
            assertReset(flow);
        }
        assertEquals("fd77:0:0:0:0:0:0:3", source(TestNet.SERVER_6));
    }

    @Test
    void flowsGoOverTheNewLinkWhenTheDefaultMoves() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            TestNet.ip(net.inside(), List.of("route replace default via 10.78.0.1 dev veth1"));
            assertReset(flow);
        }
        assertEquals("10.78.0.2", source(TestNet.SERVER_4));
        assertEquals("10.78.0.2", source(BYPASSED));
    }

    @Test
    void flowsThatKeepTheirAddressStay() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            TestNet.ip(net.inside(), List.of("addr del 10.78.0.2/24 dev veth1", "link set veth1 down",
                    "route del default", "route add default via 10.77.0.1 dev veth0 metric 7"));
            assertEquals("10.77.0.2", source(TestNet.SERVER_4));
            flow.near().write(ByteBuffer.wrap(new byte[] {42}));
            assertEquals(1, flow.far().read(ByteBuffer.allocate(1)));
        }
    }

    @Test
    void ipv6ThatGoesAndComesIsCarriedAgain() throws Exception {
        assertEquals("fd77:0:0:0:0:0:0:2", source(TestNet.SERVER_6));
        withoutIpv6("1");
        daemon.await("IPv6 to go", () -> daemon.api().read("/state").body().contains("\"ipv6\":false"));
        withoutIpv6("0");
        TestNet.ip(net.inside(), List.of("addr add fd77::2/64 dev veth0 nodad", "route add default via fd77::1"));
        daemon.await("IPv6 to come", () -> daemon.api().read("/state").body().contains("\"ipv6\":true"));
        long packets = net.packetsIntoTun();
        assertEquals("fd77:0:0:0:0:0:0:2", source(TestNet.SERVER_6));
        assertTrue(net.packetsIntoTun() > packets, daemon::log);
    }

    private void withoutIpv6(String off) throws Exception {
        net.inside().call(() -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/disable_ipv6"), off));
    }

    @Test
    void repairsAreInTheStateAndAmongTheEvents() throws Exception {
        TestNet.ip(net.inside(), List.of("rule del pref 13492"));
        daemon.await("a repair", () -> daemon.api().read("/state").body().contains("\"repairs\":1"));
        assertTrue(daemon.log().contains("somebody else changed what is ours; it is put right: rule add pref 13492"),
                daemon.log());
    }

    private static void assertReset(Flow flow) {
        assertEquals("Connection reset",
                assertThrows(IOException.class, () -> flow.near().read(ByteBuffer.allocate(1))).getMessage());
    }

    /** The address that a server sees of a new connection. */
    private String source(InetAddress server) throws Exception {
        long begin = System.nanoTime();
        try (var flow = Flow.open(net, server)) {
            assertTrue(System.nanoTime() - begin < SOON_NANOS, daemon::log);
            return source(flow);
        }
    }

    private static String source(Flow flow) throws IOException {
        return ((InetSocketAddress) flow.far().getRemoteAddress()).getAddress().getHostAddress();
    }
}
