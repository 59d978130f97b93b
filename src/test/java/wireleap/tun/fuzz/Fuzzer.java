package wireleap.tun.fuzz;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import wireleap.tun.UpstreamTarget;
import wireleap.tun.api.HttpTarget;
import wireleap.tun.cli.ConfigTarget;
import wireleap.tun.client.AnswerTarget;
import wireleap.tun.h2.HeaderTarget;
import wireleap.tun.os.linux.netlink.NetlinkTarget;

/**
 * What Jazzer calls: the first byte chooses the target, the others are its. Fails if a target throws, or if one input takes
 * more than a millisecond of the thread's processor time, however often it is tried.
 */
public final class Fuzzer {
    static final long MOST_NANOS = 1_000_000;
    /** A cold or busy machine is slow once; code that is slow is so every time. */
    private static final long TRYING_NANOS = 3_000_000_000L;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private record Named(String name, Target target) {
    }

    private static final List<Named> TARGETS = List.of(
            new Named("packet", new PacketTarget()),
            new Named("reassembly", new ReassemblyTarget()),
            new Named("socks", new SocksTarget()),
            new Named("netlink", new NetlinkTarget()),
            new Named("http", new HttpTarget()),
            new Named("entries", HttpTarget::entries),
            new Named("prefix", new PrefixTarget()),
            new Named("config", new ConfigTarget()),
            new Named("upstream", new UpstreamTarget()),
            new Named("answer", new AnswerTarget()),
            new Named("broker", new BrokerTarget()),
            new Named("headers", new HeaderTarget()),
            new Named("core", new CoreTarget()));
    /** The core is chosen as often as all others together. */
    private static final int CHOICES = 2 * (TARGETS.size() - 1);

    private static final Stopwatch WALL = new Stopwatch(System::nanoTime);
    private static final Stopwatch PROCESSOR = new Stopwatch(THREADS::getCurrentThreadCpuTime);
    private static long programs;

    private Fuzzer() {
    }

    /** The first byte that chooses a target. */
    static int choice(String name) {
        for (int i = 0; i < TARGETS.size(); i++) {
            if (TARGETS.get(i).name().equals(name)) {
                return i;
            }
        }
        throw new IllegalArgumentException(name);
    }

    /** One run, called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] bytes) throws Exception {
        if (bytes.length == 0) {
            return;
        }
        Named chosen = TARGETS.get(Math.min((bytes[0] & 0xff) % CHOICES, TARGETS.size() - 1));
        programs++;
        run(chosen.name(), chosen.target(), bytes);
    }

    static void run(String name, Target target, byte[] bytes) throws Exception {
        target.run(new Input(bytes, 1), WALL);
        if (WALL.takeSlowestNanos() > MOST_NANOS) {
            long nanos = leastNanos(target, bytes);
            if (nanos > MOST_NANOS) {
                throw new AssertionError(name + ": one input takes " + nanos + " ns of processor time");
            }
        }
    }

    /** The processor time of the slowest input, in the run in which that was least. */
    private static long leastNanos(Target target, byte[] bytes) throws Exception {
        long least = Long.MAX_VALUE;
        long endNanos = System.nanoTime() + TRYING_NANOS;
        while (least > MOST_NANOS && System.nanoTime() < endNanos) {
            target.run(new Input(bytes, 1), PROCESSOR);
            least = Math.min(least, PROCESSOR.takeSlowestNanos());
        }
        return least;
    }

    /** The end, called by Jazzer. */
    public static void fuzzerTearDown() {
        System.err.println(count());
    }

    /** What has been done so far. */
    static String count() {
        return "fuzzed: " + WALL.inputs() + " inputs (packets, events, texts) in " + programs + " programs";
    }
}
