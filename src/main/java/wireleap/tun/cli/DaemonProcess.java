package wireleap.tun.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A process that runs a daemon, as /proc shows it, proc(5). Others than its user may have named it, and its user may
 * have made it look like one: what is done with it, above all by root, asks first whose it is.
 */
final class DaemonProcess {
    private static final int STOP_MILLIS = 3_000;
    private static final int FORCED_STOP_MILLIS = 500;
    private static final int KILL_MILLIS = 1_000;
    private static final int END_POLL_MILLIS = 10;
    private static final int ROOT = 0;
    /** The class among the words that a Java runtime is started with: of the image, or in a test. */
    private static final Pattern OUR_MAIN = Pattern.compile("(wireleap\\.tun/)?wireleap\\.tun\\.\\w*Main");
    private static final String DELETED = " (deleted)";

    private final ProcessHandle handle;

    private DaemonProcess(ProcessHandle handle) {
        this.handle = handle;
    }

    /** The process while it lives, is one of ours (ids are given out again), and root or its own user has named it. */
    static Optional<DaemonProcess> of(NamedProcess named) {
        return ProcessHandle.of(named.pid()).map(DaemonProcess::new)
                .filter(process -> process.words().stream().anyMatch(OUR_MAIN.asMatchPredicate()))
                .filter(process -> named.user() == ROOT || process.users().contains(named.user()));
    }

    long pid() {
        return handle.pid();
    }

    private Path file(String name) {
        return Path.of("/proc", Long.toString(pid()), name);
    }

    /** What it was started with; nothing once it has ended. */
    private List<String> words() {
        try {
            return List.of(Files.readString(file("cmdline")).split("\0"));
        } catch (IOException e) {
            return List.of();
        }
    }

    /** Its real and its effective user; none once it has ended. */
    private List<Integer> users() {
        try (Stream<String> lines = Files.lines(file("status"))) {
            return lines.filter(line -> line.startsWith("Uid:"))
                    .flatMap(line -> Stream.of(line.split("\\s+")).skip(1).limit(2)).map(Integer::parseUnsignedInt).toList();
        } catch (IOException | UncheckedIOException e) {
            return List.of();
        }
    }

    /** The file that it executes, by the name that it had when it was started. */
    private String program() throws IOException {
        String path = Files.readSymbolicLink(file("exe")).toString();
        return path.endsWith(DELETED) ? path.substring(0, path.length() - DELETED.length()) : path;
    }

    /**
     * The options of run that it was started with.
     *
     * @throws IOException if it was not started by {@code start} or {@code run}, or not by root or this process's user
     *     with this very program: anybody can make a process that says of itself whatever others shall start
     */
    List<String> options() throws IOException {
        DaemonProcess self = new DaemonProcess(ProcessHandle.current());
        List<Integer> users = users();
        if (users.isEmpty()) {
            throw new IOException("the daemon has just ended; give 'wireleap_tun start' its options");
        }
        int user = users.getLast();
        if (user != ROOT && user != self.users().getLast()) {
            throw new IOException("the daemon, process " + pid() + ", is the user " + user + "'s, who has to start it anew");
        }
        if (!program().equals(self.program())) {
            throw new IOException("the daemon, process " + pid() + ", runs " + program() + ", not this program; stop it, and"
                    + " give 'wireleap_tun start' its options");
        }
        List<String> words = words();
        int main = (int) words.stream().takeWhile(OUR_MAIN.asMatchPredicate().negate()).count();
        String command = main + 1 < words.size() && !isNotified() ? words.get(main + 1) : "";
        int options = main + switch (command) {
            case "run" -> 2;
            case DetachedCommand.NAME -> 3;
            default -> throw new IOException("the daemon, process " + pid() + ", was started by others; they start it anew");
        };
        return words.subList(options, words.size());
    }

    /** Whether systemd waits for its notices, and would not start what another one started. */
    private boolean isNotified() throws IOException {
        String environment = Files.readString(file("environ"), StandardCharsets.ISO_8859_1);
        return ("\0" + environment).contains("\0NOTIFY_SOCKET=");
    }

    /** Where it is, to which the paths among its options may be relative. */
    Path directory() throws IOException {
        return Files.readSymbolicLink(file("cwd"));
    }

    /**
     * Ends it: SIGTERM, and SIGKILL when it has not ended in time.
     *
     * @param force whether it has half a second only, in place of three
     * @return whether it has ended by itself
     * @throws IOException if it may not be ended, or does not end
     */
    boolean end(boolean force) throws IOException, InterruptedException {
        if (!handle.destroy() && handle.isAlive()) {
            throw new IOException("the daemon, process " + pid() + ", is another user's; stop it as that user, or as root");
        }
        if (endsWithin(force ? FORCED_STOP_MILLIS : STOP_MILLIS)) {
            return true;
        }
        handle.destroyForcibly();
        if (!endsWithin(KILL_MILLIS)) {
            throw new IOException("the daemon, process " + pid() + ", does not even end by SIGKILL");
        }
        return false;
    }

    private boolean endsWithin(int millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!hasEnded()) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            Thread.sleep(END_POLL_MILLIS);
        }
        return true;
    }

    /** Also when nobody has asked for its exit code yet (a zombie); but not before the last of its threads has ended. */
    private boolean hasEnded() {
        try (Stream<Path> threads = Files.list(file("task"))) {
            return threads.count() == 1 && Files.readString(file("stat")).contains(") Z ");
        } catch (IOException | UncheckedIOException e) {
            return true;
        }
    }
}
