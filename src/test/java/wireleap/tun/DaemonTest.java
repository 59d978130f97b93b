package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.FaultyPlatform.Part;
import wireleap.tun.client.BypassClient;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Rule;
import wireleap.tun.routes.RouteRefusedException;

/** Starts and stops on a simulated machine. */
@Timeout(30)
class DaemonTest {
    @TempDir
    private Path directory;

    private Daemon daemon(FaultyPlatform platform, String... options) {
        return daemon(directory.resolve("s"), platform, options);
    }

    private static Daemon daemon(Path socket, FaultyPlatform platform, String... options) {
        List<String> all = new ArrayList<>(List.of("--socket", socket.toString()));
        all.addAll(List.of(options));
        return new Daemon(ConfigTest.config(all.toArray(String[]::new)), platform, "1.2.3");
    }

    private BypassClient client() {
        return new BypassClient(directory.resolve("s"));
    }

    private void assertNothingLeft(FaultyPlatform platform) throws IOException {
        assertEquals(Set.of(), platform.left);
        try (var files = Files.list(directory)) {
            assertEquals(List.of(), files.toList());
        }
    }

    private static FutureTask<Void> start(Daemon daemon) {
        FutureTask<Void> life = new FutureTask<>(() -> {
            daemon.run();
            return null;
        });
        Thread.ofPlatform().start(life);
        return life;
    }

    private Map<String, Object> activeState() throws IOException, InterruptedException {
        Map<String, Object> state = client().state();
        while (!state.get("state").equals("active")) {
            Thread.sleep(1);
            state = client().state();
        }
        return state;
    }

    /** Whether a rule that leads traffic of others than ourselves into the TUN was ever there. */
    private static boolean captured(FaultyPlatform platform) {
        return platform.done.stream().anyMatch(step -> step.claim() instanceof Rule rule
                && rule.action() instanceof Rule.Action.Lookup lookup
                && lookup.table() == RouteSettings.DEFAULT.bypassTable());
    }

    @Test
    void aStopLeavesNothing() throws Exception {
        try (FaultyPlatform platform = new FaultyPlatform()) {
            Daemon daemon = daemon(platform, "--bypass", "192.0.2.1");
            FutureTask<Void> life = start(daemon);
            activeState();
            assertTrue(captured(platform));
            daemon.stop();
            life.get(10, TimeUnit.SECONDS);
            assertNothingLeft(platform);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPartThatFailsUndoesTheStart(Part broken) throws Exception {
        try (FaultyPlatform platform = FaultyPlatform.without(broken)) {
            Daemon daemon = daemon(platform, "--bypass", "192.0.2.1");
            Exception failure = assertThrows(Exception.class, daemon::run);
            assertEquals("no " + broken, failure.getMessage());
            assertNothingLeft(platform);
        }
    }

    @Test
    void aSocketThatCannotBeMadeUndoesTheStart() throws Exception {
        try (FaultyPlatform platform = new FaultyPlatform()) {
            Daemon daemon = daemon(directory.resolve("absent/s"), platform);
            String message = assertThrows(IOException.class, daemon::run).getMessage();
            assertTrue(message.contains(directory + "/absent does not exist"), message);
            assertNothingLeft(platform);
        }
    }

    @Test
    void aStepThatTheKernelRefusesUndoesTheStart() throws Exception {
        int steps = stepsOfAStart();
        assertTrue(steps > 20, () -> "only " + steps + " steps");
        for (int step = 0; step < steps; step++) {
            try (FaultyPlatform platform = FaultyPlatform.refusing(step)) {
                Daemon daemon = daemon(platform, "--bypass", "192.0.2.1");
                String message = assertThrows(RouteRefusedException.class, daemon::run).getMessage();
                assertTrue(message.contains("EPERM (1), not today"), message);
                assertNothingLeft(platform);
            }
        }
    }

    private int stepsOfAStart() throws Exception {
        try (FaultyPlatform platform = new FaultyPlatform()) {
            Daemon daemon = daemon(platform, "--bypass", "192.0.2.1");
            FutureTask<Void> life = start(daemon);
            activeState();
            int steps = platform.done.size();
            daemon.stop();
            life.get(10, TimeUnit.SECONDS);
            return steps;
        }
    }

    /** A machine whose TUN takes its time. */
    private static final class SlowTun extends FaultyPlatform {
        private final CountDownLatch asked = new CountDownLatch(1);
        private final CountDownLatch given = new CountDownLatch(1);

        SlowTun() throws IOException {
        }

        @Override
        public Tun openTun(String name, int queues) throws IOException {
            asked.countDown();
            try {
                given.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            return super.openTun(name, queues);
        }
    }

    @Test
    void whatIsStillStartingAnswersThatItIsActivating() throws Exception {
        try (SlowTun platform = new SlowTun()) {
            Daemon daemon = daemon(platform);
            FutureTask<Void> life = start(daemon);
            assertEquals("activating", client().state().get("state"));
            platform.given.countDown();
            daemon.stop();
            life.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void aStopWhileStartingCapturesNothingAndLeavesNothing() throws Exception {
        try (SlowTun platform = new SlowTun()) {
            Daemon daemon = daemon(platform);
            FutureTask<Void> life = start(daemon);
            platform.asked.await();
            daemon.stop();
            daemon.stop();
            platform.given.countDown();
            life.get(10, TimeUnit.SECONDS);
            assertFalse(captured(platform));
            assertNothingLeft(platform);
        }
    }

    @Test
    void aTunOfFewerQueuesThanAskedForIsWarnedOf() throws Exception {
        try (FaultyPlatform platform = new FaultyPlatform()) {
            Daemon daemon = daemon(platform, "--queues", "2");
            FutureTask<Void> life = start(daemon);
            Map<String, Object> state = activeState();
            assertEquals(1, ((Map<?, ?>) state.get("tun")).get("queues"));
            assertEquals(List.of("wltun0 has outlived a daemon and has no more than 1 queue; stop and start to have the 2 of"
                    + " --queues"), state.get("warnings"));
            daemon.stop();
            life.get(10, TimeUnit.SECONDS);
        }
    }

    @Test
    void theStateSaysWhatTheDaemonHas() throws Exception {
        try (FaultyPlatform platform = new FaultyPlatform()) {
            Daemon daemon = daemon(platform, "--tun", "wl7", "--bypass", "192.0.2.1,2001:db8::/32");
            FutureTask<Void> life = start(daemon);
            Map<String, Object> state = activeState();
            assertEquals(List.of("state", "pid", "version", "uptimeSeconds", "tun", "capture", "families", "upstream", "dns",
                    "counts", "repairs", "warnings"), List.copyOf(state.keySet()));
            assertEquals(Map.of("name", "wl7", "mtu", 1500, "queues", 1, "offloads",
                    List.of("checksum", "tso4", "tso6", "uso")), state.get("tun"));
            assertEquals(Map.of("ipv4", true, "ipv6", true), state.get("families"));
            assertEquals(Map.of("uri", "direct", "status", "up"), state.get("upstream"));
            assertEquals(2, ((Map<?, ?>) state.get("counts")).get("bypassEntries"));
            daemon.stop();
            life.get(10, TimeUnit.SECONDS);
        }
    }
}
