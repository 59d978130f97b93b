package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.events.EventLog;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;

/** Who may use the socket: its owner, members of its group, nobody else; and whom a change is said to come from. */
@NeedsRoot
@NeedsProgram({"setpriv", "curl"})
@Timeout(20)
class AccessKernelTest {
    private static final String GROUP = "47110";
    private static final String OTHER_GROUP = "47111";
    private static final String USER = "47112";
    private static final int NOT_CONNECTED = 7;      // of curl

    @TempDir
    private Path directory;
    private final MemoryControl control = new MemoryControl();
    private Path socket;
    private ApiServer server;

    @BeforeEach
    void start() throws IOException {
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
        socket = directory.resolve("s");
        Sources sources = new Sources(Map::of, Map::of, new EventLog(), new ListedFlows(), address -> {
            throw new AssertionError(address);
        });
        server = ApiServer.start(new ApiSettings(socket, Optional.of(GROUP), false, "1.2.3", false), control, sources);
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    /** Has a list written by curl behind a prefix, and answers curl's exit code. */
    private int write(String... prefix) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(prefix));
        command.addAll(List.of("curl", "-s", "--fail", "-o", "/dev/null", "--unix-socket", socket.toString(), "-d",
                "[\"192.0.2.1\"]", "http://localhost/bypass"));
        return new ProcessBuilder(command).redirectErrorStream(true).start().waitFor();
    }

    private int writeAs(String group, String... groups) throws IOException, InterruptedException {
        List<String> prefix = new ArrayList<>(List.of("setpriv", "--reuid", USER, "--regid", group));
        prefix.addAll(List.of(groups));
        return write(prefix.toArray(String[]::new));
    }

    @Test
    void aMemberOfTheGroupMayWriteAndIsNamed() throws Exception {
        assertEquals(0, writeAs(GROUP, "--clear-groups"));
        assertEquals(List.of(USER + ":" + GROUP), control.asked());
    }

    @Test
    void aFurtherGroupCountsToo() throws Exception {
        assertEquals(0, writeAs(OTHER_GROUP, "--groups", GROUP));
        assertEquals(List.of(USER + ":" + OTHER_GROUP), control.asked());
    }

    @Test
    void anotherUserIsRefused() throws Exception {
        assertEquals(NOT_CONNECTED, writeAs(OTHER_GROUP, "--clear-groups"));
        assertEquals(List.of(), control.asked());
    }

    @Test
    void rootMayWriteAndIsNamed() throws Exception {
        assertEquals(0, write());
        assertEquals(List.of("root:root"), control.asked());
    }
}
