package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** {@code --strict}: sockets that have a source address, whatever the uplink's reverse path filter was. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class StrictKernelTest {
    private static final Path FILTERS = Path.of("/proc/sys/net/ipv4/conf");
    private TestNet net;
    private String upstream;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        upstream = Upstream.OWN.open(net);
    }

    @AfterEach
    void close() {
        net.close();
    }

    private void filter(String device, int value) throws Exception {
        net.inside().call(() -> Files.writeString(FILTERS.resolve(device + "/rp_filter"), Integer.toString(value)));
    }

    private int filter(String device) throws IOException, InterruptedException {
        return Integer.parseInt(net.inside().call(() ->
                Files.readString(FILTERS.resolve(device + "/rp_filter")).strip()));
    }

    private String hostState() throws Exception {
        return HostState.of(net.inside()).toString();
    }

    /** Whom a server sees when a socket bound to the uplink's address connects to it. */
    private InetAddress seenFrom(Family family) throws Exception {
        try (var server = net.listen(family.server());
                var near = net.inside().call(() -> SocketChannel.open().bind(
                        new InetSocketAddress(family.inside(), 0)))) {
            near.socket().connect(server.getLocalAddress(), 10_000);
            try (var far = server.accept()) {
                return far.socket().getInetAddress();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSocketBoundToAnAddressIsCaptured(Family family) throws Exception {
        try (var daemon = Daemon.start(net, "--upstream", upstream, "--strict")) {
            assertEquals(family.proxy(), seenFrom(family), daemon::log);
        }
    }

    @ParameterizedTest
    @EnumSource
    void withoutTheOptionItIsNot(Family family) throws Exception {
        try (var daemon = Daemon.start(net, "--upstream", upstream)) {
            assertEquals(family.inside(), seenFrom(family), daemon::log);
        }
    }

    @ParameterizedTest
    @CsvSource({"0,0", "0,1", "1,0", "1,1", "0,2"})
    void theDaemonsOwnSocketsGetTheirAnswersWhateverTheFilterWas(int all, int own) throws Exception {
        filter("all", all);
        filter("veth0", own);
        String before = hostState();
        try (var daemon = Daemon.start(net, "--upstream", "direct", "--strict")) {
            long packets = net.packetsIntoTun();
            seenFrom(Family.IPV4);
            assertTrue(net.packetsIntoTun() > packets, daemon::log);
            assertEquals(all == 0 && own == 0 ? 0 : 2, filter("veth0"));
            daemon.stop();
            assertEquals(before, hostState(), daemon::log);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--strict", "--strict=false"})
    void afterSigkillTheNextDaemonPutsTheFilterBack(String next) throws Exception {
        filter("veth0", 1);
        String before = hostState();
        try (var killed = Daemon.start(net, "--upstream", "direct", "--strict")) {
            killed.kill();
            assertEquals(2, filter("veth0"));
        }
        try (var daemon = Daemon.start(net, "--upstream", "direct", next)) {
            assertEquals(next.equals("--strict") ? 2 : 1, filter("veth0"));
            daemon.stop();
            assertEquals(before, hostState(), daemon::log);
        }
    }

    @Test
    void aFilterThatSomebodyMakesStrictAgainIsLoosened() throws Exception {
        filter("veth0", 1);
        try (var daemon = Daemon.start(net, "--upstream", "direct", "--strict")) {
            filter("veth0", 1);
            daemon.await("a repair", () -> filter("veth0") == 2);
            assertTrue(daemon.log().contains("rp_filter 2 of veth0"), daemon::log);
            daemon.stop();
            assertEquals(1, filter("veth0"));
        }
    }

    @Test
    void afterSigkillCleanupPutsTheFilterBack() throws Exception {
        filter("veth0", 1);
        String before = hostState();
        try (var killed = Daemon.start(net, "--upstream", "direct", "--strict")) {
            killed.kill();
        }
        TestNet.output(net.inside(), Daemon.launcher().toString(), "cleanup");
        assertEquals(before, hostState());
    }

    @Test
    void withoutTheOptionTheFilterIsLeftAlone() throws Exception {
        filter("veth0", 1);
        try (var daemon = Daemon.start(net, "--upstream", "direct")) {
            assertEquals(1, filter("veth0"));
            assertFalse(daemon.log().contains("conf.veth0.rp_filter"), daemon::log);
        }
    }
}
