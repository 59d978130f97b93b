package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.client.BypassClient;

/** What signals do to a process that runs the daemon on a simulated machine. */
@Timeout(60)
class SignalTest {
    @TempDir
    private Path directory;
    private Process process;

    private void start(String machine) throws IOException {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "--enable-native-access=ALL-UNNAMED", "-XX:TieredStopAtLevel=1", "-cp",
                System.getProperty("java.class.path"), SimulatedMain.class.getName(), machine, "run", "--upstream",
                "direct", "--socket", socket().toString()));
        process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log().toFile()).start();
    }

    @AfterEach
    void end() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    private Path socket() {
        return directory.resolve("s");
    }

    private Path log() {
        return directory.resolve("log");
    }

    private String said() throws IOException {
        return Files.readString(log(), StandardCharsets.UTF_8);
    }

    private void awaitState(String wanted) throws IOException, InterruptedException {
        BypassClient client = new BypassClient(socket());
        while (!client.state().get("state").equals(wanted)) {
            Thread.sleep(5);
        }
    }

    private void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    }

    private void assertEnds(int code) throws IOException, InterruptedException {
        assertTrue(process.waitFor(20, TimeUnit.SECONDS), said());
        assertEquals(code, process.exitValue(), said());
        assertFalse(said().contains("\tat "), said());
    }

    @Test
    void sigtermEndsWithSuccessAndRemovesTheSocket() throws Exception {
        start("sound");
        awaitState("active");
        signal("TERM");
        assertEnds(0);
        assertFalse(Files.exists(socket()));
    }

    @Test
    void sigintEndsWithSuccess() throws Exception {
        start("sound");
        awaitState("active");
        signal("INT");
        assertEnds(0);
    }

    @Test
    void moreSignalsAddNothing() throws Exception {
        start("sound");
        awaitState("active");
        signal("TERM");
        signal("TERM");
        signal("INT");
        assertEnds(0);
    }

    @Test
    void aStartThatHangsIsGivenUp() throws Exception {
        start("hanging");
        awaitState("activating");
        long startNanos = System.nanoTime();
        signal("TERM");
        signal("TERM");
        assertEnds(1);
        long millis = (System.nanoTime() - startNanos) / 1_000_000;
        assertTrue(millis < 2_900, () -> "the controller kills after 3 s, this took " + millis + " ms");
        assertTrue(said().contains("not stopped within 2000 ms; the next start sweeps what is left"), said());
    }

    @Test
    void aStartThatFailsSaysSoInOneLine() throws Exception {
        start("without-tun");
        assertEnds(1);
        assertEquals(List.of("wireleap_tun: no TUN"),
                said().lines().filter(line -> line.startsWith("wireleap_tun: ")).toList());
    }

    @Test
    void aStopThatFailsIsAFailure() throws Exception {
        start("keeping");
        awaitState("active");
        signal("TERM");
        assertEnds(1);
        assertTrue(said().contains("EPERM (1), not today"), said());
    }
}
