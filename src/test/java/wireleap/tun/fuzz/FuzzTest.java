package wireleap.tun.fuzz;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The corpus, each file by itself; then Jazzer from there, for seconds, or for as long as -Dfuzz.seconds says. */
class FuzzTest {
    private static final int SECONDS = Integer.getInteger("fuzz.seconds", 10);
    private static final Path DIRECTORY = Path.of("target", "fuzz").toAbsolutePath();

    static Stream<Path> corpus() throws IOException {
        return Files.list(Seeds.CORPUS).sorted();
    }

    @Test
    void theCorpusHoldsTheSeeds() throws IOException {
        for (Map.Entry<String, byte[]> seed : Seeds.all().entrySet()) {
            assertArrayEquals(seed.getValue(), Files.readAllBytes(Seeds.CORPUS.resolve(seed.getKey())), seed.getKey()
                    + ": run wireleap.tun.fuzz.Seeds");
        }
    }

    @ParameterizedTest
    @MethodSource("corpus")
    void aFileOfTheCorpusDoesNoHarm(Path file) throws Exception {
        Fuzzer.fuzzerTestOneInput(Files.readAllBytes(file));
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.DAYS)
    void fuzzingFindsNothing() throws Exception {
        Path found = Files.createDirectories(DIRECTORY.resolve("corpus"));
        Path log = DIRECTORY.resolve("log");
        Process jazzer = new ProcessBuilder(command(found)).redirectErrorStream(true).redirectOutput(log.toFile()).start();
        try {
            int code = jazzer.waitFor();
            List<String> lines = Files.readAllLines(log);
            System.out.println(lines.stream().filter(line -> line.startsWith("fuzzed: ")).findFirst().orElse("")
                    + ", " + SECONDS + " s; " + log);
            assertEquals(0, code, () -> finding(lines));
            assertTrue(lines.stream().anyMatch(line -> line.startsWith("fuzzed: ")), "no count in " + log);
        } finally {
            jazzer.destroyForcibly();
        }
    }

    /** The exception, and where the bytes are that lead to it. */
    private static String finding(List<String> lines) {
        int from = 0;
        while (from < lines.size() && !lines.get(from).startsWith("== ") && !lines.get(from).contains("ERROR")) {
            from++;
        }
        return String.join("\n", lines.subList(from, Math.min(lines.size(), from + 40)))
                + "\nput that file into " + Seeds.CORPUS + " to see it again in the test of that name";
    }

    private static List<String> command(Path found) {
        List<String> command = new ArrayList<>(List.of(ProcessHandle.current().info().command().orElseThrow(),
                "-Xmx512m", "-XX:+UseSerialGC", "-XX:+EnableDynamicAgentLoading", "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow", "-Djava.io.tmpdir=" + DIRECTORY,
                "-cp", System.getProperty("java.class.path"), "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + Fuzzer.class.getName(),
                "--instrumentation_includes=wireleap.tun.**", "--instrumentation_excludes=wireleap.tun.fuzz.**",
                "--custom_hook_includes=wireleap.tun.**", "--reproducer_path=" + DIRECTORY));
        command.addAll(List.of("-artifact_prefix=" + DIRECTORY + "/", "-max_total_time=" + SECONDS, "-timeout=30", "-rss_limit_mb=0", // the JIT compiler takes what it likes; the heap has its own limit
                found.toString(), Seeds.CORPUS.toString()));
        return command;
    }
}
