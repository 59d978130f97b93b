package wireleap.tun.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import wireleap.tun.client.BypassClient;

/** Starts, watches and ends a daemon in the background, by the means and in the words of Wireleap's controller. */
final class Background {
    /** Who lives and whether it is well; the id is -1 where there is no process. */
    record Status(String state, long pid) {
        boolean isRunning() {
            return pid >= 0 && !state.equals(FAILED);
        }
    }

    static final String ACTIVE = "active";
    /** A daemon that says so itself, or one that has ended without being stopped. */
    static final String FAILED = "failed";
    static final String INACTIVE = "inactive";
    /** It lives and does not answer, or may not be asked. */
    static final String UNKNOWN = "unknown";

    private static final int POLLS = 10;
    private static final int POLL_MILLIS = 100;
    private static final Duration ANSWER_TIME = Duration.ofSeconds(1);
    private static final int START_MILLIS = 30_000;
    private static final int STOP_MILLIS = 3_000;
    private static final int FORCED_STOP_MILLIS = 500;
    private static final int KILL_MILLIS = 1_000;
    private static final int END_POLL_MILLIS = 10;
    /** The class among the words that a Java runtime is started with: of the image, or in a test. */
    private static final Pattern OUR_MAIN = Pattern.compile("(wireleap\\.tun/)?wireleap\\.tun\\.\\w*Main");

    private final DaemonFiles files;
    private final BypassClient client;

    Background(DaemonFiles files) {
        this.files = files;
        this.client = new BypassClient(files.socket()).patience(Duration.ZERO).answerWithin(ANSWER_TIME);
    }

    /** Waits up to a second for the answer of a daemon that lives. */
    Status status() throws InterruptedException {
        try {
            for (int polls = 1; ; polls++) {
                Optional<Status> answer = ask();
                if (answer.isPresent()) {
                    return answer.get();
                }
                Status silent = silent();
                if (!silent.state().equals(UNKNOWN) || polls == POLLS) {
                    return silent;
                }
                Thread.sleep(POLL_MILLIS);
            }
        } catch (SocketTimeoutException e) {
            return silent();
        }
    }

    /** @throws SocketTimeoutException if somebody is there and does not answer */
    private Optional<Status> ask() throws SocketTimeoutException, InterruptedException {
        try {
            Map<String, Object> state = client.state();
            return Optional.of(new Status(String.valueOf(state.get("state")),
                    state.get("pid") instanceof Number pid ? pid.longValue() : -1));
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** The same, where an answer that is late is none yet. */
    private Optional<Status> askPatiently() throws InterruptedException {
        try {
            return ask();
        } catch (SocketTimeoutException e) {
            return Optional.empty();
        }
    }

    private Status silent() {
        try {
            OptionalLong written = files.writtenPid();
            if (written.isPresent()) {
                long pid = written.getAsLong();
                return new Status(process(pid).isPresent() ? UNKNOWN : FAILED, pid);
            }
            boolean mayBeAsked = !Files.exists(files.socket()) || Files.isWritable(files.socket());
            return new Status(mayBeAsked ? INACTIVE : UNKNOWN, -1);
        } catch (IOException e) {
            return new Status(UNKNOWN, -1);
        }
    }

    /** The process of that id while it lives and is one of ours: ids are given out again. */
    private static Optional<ProcessHandle> process(long pid) {
        return ProcessHandle.of(pid).filter(ProcessHandle::isAlive)
                .filter(process -> words(pid).stream().anyMatch(OUR_MAIN.asMatchPredicate()));
    }

    /** What the process was started with; nothing once it has ended. */
    private static List<String> words(long pid) {
        try {
            return List.of(Files.readString(Path.of("/proc", Long.toString(pid), "cmdline")).split("\0"));
        } catch (IOException e) {
            return List.of();
        }
    }

    /**
     * The words that would start the same daemon in the background.
     *
     * @throws IOException if none runs, or it was not started by {@code start} or {@code run}
     */
    List<String> wordsOfRunning() throws IOException, InterruptedException {
        Status status = status();
        List<String> words = words(status.pid());
        int main = (int) words.stream().takeWhile(OUR_MAIN.asMatchPredicate().negate()).count();
        String command = main + 1 < words.size() && !isNotified(status.pid()) ? words.get(main + 1) : "";
        int options = main + switch (command) {
            case "run" -> 2;
            case DetachedCommand.NAME -> 3;
            default -> throw new IOException(status.isRunning()
                    ? "the daemon, process " + status.pid() + ", was started by others; they start it anew"
                    : "no daemon is running; give 'wireleap_tun start' its options");
        };
        return words.subList(options, words.size());
    }

    /** Whether systemd waits for the notices of a process, and would not start what another one started. */
    private static boolean isNotified(long pid) {
        try {
            byte[] environment = Files.readAllBytes(Path.of("/proc", Long.toString(pid), "environ"));
            return ("\0" + new String(environment, StandardCharsets.ISO_8859_1)).contains("\0NOTIFY_SOCKET=");
        } catch (IOException e) {
            return false;
        }
    }

    /** Where the running daemon is, to which the paths among its options may be relative; else where this program is. */
    Path directoryOfRunning() throws InterruptedException {
        try {
            return Files.readSymbolicLink(Path.of("/proc", Long.toString(status().pid()), "cwd"));
        } catch (IOException e) {
            return Path.of("").toAbsolutePath();
        }
    }

    /**
     * Starts a daemon and waits until it is active, or has failed.
     *
     * @param launcher the program
     * @param directory that the daemon starts in
     * @param options those of run
     * @throws IOException if one lives already, or the new one has ended
     */
    Status start(Path launcher, Path directory, List<String> options) throws IOException, InterruptedException {
        Status before = status();
        if (before.isRunning()) {
            throw new IOException("the daemon is running already, as process " + before.pid());
        }
        List<String> command = new ArrayList<>(List.of(launcher.toString(), DetachedCommand.NAME,
                files.log().toString()));
        command.addAll(options);
        Process daemon = new ProcessBuilder(command).directory(directory.toFile()).redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        files.writePid(daemon.pid());
        Status status = new Status(UNKNOWN, daemon.pid());
        for (int millis = 0; millis < START_MILLIS && daemon.isAlive(); millis += POLL_MILLIS) {
            status = askPatiently().orElse(status);  // deactivating: it failed, and will say why
            if (status.pid() == daemon.pid() && List.of(ACTIVE, FAILED).contains(status.state())) {
                return status;
            }
            daemon.waitFor(POLL_MILLIS, TimeUnit.MILLISECONDS);
        }
        if (!daemon.isAlive()) {
            throw new IOException("the daemon has ended with exit code " + daemon.exitValue() + "; its last words in "
                    + files.log() + " are: " + lastWords());
        }
        return status;
    }

    private String lastWords() throws IOException {
        if (!Files.exists(files.log())) {
            return "none";
        }
        return Files.readAllLines(files.log()).stream().filter(line -> !line.isBlank()).reduce((a, b) -> b)
                .orElse("none");
    }

    /**
     * Ends the daemon: SIGTERM, and SIGKILL when it has not ended in time.
     *
     * @param force whether it has half a second only, in place of three
     * @return whether it has ended by itself; not so if there was none
     * @throws IOException if it may not be ended, or does not end
     */
    boolean stop(boolean force) throws IOException, InterruptedException {
        Optional<ProcessHandle> found = process(status().pid());
        boolean ended = found.isPresent() && ends(found.get(), force);
        Files.deleteIfExists(files.pid());
        return ended;
    }

    private static boolean ends(ProcessHandle daemon, boolean force) throws IOException, InterruptedException {
        if (!daemon.destroy() && daemon.isAlive()) {
            throw new IOException("the daemon, process " + daemon.pid() + ", is another user's; stop it as that user, or"
                    + " as root");
        }
        if (endsWithin(daemon, force ? FORCED_STOP_MILLIS : STOP_MILLIS)) {
            return true;
        }
        daemon.destroyForcibly();
        if (!endsWithin(daemon, KILL_MILLIS)) {
            throw new IOException("the daemon, process " + daemon.pid() + ", does not even end by SIGKILL");
        }
        return false;
    }

    private static boolean endsWithin(ProcessHandle daemon, int millis) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
        while (!hasEnded(Path.of("/proc", Long.toString(daemon.pid())))) {
            if (System.nanoTime() - end > 0) {
                return false;
            }
            Thread.sleep(END_POLL_MILLIS);
        }
        return true;
    }

    /** Also when nobody has asked for its exit code yet (a zombie); but not before the last of its threads has ended. */
    private static boolean hasEnded(Path process) {
        try (Stream<Path> threads = Files.list(process.resolve("task"))) {
            return threads.count() == 1 && Files.readString(process.resolve("stat")).contains(") Z ");
        } catch (IOException | UncheckedIOException e) {
            return true;
        }
    }
}
