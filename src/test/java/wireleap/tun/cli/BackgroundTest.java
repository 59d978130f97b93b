package wireleap.tun.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
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
    private NamedProcess listener;                   // null: nobody listens

    @BeforeEach
    void name() {
        files = DaemonFiles.of(Optional.of(directory.resolve("d.sock")), Map.of());
    }

    private Background background() {
        return new Background(files, socket -> Optional.ofNullable(listener));
    }

    private Background overrun() {
        return new Background(files, socket -> {
            throw new IOException("too many wait");
        });
    }

    private String state() throws InterruptedException {
        return background().status().state();
    }

    private static int user() throws IOException {
        return (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
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
    void aStopRemovesAPidFileThatHoldsNoNumber() throws Exception {
        Files.writeString(files.pid(), "none\n");
        assertFalse(background().stop(false));
        assertEquals("inactive", state());
    }

    @Test
    void whoListensAndDoesNotAnswerIsUnknown() throws Exception {
        listener = new NamedProcess(4711, 0);
        assertEquals(new Background.Status("unknown", 4711), background().status());
    }

    @Test
    void whereTooManyWaitItIsUnknown() throws Exception {
        assertEquals(new Background.Status("unknown", -1), overrun().status());
    }

    @Test
    void whereTooManyWaitAStopSaysSo() {
        assertThrows(IOException.class, () -> overrun().stop(false));
    }

    @Test
    void whatAnswersIsTakenAtItsWordButForItsProcess() throws Exception {
        Map<String, Object> state = new LinkedHashMap<>(Map.of("state", "deactivating", "pid", 4711));
        listener = new NamedProcess(4712, 0);
        ApiSettings settings = new ApiSettings(files.socket(), Optional.empty(), false, "1.2.3", true);
        try (EventLog events = new EventLog();
                ApiServer server = ApiServer.start(settings, new ListInMemory(),
                        new Sources(() -> state, Map::of, events, NO_FLOWS, address -> {
                            throw new AssertionError(address);
                        }))) {
            assertEquals(new Background.Status("deactivating", 4712), background().status());
        }
    }

    @Test
    void aLinkInThePidFilesPlaceIsReplacedAndNotFollowed() throws Exception {
        Path precious = Files.writeString(directory.resolve("precious"), "precious");
        Files.createSymbolicLink(files.pid(), precious);
        files.writePid(1);
        assertEquals("precious", Files.readString(precious));
        assertEquals(Optional.of(new NamedProcess(1, user())), files.writtenPid());
    }

    @Test
    void aPipeInThePidFilesPlaceHoldsNobodyUp() throws Exception {
        assertEquals(0, new ProcessBuilder("mkfifo", files.pid().toString()).start().waitFor());
        assertEquals("unknown", state());
    }

    @Test
    void whatAnotherUserNamesIsNoProcessOfOurs() throws Exception {
        Process sleeping = new ProcessBuilder("sh", "-c", "sleep 60; :", "wireleap.tun.Main", "run").start();
        try {
            NamedProcess byItsUser = new NamedProcess(sleeping.pid(), user());
            assertTrue(DaemonProcess.of(byItsUser).isPresent());
            assertTrue(DaemonProcess.of(new NamedProcess(sleeping.pid(), user() + 1)).isEmpty());
        } finally {
            sleeping.descendants().forEach(ProcessHandle::destroy);
            sleeping.destroy();
        }
    }

    @Test
    void aProcessThatRunsAnotherProgramHasNoOptions() throws Exception {
        Process sleeping = new ProcessBuilder("sh", "-c", "sleep 60; :", "wireleap.tun.Main", "run").start();
        try {
            DaemonProcess impostor = DaemonProcess.of(new NamedProcess(sleeping.pid(), 0)).orElseThrow();
            assertTrue(assertThrows(IOException.class, impostor::options).getMessage().contains(", not this program;"));
        } finally {
            sleeping.descendants().forEach(ProcessHandle::destroy);
            sleeping.destroy();
        }
    }

    @Test
    void aProcessThatHasJustEndedHasNoOptions() throws Exception {
        Process ending = new ProcessBuilder("sh", "-c", "read line; :", "wireleap.tun.Main", "run").start();
        DaemonProcess daemon = DaemonProcess.of(new NamedProcess(ending.pid(), 0)).orElseThrow();
        ending.getOutputStream().close();
        ending.waitFor();
        assertTrue(assertThrows(IOException.class, daemon::options).getMessage().contains("just ended"));
    }

    @Test
    void theLastWordsOfALogThatIsNoTextAreTold() throws Exception {
        byte[] log = new byte[100_000];
        Arrays.fill(log, (byte) 0xff);
        System.arraycopy("\nlast \u001bwords\n\n".getBytes(StandardCharsets.US_ASCII), 0, log, log.length - 14, 14);
        Files.write(files.log(), log);
        assertEquals("last ?words", files.lastWords());
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "mkfifo", "mkdir", "ln -s hosts"})
    void ofWhatIsNoLogThereAreNoWords(String made) throws Exception {
        Files.writeString(directory.resolve("hosts"), "words");
        assertEquals(0, new ProcessBuilder((made + " " + files.log()).split(" ")).start().waitFor());
        assertEquals("none", files.lastWords());
    }

    @Test
    void theLogIsCopiedAsItIs() throws Exception {
        byte[] log = {'a', (byte) 0xff, 0, '\r', '\n', (byte) 0xc3};
        Files.write(files.log(), log);
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        files.copyLog(copy);
        assertArrayEquals(log, copy.toByteArray());
    }

    @ParameterizedTest
    @ValueSource(strings = {"start --upstream direct", "stop", "restart", "status", "log"})
    void aSocketThatNamesNoFileIsWrongUsage(String command) {
        Invocation wrong = Invocation.of((command + " --socket /").split(" "));
        assertEquals("2 wireleap_tun: --socket /: names no file", wrong.code() + " " + wrong.err().strip());
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
