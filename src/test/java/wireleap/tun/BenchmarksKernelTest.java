package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.NeedsTun;

/**
 * The benchmarks of bench/java in a short form: long enough to see that they run and what they allocate, too short for
 * times. One of them needs a TUN.
 */
@NeedsRoot
@NeedsTun
@NeedsProgram("ip")
class BenchmarksKernelTest {
    private static final List<String> SHORT = List.of("-foe", "true", "-f", "1", "-wi", "1", "-w", "300ms", "-i", "3",
            "-r", "100ms", "-prof", "gc", "-p", "flows=1000", "-p", "bytes=1460", "-p", "payload=1460", "-p",
            "ranges=30", "-p", "version=4");
    /** Control plane, and a way to sum that is not ours: its vectors are objects until the compiler has done with them. */
    private static final List<String> ELSEWHERE = List.of("wireleap.tun.api.", "wireleap.tun.os.linux.netlink.",
            "wireleap.tun.wire.ChecksumBenchmark.vectors");
    private static final double ITERATION_NANOS = 100e6;
    /** What JMH itself allocates in an iteration, at most; 7 to 10 KB were seen. */
    private static final double OWN_BYTES = 16_384;
    /** Bytes an operation beyond that. An object has 16 at the least: this is room for what is no object a packet. */
    private static final double NOTHING = 1;

    private static final List<Object> RESULTS = new ArrayList<>();

    @BeforeAll
    @Timeout(300)
    static void run(@TempDir Path directory) throws IOException, InterruptedException {
        Path json = directory.resolve("results.json");
        Path log = directory.resolve("log");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Djava.io.tmpdir=" + directory, // where JMH keeps a lock against another run of it
                "-cp", "target/benchmarks" + File.pathSeparator + System.getProperty("java.class.path"),
                "org.openjdk.jmh.Main", "-rf", "json", "-rff", json.toString()));
        command.addAll(SHORT);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            assertEquals(0, process.waitFor(), () -> lines(log));
        } finally {
            process.destroyForcibly();
        }
        RESULTS.addAll(JSON.std.listFrom(Files.readString(json)));
    }

    private static String lines(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static Object at(Object json, String... path) {
        Object found = json;
        for (String name : path) {
            found = ((Map<?, ?>) found).get(name);
        }
        return found;
    }

    /** Bytes an operation, in the iteration that had the least: what operations allocate is allocated in each. */
    private static double allocated(Object result) {
        double[] nanos = iterations(result, "primaryMetric");
        double[] bytes = iterations(result, "secondaryMetrics", "gc.alloc.rate.norm");
        return IntStream.range(0, nanos.length).mapToDouble(i -> bytes[i] - OWN_BYTES * nanos[i] / ITERATION_NANOS)
                .min().orElseThrow();
    }

    /** The figures of the one fork. */
    private static double[] iterations(Object result, String... metric) {
        List<?> forks = (List<?>) ((Map<?, ?>) at(result, metric)).get("rawData");
        return ((List<?>) forks.getFirst()).stream().mapToDouble(figure -> ((Number) figure).doubleValue()).toArray();
    }

    private static String method(Object result) {
        return (String) at(result, "benchmark");
    }

    @Test
    void everyBenchmarkRuns() throws IOException {
        Path sources = Path.of("bench/java");
        try (var files = Files.walk(sources)) {
            Set<String> written = files.map(file -> sources.relativize(file).toString())
                    .filter(file -> file.endsWith("Benchmark.java"))
                    .map(file -> file.replace('/', '.').replaceFirst("[.]java$", "")).collect(Collectors.toSet());
            Set<String> run = RESULTS.stream().map(BenchmarksKernelTest::method)
                    .map(method -> method.substring(0, method.lastIndexOf('.'))).collect(Collectors.toSet());
            assertEquals(written, run);
        }
    }

    @Test
    void thePacketPathAllocatesNothing() {
        Map<String, Double> allocating = new TreeMap<>();
        for (Object result : RESULTS) {
            if (ELSEWHERE.stream().noneMatch(method(result)::startsWith) && allocated(result) > NOTHING) {
                allocating.put(method(result) + at(result, "params"), allocated(result));
            }
        }
        assertEquals(Map.of(), allocating);
    }
}
