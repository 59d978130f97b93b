package wireleap.tun;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.testing.NeedsProgram;

/** src/build/version.sh in sources of its own. */
@NeedsProgram({"git", "sh"})
class VersionScriptTest {
    private static final Path SCRIPT = Path.of("src/build/version.sh");

    @TempDir
    private Path sources;

    @BeforeEach
    void copy() throws IOException {
        Files.createDirectories(sources.resolve("src/build"));
        Files.copy(SCRIPT, sources.resolve(SCRIPT));
    }

    private String version() throws Exception {
        run("sh", sources.resolve(SCRIPT).toString(), "1.2.3", sources.resolve("made/version.txt").toString());
        return Files.readString(sources.resolve("made/version.txt"));
    }

    private void commit(Path repository) throws Exception {
        git(repository, "init", "-q");
        git(repository, "add", ".");
        git(repository, "-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "all");
    }

    private static String git(Path repository, String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("git", "-C", repository.toString()));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    private static String run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), output);
        return output;
    }

    @Test
    void aCommitStandsBehindAPlusSign() throws Exception {
        commit(sources);
        assertEquals("1.2.3+" + git(sources, "rev-parse", "HEAD").substring(0, 12) + "\n", version());
    }

    @Test
    void aChangedSourceIsDirty() throws Exception {
        commit(sources);
        Files.writeString(sources.resolve(SCRIPT), "# changed\n", StandardOpenOption.APPEND);
        assertTrue(version().matches("1\\.2\\.3\\+[0-9a-f]{12}\\.dirty\n"));
    }

    @Test
    void sourcesWithoutARepositoryHaveThePlainVersion() throws Exception {
        assertEquals("1.2.3\n", version());
    }

    @Test
    void aRepositoryFurtherUpIsNotAsked() throws Exception {
        Path outer = sources;
        sources = Files.createDirectory(outer.resolve("inner"));
        copy();
        commit(outer);
        assertEquals("1.2.3\n", version());
    }
}
