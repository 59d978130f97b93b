package wireleap.tun.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import wireleap.tun.client.SocketPath;

/**
 * What a daemon in the background is known by: its control socket, and beside it the files that Wireleap's controller
 * has too.
 *
 * @param socket absolute
 * @param pid the process id as a JSON number
 * @param log what it has said; not beside a socket in /run, which does not outlive a restart of the machine
 */
record DaemonFiles(Path socket, Path pid, Path log) {
    private static final Path RUN = Path.of("/run");
    private static final Path LOGS = Path.of("/var/log");
    private static final String SOCKET = ".sock";

    /** Those of the daemon with this socket, or of the usual one. */
    static DaemonFiles of(Optional<Path> option, Map<String, String> environment) {
        Path socket = option.orElseGet(() -> SocketPath.usual(environment)).toAbsolutePath();
        String name = socket.getFileName().toString();
        String stem = name.endsWith(SOCKET) ? name.substring(0, name.length() - SOCKET.length()) : name;
        Path log = socket.resolveSibling(stem + ".log");
        return new DaemonFiles(socket, socket.resolveSibling(stem + ".pid"),
                socket.startsWith(RUN) ? LOGS.resolve(log.getFileName()) : log);
    }

    /**
     * The process id as it was written; empty if there is none.
     *
     * @throws IOException if there is something else in its place
     */
    OptionalLong writtenPid() throws IOException {
        try {
            return OptionalLong.of(Long.parseLong(Files.readString(pid).strip()));
        } catch (NoSuchFileException e) {
            return OptionalLong.empty();
        } catch (NumberFormatException e) {
            throw new IOException(pid + " holds no process id", e);
        }
    }

    /** Links are not followed: in a directory of another user's they may lead anywhere. */
    void writePid(long number) throws IOException {
        Files.createDirectories(pid.getParent());
        try (var file = Files.newByteChannel(pid, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                StandardOpenOption.TRUNCATE_EXISTING, LinkOption.NOFOLLOW_LINKS)) {
            file.write(StandardCharsets.US_ASCII.encode(number + "\n"));
        }
    }
}
