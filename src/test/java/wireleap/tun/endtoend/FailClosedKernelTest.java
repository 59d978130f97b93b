package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.Leaks;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/**
 * {@code --fail-closed}: from the first "active" to the begin of a stop nothing that was captured goes out by the
 * uplink, however often and whenever the daemon is killed. More often, after {@code mvn package -DskipTests}:
 * {@code mvn test -Dtest=FailClosedKernelTest -Dfailclosed.kills=500 -Dsurefire.timeout=1500}.
 */
@NeedsTun
@NeedsProgram({"ip", "nft"})
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class FailClosedKernelTest extends KeptHost {
    private static final int KILLS = Integer.getInteger("failclosed.kills", 50);
    private static final String BYPASSED = "198.51.100.200";

    /** When the daemon is killed. */
    private enum Moment { START, RUN, ROUTES, STOP }

    @Override
    String[] options(String... more) {
        return Stream.concat(Stream.of(super.options(more)), Stream.of("--fail-closed")).toArray(String[]::new);
    }

    private Daemon start(String... more) throws Exception {
        return Daemon.start(net, options(more));
    }

    private String cleanup() throws Exception {
        return TestNet.output(net.inside(), Daemon.launcher().toString(), "cleanup");
    }

    private boolean reachesDirectly(String address) throws Exception {
        try (var flow = Flow.open(net, InetAddress.ofLiteral(address))) {
            return flow.far().socket().getInetAddress().equals(TestNet.INSIDE_4);
        }
    }

    @Test
    void nothingCapturedLeaksWhenTheDaemonIsKilledAtRandomMoments() throws Exception {
        long seed = System.nanoTime();
        var random = new Random(seed);
        try (var leaks = Leaks.watch(net)) {
            boolean closed = false;
            for (int kill = 0; kill < KILLS; kill++) {
                var moment = closed ? Moment.values()[random.nextInt(Moment.values().length)] : Moment.RUN;
                closed = killAt(moment, leaks, random);
                assertEquals(0, leaks.count(), "seed " + seed + ", kill " + kill + " at " + moment);
            }
            try (var last = start()) {
                leaks.begin();
                Thread.sleep(50);
                leaks.pause();
                assertEquals(0, leaks.count(), "seed " + seed);
                assertTrue(leaks.sent() > 100L * KILLS, () -> leaks.sent() + " packets were tried");
                last.stop();
                assertEquals(before, hostState(), () -> "seed " + seed + "\n" + last.log());
            }
        }
    }

    /** Starts a daemon and kills it. Whether it should be closed afterwards. */
    private boolean killAt(Moment moment, Leaks leaks, Random random) throws Exception {
        try (var daemon = Daemon.launch(net, options("--bypass", BYPASSED))) {
            if (moment == Moment.START) {
                Thread.sleep(random.nextInt(500));
                daemon.kill();
                return true;
            }
            daemon.awaitActive();
            leaks.begin();
            switch (moment) {
                case ROUTES -> writeRoutes(daemon, random);
                case STOP -> {
                    Thread.sleep(random.nextInt(30));
                    leaks.pause();
                    daemon.process().destroy();
                    Thread.sleep(random.nextInt(80));
                }
                default -> Thread.sleep(random.nextInt(60));
            }
            daemon.kill();
            return moment != Moment.STOP;
        }
    }

    /** Changes the list in large batches, and is not done when this returns. */
    private void writeRoutes(Daemon daemon, Random random) throws Exception {
        String list = IntStream.range(0, 2_000).mapToObj(i -> "\"192.0." + i / 250 + "." + i % 250 + "\"")
                .collect(Collectors.joining(",", "[\"" + BYPASSED + "\",", "]"));
        Thread.ofVirtual().start(() -> {
            try {
                while (true) {
                    daemon.api().write("PUT", "/bypass", list);
                    daemon.api().write("PUT", "/bypass", "[\"" + BYPASSED + "\"]");
                }
            } catch (IOException e) {
                // The daemon was killed: that is the test.
            }
        });
        Thread.sleep(random.nextInt(120));
    }

    @Test
    void theBypassWorksWhileNobodyReadsTheTun() throws Exception {
        try (var killed = start("--bypass", BYPASSED)) {
            killed.kill();
        }
        assertTrue(reachesDirectly(BYPASSED));
    }

    @Test
    void theNextStartTakesOverTheTunAndTheListAndCarriesOn() throws Exception {
        try (var killed = start("--bypass", BYPASSED)) {
            killed.kill();
        }
        String index = index();
        try (var next = start("--tun", "wltun0"); var flow = Flow.open(net, TestNet.SERVER_4)) {
            assertEquals(index, index());
            assertEquals("[\"" + BYPASSED + "\"]", next.api().read("/bypass").body());
            assertEquals(TestNet.PROXY_4, flow.far().socket().getInetAddress());
        }
    }

    @ParameterizedTest
    @CsvSource({"1,2", "2,1", "2,2"})
    void theNumberOfQueuesMayBeAnotherAfterwards(String queues, String next) throws Exception {
        try (var killed = start("--queues", queues)) {
            killed.kill();
        }
        try (var daemon = start("--queues", next); var flow = Flow.open(net, TestNet.SERVER_4)) {
            assertEquals(TestNet.PROXY_4, flow.far().socket().getInetAddress(), daemon::log);
        }
    }

    private String index() throws Exception {
        return link().split(":")[0];
    }

    @Test
    void aStartWithoutTheOptionEndsIt() throws Exception {
        try (var killed = start()) {
            killed.kill();
        }
        try (var next = Daemon.start(net, super.options())) {
            next.kill();
        }
        awaitNoTun();
    }

    /** The kernel ends what a killed process held, a TUN that does not persist among it, some time after its end. */
    private void awaitNoTun() throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        String seen = link();
        while (!seen.contains("does not exist") && System.nanoTime() < deadline) {
            Thread.sleep(10);
            seen = link();
        }
        assertTrue(seen.contains("does not exist"), seen);
    }

    private String link() throws Exception {
        return TestNet.output(net.inside(), "ip", "-o", "link", "show", "wltun0");
    }

    @Test
    void aFailedStartLeavesClosedWhatWasClosed() throws Exception {
        try (var killed = start()) {
            killed.kill();
        }
        String closed = HostState.of(net.inside()).routing();
        try (var failing = Daemon.launch(net, options("--tun", "wltun1"))) {
            assertEquals(1, failing.awaitEnd(), failing::log);
            assertTrue(failing.log().contains("take it over by --tun wltun0"), failing::log);
        }
        try (var failing = Daemon.launch(net, List.of(), Daemon.launcher(), net.directory().resolve("absent/s"),
                options())) {
            assertEquals(1, failing.awaitEnd(), failing::log);
        }
        assertEquals(closed, HostState.of(net.inside()).routing());
    }

    @Test
    void cleanupRemovesWhatAKilledDaemonLeft() throws Exception {
        try (var killed = start("--bypass", BYPASSED)) {
            killed.kill();
        }
        Files.delete(net.directory().resolve("wireleap_tun.sock"));
        assertNotEquals(before, hostState());
        String said = cleanup();
        assertEquals(before, hostState(), said);
        assertTrue(said.contains("removed what was left"), said);
        assertTrue(reachesDirectly("198.51.100.1"));
    }

    @Test
    void cleanupIsRefusedWhileADaemonLives() throws Exception {
        try (var daemon = start()) {
            String running = HostState.of(net.inside()).toString();
            String said = cleanup();
            assertTrue(said.contains("another one runs in this network namespace as process "
                    + daemon.process().pid()), said);
            assertEquals(running, HostState.of(net.inside()).toString());
        }
    }

    @Test
    void aSysctlThatWouldLeadPastTheTunIsRefusedByName() throws Exception {
        holdRoutes("1");
        before = hostState();
        try (var failing = Daemon.launch(net, options())) {
            assertEquals(1, failing.awaitEnd(), failing::log);
            assertTrue(failing.log().contains("net.ipv4.conf.all.ignore_routes_with_linkdown=0"), failing::log);
            assertEquals(before, hostState());
        }
    }

    @Test
    void aSysctlThatWouldLeadPastTheTunIsWarnedOfAsLongAsItIsSo() throws Exception {
        try (var daemon = start()) {
            holdRoutes("1");
            daemon.await("a warning", () -> daemon.api().read("/state").body().contains("--fail-closed does not hold"));
            holdRoutes("0");
            daemon.await("no warning", () -> !daemon.api().read("/state").body().contains("--fail-closed does not"));
        }
    }

    private void holdRoutes(String ignored) throws Exception {
        net.inside().call(() -> Files.writeString(
                Path.of("/proc/sys/net/ipv4/conf/all/ignore_routes_with_linkdown"), ignored));
    }

    @Test
    void theDevicesOwnSysctlsAreSetWhereTheyComeFromTheDefault() throws Exception {
        net.inside().call(() -> {
            Files.writeString(Path.of("/proc/sys/net/ipv4/conf/default/ignore_routes_with_linkdown"), "1");
            return Files.writeString(Path.of("/proc/sys/net/ipv6/conf/default/ignore_routes_with_linkdown"), "1");
        });
        try (var killed = start()) {
            killed.kill();
        }
        assertEquals("wltun0", way("198.51.100.1"));
        assertEquals("wltun0", way("2001:db8:99::1"));
    }

    private String way(String address) throws Exception {
        return TestNet.output(net.inside(), "ip", "route", "get", address).replaceFirst("(?s).* dev (\\S+) .*", "$1");
    }
}
