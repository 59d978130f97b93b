package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.client.BypassClient;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.train.Application;
import wireleap.tun.train.EchoProxy;

/** The machine sleeps, as far as a daemon on a simulated one can tell: one of its two clocks jumps. */
@Timeout(60)
class SuspendTest {
    private static final long TARGET = 0xffff_c000_0201L;          // 192.0.2.1
    private static final long MOST_BYTES = 1L << 50;

    @TempDir
    private Path directory;

    /** A machine that was asleep for some time. */
    private static final class SleepyPlatform extends SimulatedPlatform {
        private volatile long sleptNanos;

        private SleepyPlatform() throws Exception {
        }

        @Override
        public long sinceBootNanos() {
            return super.sinceBootNanos() + sleptNanos;
        }
    }

    @Test
    void afterASleepAllFlowsAreReset() throws Exception {
        Path socket = directory.resolve("s");
        try (EchoProxy proxy = EchoProxy.open(); SleepyPlatform platform = new SleepyPlatform()) {
            Daemon daemon = new Daemon(ConfigTest.config("--socket", socket.toString(), "--upstream",
                    "socks5://user:user@127.0.0.1:" + proxy.port()), platform, "1.2.3");
            FutureTask<Void> life = task(() -> daemon.run());
            FutureTask<Void> transfer = task(() -> transfer(platform));
            awaitFlows(new BypassClient(socket), 1);
            platform.sleptNanos = TimeUnit.HOURS.toNanos(8);
            awaitFlows(new BypassClient(socket), 0);
            assertThrows(ExecutionException.class, transfer::get); // nothing comes any more
            daemon.stop();
            life.get();
        }
    }

    /** Something that ends one day. */
    private interface Life {
        void live() throws Exception;
    }

    private static FutureTask<Void> task(Life life) {
        FutureTask<Void> task = new FutureTask<>(() -> {
            life.live();
            return null;
        });
        Thread.ofPlatform().daemon().start(task);
        return task;
    }

    /** More than can ever be sent. */
    private static void transfer(SimulatedPlatform platform) throws Exception {
        try (Arena arena = Arena.ofConfined();
                Application application = new Application(platform.behindTun(), RouteSettings.DEFAULT.mtu(), arena)) {
            application.exchange(RouteSettings.DEFAULT.ipv4Address().lo(), TARGET, 80, MOST_BYTES);
        }
    }

    private static void awaitFlows(BypassClient client, int wanted) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        Object flows = "unknown";
        while (!flows.equals(wanted) && System.nanoTime() < deadline) {
            Thread.sleep(10);
            Map<?, ?> counts = (Map<?, ?>) client.state().get("counts");
            flows = ((Number) counts.get("tcpFlows")).intValue();
        }
        assertTrue(flows.equals(wanted), flows + " flows");
    }
}
