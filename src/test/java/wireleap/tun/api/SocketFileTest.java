package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import wireleap.tun.testing.NeedsRoot;

/** Who can reach the socket, when, and what becomes of what lay there. */
@Timeout(30)
class SocketFileTest {
    @TempDir
    Path directory;
    private Path file;

    @BeforeEach
    void name() {
        file = directory.resolve("api.sock");
    }

    private SocketFile open() throws IOException {
        return SocketFile.open(file, Optional.empty(), false);
    }

    private static PosixFileAttributes attributes(Path path) throws IOException {
        return Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    }

    private static String mode(Path path) throws IOException {
        return PosixFilePermissions.toString(attributes(path).permissions());
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        }
    }

    private String refusal() {
        return assertThrows(IOException.class, this::open).getMessage();
    }

    @Test
    void itsModeIs0660() throws IOException {
        try (SocketFile socket = open()) {
            assertEquals("rw-rw----", mode(file));
        }
    }

    @Test
    void clientsCanConnect() throws IOException {
        try (SocketFile socket = open(); var client = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
            assertTrue(client.isConnected());
        }
    }

    @Test
    void nothingElseIsLeftBesideIt() throws IOException {
        try (SocketFile socket = open()) {
            assertEquals(List.of(file), files());
        }
    }

    @Test
    void itIsGoneAfterwards() throws IOException {
        open().close();
        assertEquals(List.of(), files());
    }

    /** All that an observer ever sees: the socket with its final mode, or a directory that is closed to others. */
    @Test
    void itIsNeverMoreOpenNotEvenForAMoment() throws Exception {
        Set<String> seen = ConcurrentHashMap.newKeySet();
        AtomicBoolean done = new AtomicBoolean();
        Thread observer = Thread.startVirtualThread(() -> {
            while (!done.get()) {
                observe(seen);
            }
        });
        for (int i = 0; i < 300; i++) {
            open().close();
        }
        done.set(true);
        observer.join();
        assertTrue(seen.contains("api.sock rw-rw----"), seen::toString);
        seen.removeIf(entry -> entry.matches("api\\.sock rw-rw----|\\.wl[0-9a-z]+ rwx------"));
        assertEquals(Set.of(), seen);
    }

    private void observe(Set<String> seen) {
        try {
            for (Path path : files()) {
                seen.add(path.getFileName() + " " + mode(path));
            }
        } catch (NoSuchFileException gone) {
            Thread.onSpinWait();
        } catch (IOException e) {
            seen.add(e.toString());
        }
    }

    @Test
    void whatAKilledPredecessorLeftIsReplaced() throws IOException {
        try (var predecessor = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            predecessor.bind(UnixDomainSocketAddress.of(file));
        }
        try (SocketFile socket = open(); var client = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
            assertEquals("rw-rw----", mode(file));
        }
    }

    @Test
    void aSocketOnWhichSomebodyAnswersStays() throws IOException {
        try (SocketFile first = open()) {
            Object before = attributes(file).fileKey();
            assertEquals("cannot listen on the socket " + file + ": another process answers on it;"
                    + " stop that one or choose another path with --socket", refusal());
            assertEquals(before, attributes(file).fileKey());
        }
    }

    @Test
    void aSocketWhoseOwnerIsBusyStays() throws IOException {
        try (var busy = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            busy.bind(UnixDomainSocketAddress.of(file), 1);
            try (var waiting = SocketChannel.open(UnixDomainSocketAddress.of(file));
                    var alsoWaiting = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
                assertTrue(refusal().contains("another process may own it"));
            }
        }
    }

    @Test
    void aFileIsNotReplaced() throws IOException {
        Files.writeString(file, "precious");
        assertTrue(refusal().contains("something else than a socket is there"), this::refusal);
        assertEquals("precious", Files.readString(file));
    }

    @Test
    void aDirectoryIsNotReplaced() throws IOException {
        Files.createDirectory(file);
        assertTrue(refusal().contains("something else than a socket is there"), this::refusal);
    }

    @Test
    void aLinkIsNotFollowed() throws IOException {
        Files.createSymbolicLink(file, directory.resolve("elsewhere"));
        assertTrue(refusal().contains("something else than a socket is there"), this::refusal);
    }

    @Test
    void aRefusalLeavesNothing() throws IOException {
        assertThrows(IOException.class, () -> SocketFile.open(file, Optional.of("no-such-group"), false));
        assertEquals(List.of(), files());
    }

    @Test
    void aGroupThatIsNotThereIsNamed() {
        String message = assertThrows(IOException.class,
                () -> SocketFile.open(file, Optional.of("no-such-group"), false)).getMessage();
        assertEquals("cannot listen on the socket " + file
                + ": there is no group no-such-group; name another with --socket-group", message);
    }

    @Test
    @NeedsRoot
    void theGroupIsTheOneThatWasAskedFor() throws IOException {
        try (SocketFile socket = SocketFile.open(file, Optional.of("daemon"), false)) {
            assertEquals("daemon rw-rw----", attributes(file).group() + " " + mode(file));
        }
    }

    @Test
    @NeedsRoot
    void theGroupMayBeANumber() throws IOException {
        try (SocketFile socket = SocketFile.open(file, Optional.of("54321"), false)) {
            assertEquals("54321", attributes(file).group().getName());
        }
    }

    @Test
    void aPathOf106BytesIsTaken() throws IOException {
        file = directory.resolve("s".repeat(106 - directory.toString().length() - 1));
        try (SocketFile socket = open(); var client = SocketChannel.open(UnixDomainSocketAddress.of(file))) {
            assertTrue(client.isConnected());
        }
    }

    @Test
    void aLongerPathIsRefused() {
        file = directory.resolve("s".repeat(107 - directory.toString().length() - 1));
        assertTrue(refusal().endsWith(": the path is too long for a socket, which may have 106 bytes;"
                + " choose a shorter one with --socket"), this::refusal);
    }

    @Test
    void anAbsentDirectoryIsNamed() {
        file = directory.resolve("absent").resolve("api.sock");
        assertEquals("cannot listen on the socket " + file + ": the directory " + file.getParent()
                + " does not exist; make it or choose another path with --socket", refusal());
    }

    @Test
    void aDirectoryThatTakesNoFilesIsNamed() {
        file = Path.of("/proc/api.sock");
        assertEquals("cannot listen on the socket /proc/api.sock: nothing can be made in the directory /proc; choose"
                + " another path with --socket", refusal());
    }

    @Test
    void aFileWhereTheDirectoryShouldBeIsNamed() throws IOException {
        Path inTheWay = Files.createFile(directory.resolve("file"));
        file = inTheWay.resolve("api.sock");
        assertTrue(assertThrows(IOException.class, () -> SocketFile.open(file, Optional.empty(), true)).getMessage()
                .endsWith(": " + inTheWay + " is in the way; move it or choose another path with --socket"));
    }

    @Test
    void theDefaultPlacesDirectoryIsMadeAndRemoved() throws IOException {
        file = directory.resolve("made").resolve("api.sock");
        try (SocketFile socket = SocketFile.open(file, Optional.empty(), true)) {
            assertEquals("rwxr-xr-x", mode(file.getParent()));
        }
        assertEquals(List.of(), files());
    }

    @Test
    void aDirectoryThatWasThereStays() throws IOException {
        SocketFile.open(file, Optional.empty(), true).close();
        assertTrue(Files.isDirectory(directory));
    }

    @Test
    void aMadeDirectoryWithOthersFilesStays() throws IOException {
        file = directory.resolve("made").resolve("api.sock");
        try (SocketFile socket = SocketFile.open(file, Optional.empty(), true)) {
            Files.createFile(file.resolveSibling("other"));
        }
        assertTrue(Files.exists(file.resolveSibling("other")));
    }

    @Test
    void theSuccessorsSocketIsNotRemoved() throws IOException {
        try (SocketFile first = open()) {
            Files.delete(file);
            try (SocketFile second = open()) {
                first.close();
                assertTrue(Files.exists(file));
            }
        }
    }

    @Test
    void whoRemovedItBeforeDoesNoHarm() throws IOException {
        SocketFile socket = open();
        Files.delete(file);
        socket.close();
        assertFalse(socket.channel().isOpen());
    }
}
