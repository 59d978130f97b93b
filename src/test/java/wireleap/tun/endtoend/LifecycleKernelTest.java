package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** Starts, ends and deaths, and what they leave behind in the host. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class LifecycleKernelTest extends KeptHost {
    private static final String THROWS = "13492";

    private Daemon start(String... more) throws Exception {
        return Daemon.start(net, options(more));
    }

    /** The throws of our table, without the permanent ones, in the words of the API. */
    private TreeSet<String> throwsInTheKernel() throws Exception {
        return List.of("-4", "-6").stream().flatMap(family -> Arrays.stream(routes(family).split("\n")))
                .filter(line -> line.startsWith("throw ")).map(line -> line.split(" ")[1])
                .filter(prefix -> !PERMANENT.contains(prefix)).collect(Collectors.toCollection(TreeSet::new));
    }

    private static final List<String> PERMANENT =
            List.of("224.0.0.0/4", "255.255.255.255", "169.254.0.0/16", "ff00::/8", "fe80::/10");

    private String routes(String family) {
        try {
            return TestNet.output(net.inside(), "ip", family, "route", "show", "table", THROWS);
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static TreeSet<String> entries(String json) {
        return Arrays.stream(json.replaceAll("[\\[\\]\"\\s]", "").split(",")).filter(e -> !e.isEmpty())
                .collect(Collectors.toCollection(TreeSet::new));
    }

    @Test
    void theHostIsAsItWasAfterSigterm() throws Exception {
        try (var daemon = start("--bypass", "192.0.2.1,2001:db8::/32")) {
            assertFalse(hostState().equals(before));
            daemon.stop();
            assertEquals(before, hostState(), daemon::log);
        }
    }

    @Test
    void sigtermEndsItInUnderASecondWithFlowsOpen() throws Exception {
        try (var daemon = start(); var flow = Flow.open(net, TestNet.SERVER_4)) {
            long millis = daemon.stop().toMillis();
            assertTrue(millis < 1_000, millis + " ms\n" + daemon.log());
            assertEquals(0, daemon.process().exitValue(), daemon::log);
            assertThrows(SocketException.class, () -> flow.near().read(ByteBuffer.allocate(1)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void sigtermResetsOpenFlowsSoThatTheirApplicationsConnectAnew(Family family) throws Exception {
        try (var daemon = start(); var flow = Flow.open(net, family.server())) {
            daemon.stop();
            flow.near().socket().setSoTimeout(5_000);
            var end = assertThrows(SocketException.class, () -> flow.near().socket().getInputStream().read());
            assertEquals("Connection reset", end.getMessage(), daemon::log);
        }
    }

    @Test
    void sigintDoesTheSame() throws Exception {
        try (var daemon = start()) {
            TestNet.output(net.inside(), "kill", "-INT", Long.toString(daemon.process().pid()));
            assertTrue(daemon.process().waitFor(1, TimeUnit.SECONDS), daemon::log);
            assertEquals(before, hostState(), daemon::log);
        }
    }

    @Test
    void aSecondDaemonIsRefusedAndDisturbsNothing() throws Exception {
        try (var daemon = start("--bypass", "192.0.2.1")) {
            String running = hostState();
            var second = Daemon.launch(net, options("--tun", "wltun1"));
            assertTrue(second.process().waitFor(10, TimeUnit.SECONDS));
            assertEquals(1, second.process().exitValue(), second::log);
            assertEquals(running, hostState());
            assertEquals("[\"192.0.2.1\"]", daemon.api().read("/bypass").body());
        }
    }

    @Test
    void theSocketIsNeverMoreOpenThanItShallBe() throws Exception {
        try (var daemon = start()) {
            assertEquals("rw-rw----",
                    PosixFilePermissions.toString(Files.getPosixFilePermissions(daemon.socket())));
        }
    }

    @Test
    void anEntryOfTheCommandLineIsThereFromTheStart() throws Exception {
        try (var daemon = start("--bypass", "198.51.100.1")) {
            assertEquals("[\"198.51.100.1\"]", daemon.api().read("/bypass").body());
            try (var flow = Flow.open(net, TestNet.SERVER_4)) {
                assertEquals(TestNet.INSIDE_4, flow.far().socket().getInetAddress());
            }
        }
    }

    @Test
    void aKilledPredecessorsListIsAdoptedSortedAfterTheCommandLines() throws Exception {
        try (var killed = start("--bypass", "192.0.2.9,2001:db8::/32,192.0.2.1")) {
            killed.kill();
        }
        try (var next = start("--bypass", "192.0.2.5")) {
            assertEquals("[\"192.0.2.5\",\"192.0.2.1\",\"192.0.2.9\",\"2001:db8::/32\"]",
                    next.api().read("/bypass").body(), next::log);
            next.stop();
            assertEquals(before, hostState(), next::log);
        }
    }

    @Test
    void afterSigkillTheTrafficGoesAsItWouldWithoutUs() throws Exception {
        try (var killed = start()) {
            killed.kill();
        }
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            assertEquals(TestNet.INSIDE_4, flow.far().socket().getInetAddress());
        }
    }

    @Test
    void aStartThatFailsUndoesEverything() throws Exception {
        var failing = Daemon.launch(net, options("--tun", "veth0"));
        assertTrue(failing.process().waitFor(10, TimeUnit.SECONDS));
        assertEquals(1, failing.process().exitValue(), failing::log);
        assertEquals(before, hostState(), failing::log);
    }

    /** Writes as fast as it is answered until the daemon is gone. */
    private void writeRoutes(Daemon daemon, Random random) {
        while (daemon.process().isAlive()) {
            String body = IntStream.range(0, 1 + random.nextInt(300))
                    .mapToObj(i -> random.nextBoolean() ? "\"192.0." + random.nextInt(8) + "." + i % 256 + "\""
                            : "\"2001:db8:" + Integer.toHexString(random.nextInt(2000)) + "::1\"")
                    .collect(Collectors.joining(",", "[", "]"));
            try {
                daemon.api().write(random.nextInt(3) == 0 ? "POST" : "PUT", "/bypass", body);
            } catch (IOException e) {
                // The daemon ends while it is asked: that is the test.
            }
        }
    }

    /** Lets the daemon end at a random moment while two clients change routes. */
    private void endWhileRoutesChange(Daemon daemon, Random random, boolean kill) throws Exception {
        var one = net.inside().fork(() -> write(daemon, random.nextLong()));
        var other = net.inside().fork(() -> write(daemon, random.nextLong()));
        Thread.sleep(random.nextInt(400));
        if (kill) {
            daemon.kill();
        } else {
            daemon.stop();
        }
        one.get(10, TimeUnit.SECONDS);
        other.get(10, TimeUnit.SECONDS);
    }

    private Void write(Daemon daemon, long seed) {
        writeRoutes(daemon, new Random(seed));
        return null;
    }

    @RepeatedTest(5)
    void sigtermWhileRoutesChangeLeavesNothing() throws Exception {
        long seed = System.nanoTime();
        try (var daemon = start()) {
            endWhileRoutesChange(daemon, new Random(seed), false);
            assertEquals(before, hostState(), () -> "seed " + seed + "\n" + daemon.log());
        }
    }

    @RepeatedTest(5)
    void afterSigkillWhileRoutesChangeTheNextStartIsClean() throws Exception {
        long seed = System.nanoTime();
        try (var killed = start()) {
            endWhileRoutesChange(killed, new Random(seed), true);
        }
        var left = throwsInTheKernel();
        try (var next = start()) {
            assertEquals(left, entries(next.api().read("/bypass").body()), () -> "seed " + seed + "\n" + next.log());
            assertEquals(left, throwsInTheKernel(), () -> "seed " + seed + "\n" + next.log());
            next.stop();
            assertEquals(before, hostState(), () -> "seed " + seed + "\n" + next.log());
        }
    }
}
