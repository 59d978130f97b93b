package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.api.ApiServer;
import wireleap.tun.api.ApiSettings;
import wireleap.tun.api.FlowSource;
import wireleap.tun.api.Sources;
import wireleap.tun.events.EventLog;

/** What is said of a daemon by its files and its answers; a daemon that lives is in the kernel tests. */
class BackgroundTest {
    private static final FlowSource NO_FLOWS = () -> {
        throw new AssertionError("nobody asks for flows");
    };

    @TempDir
    private Path directory;
    private DaemonFiles files;

    @BeforeEach
    void name() {
        files = DaemonFiles.of(Optional.of(directory.resolve("d.sock")), Map.of());
    }

    private String state() throws InterruptedException {
        return new Background(files).status().state();
    }

    @ParameterizedTest
    @CsvSource({"/home/me/wireleap, /home/me/wireleap/wireleap_tun.pid, /home/me/wireleap/wireleap_tun.log",
        ", /run/wireleap_tun/wireleap_tun.pid, /var/log/wireleap_tun.log"})
    void theFilesLieWhereTheSocketIs(String home, Path pid, Path log) {
        DaemonFiles usual = DaemonFiles.of(Optional.empty(), home == null ? Map.of() : Map.of("WIRELEAP_HOME", home));
        assertEquals(pid + " " + log, usual.pid() + " " + usual.log());
    }

    @Test
    void withoutSocketAndPidFileItIsInactive() throws Exception {
        assertEquals("inactive", state());
    }

    @Test
    void aPidFileWithoutAProcessIsAFailure() throws Exception {
        Process ended = new ProcessBuilder("true").start();
        ended.waitFor();
        files.writePid(ended.pid());
        assertEquals("failed", state());
    }

    @Test
    void thePidOfAnotherProgramIsAFailure() throws Exception {
        files.writePid(1);
        assertEquals("failed", state());
    }

    @Test
    void aPidFileThatHoldsNoNumberIsUnknown() throws Exception {
        Files.writeString(files.pid(), "none\n");
        assertEquals("unknown", state());
    }

    @Test
    void whatAnswersIsTakenAtItsWord() throws Exception {
        Map<String, Object> state = new LinkedHashMap<>(Map.of("state", "deactivating", "pid", 4711));
        ApiSettings settings = new ApiSettings(files.socket(), Optional.empty(), false, "1.2.3", true);
        try (EventLog events = new EventLog();
                ApiServer server = ApiServer.start(settings, new ListInMemory(),
                        new Sources(() -> state, Map::of, events, NO_FLOWS, address -> {
                            throw new AssertionError(address);
                        }))) {
            assertEquals(new Background.Status("deactivating", 4711), new Background(files).status());
        }
    }

    @Test
    void aLinkInThePidFilesPlaceIsNotFollowed() throws Exception {
        Path precious = Files.writeString(directory.resolve("precious"), "precious");
        Files.createSymbolicLink(files.pid(), precious);
        assertThrows(IOException.class, () -> files.writePid(1));
        assertEquals("precious", Files.readString(precious));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"endpoint\": null}"})
    void withoutAContractNothingIsStarted(String contract) throws Exception {
        Files.writeString(directory.resolve("contract.json"), contract);
        var refusal = assertThrows(IOException.class,
                () -> ServiceCommands.requireContract(Map.of("WIRELEAP_HOME", directory.toString())));
        assertEquals("no contract configured; import accesskey before starting tun", refusal.getMessage());
    }

    @Test
    void withAContractItMayStart() throws Exception {
        Files.writeString(directory.resolve("contract.json"), "{\"endpoint\": \"https://contract.example.org\"}");
        ServiceCommands.requireContract(Map.of("WIRELEAP_HOME", directory.toString()));
    }

    @Test
    void withoutAWireleapHomeNoContractIsNeeded() throws Exception {
        ServiceCommands.requireContract(Map.of());
    }
}
