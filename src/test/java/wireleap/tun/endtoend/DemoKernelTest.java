package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.demo.Trees;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;

/** {@code wireleap_tun demo} as newcomers run it. */
@NeedsTun
@Timeout(60)
class DemoKernelTest {
    private static final long LIMIT_SECONDS = 15;
    private Path directory;

    @BeforeEach
    void open() throws IOException {
        directory = Files.createTempDirectory("wireleap_tun-test",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxrwxrwx")));
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    @AfterEach
    void close() {
        Trees.delete(directory);
    }

    /** Runs it behind a prefix and gives what it printed. */
    private String demo(int exitCode, List<String> prefix, String launcher) throws Exception {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(launcher, "demo"));
        var process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getOutputStream().close();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(exitCode, process.waitFor(), output);
        return output;
    }

    @Test
    void itShowsTheMainJobInTime() throws Exception {
        long start = System.nanoTime();
        String output = demo(0, List.of(), Daemon.launcher().toString());
        assertTrue(output.contains("Done: all 12 requests went the way that they should."), output);
        assertTrue(output.matches("(?s).*\\bbytes +streamsDown +[1-9].*"), output);
        assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(LIMIT_SECONDS), output);
    }

    /**
     * Becomes nobody, without any capability, where $1/image is the image $2 and $3 is the mode of a /dev/net/tun of
     * this mount namespace's own.
     */
    private static final String AS_NOBODY = """
            mkdir "$1/image" && mount --bind "$2" "$1/image" &&
            mknod -m "$3" "$1/tun" c 10 200 && chmod "$3" "$1/tun" && mount --bind "$1/tun" /dev/net/tun &&
            shift 3 && exec setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
            """;

    private List<String> asNobody(String modeOfTun) {
        var image = Daemon.launcher().getParent().getParent().toString();
        return List.of("unshare", "--mount", "sh", "-c", AS_NOBODY, "sh", directory.toString(), image, modeOfTun);
    }

    @Test
    @NeedsProgram({"unshare", "setpriv"})
    void anOrdinaryUserSeesItInAUserNamespace() throws Exception {
        String output = demo(0, asNobody("666"), directory.resolve("image/bin/wireleap_tun").toString());
        assertTrue(output.contains("Done: all 12 requests went the way that they should."), output);
    }

    @Test
    @NeedsProgram({"unshare", "setpriv"})
    void whoMayNotIsToldHow() throws Exception {
        String launcher = directory.resolve("image/bin/wireleap_tun").toString();
        assertEquals("The demo needs to be root here: sudo " + launcher + " demo\n",
                demo(1, asNobody("600"), launcher));
    }

    private static Path directoryOf(String output) {
        var socket = Pattern.compile("--socket (\\S+)").matcher(output);
        assertTrue(socket.find(), output);
        return Path.of(socket.group(1)).getParent();
    }

    @Test
    void itLeavesNoFiles() throws Exception {
        assertFalse(Files.exists(directoryOf(demo(0, List.of(), Daemon.launcher().toString()))));
    }

    @Test
    void aSignalEndsItAndItsDaemonAndItsFiles() throws Exception {
        var process = new ProcessBuilder(Daemon.launcher().toString(), "demo").redirectErrorStream(true).start();
        var output = new StringBuilder();
        try (var lines = process.inputReader()) {
            while (output.indexOf("--socket") < 0) {
                output.append(lines.readLine()).append('\n');
            }
            var children = process.descendants().toList();
            process.destroy();
            assertTrue(process.waitFor(5, TimeUnit.SECONDS));
            assertFalse(Files.exists(directoryOf(output.toString())));
            assertTrue(children.stream().noneMatch(ProcessHandle::isAlive));
        }
    }
}
