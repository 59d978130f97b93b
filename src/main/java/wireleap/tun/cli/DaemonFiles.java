package wireleap.tun.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
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
    private static final int PID_BYTES = 64;
    private static final int LAST_WORDS_BYTES = 8 << 10;

    /**
     * Those of the daemon with this socket, or of the usual one.
     *
     * @throws ConfigException if the path names no file
     */
    static DaemonFiles of(Optional<Path> option, Map<String, String> environment) {
        Path socket = option.orElseGet(() -> SocketPath.usual(environment)).toAbsolutePath();
        if (socket.getFileName() == null) {
            throw new ConfigException("--socket " + socket + ": names no file");
        }
        String name = socket.getFileName().toString();
        String stem = name.endsWith(SOCKET) ? name.substring(0, name.length() - SOCKET.length()) : name;
        Path log = socket.resolveSibling(stem + ".log");
        return new DaemonFiles(socket, socket.resolveSibling(stem + ".pid"),
                socket.startsWith(RUN) ? LOGS.resolve(log.getFileName()) : log);
    }

    /**
     * The process id as it was written, and who wrote it; empty if there is none.
     *
     * @throws IOException if there is something else in its place
     */
    Optional<NamedProcess> writtenPid() throws IOException {
        try {
            int user = (Integer) Files.getAttribute(pid, "unix:uid", LinkOption.NOFOLLOW_LINKS);
            return Optional.of(new NamedProcess(Long.parseLong(end(pid, PID_BYTES).strip()), user));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (NumberFormatException e) {
            throw new IOException(pid + " holds no process id", e);
        }
    }

    /** In place of what has the name: the file is this process's user's, and in a directory of another's links lead anywhere. */
    void writePid(long number) throws IOException {
        Files.createDirectories(pid.getParent());
        Files.deleteIfExists(pid);
        Files.writeString(pid, number + "\n", StandardOpenOption.CREATE_NEW);
    }

    /** The last line of the log that says something, without what a terminal would obey. */
    String lastWords() throws IOException {
        try {
            return end(log, LAST_WORDS_BYTES).lines().filter(line -> !line.isBlank()).reduce((a, b) -> b).orElse("none")
                    .replaceAll("\\p{Cc}", "?");
        } catch (NoSuchFileException e) {
            return "none";
        }
    }

    /** The end of a file, of so many bytes at most; what is no UTF-8 is replaced. Of another kind of file nothing. */
    private static String end(Path path, int bytes) throws IOException {
        if (!Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS).isRegularFile()) {
            return "";
        }
        try (var file = Files.newByteChannel(path, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
            file.position(Math.max(0, file.size() - bytes));
            byte[] read = Channels.newInputStream(file).readNBytes(bytes);
            return new String(read, StandardCharsets.UTF_8);
        }
    }

    /** Writes the whole log to a stream, byte by byte as it is. */
    void copyLog(OutputStream to) throws IOException {
        try {
            Files.copy(log, to);
        } catch (NoSuchFileException e) {
            throw new IOException("there is no log " + log, e);
        }
    }
}
