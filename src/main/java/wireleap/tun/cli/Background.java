package wireleap.tun.cli;

import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
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

    private static final long STATUS_NANOS = 1_000_000_000;
    private static final int POLL_MILLIS = 100;
    private static final Duration ANSWER_TIME = Duration.ofSeconds(1);
    private static final int START_MILLIS = 30_000;

    private final DaemonFiles files;
    private final Listening listener;
    private final BypassClient client;

    /** As {@link Program#listener}. */
    @FunctionalInterface
    interface Listening {
        Optional<NamedProcess> on(Path socket) throws IOException;
    }

    /** @param listener who listens on a socket */
    Background(DaemonFiles files, Listening listener) {
        this.files = files;
        this.listener = listener;
        this.client = new BypassClient(files.socket()).patience(Duration.ZERO).answerWithin(ANSWER_TIME);
    }

    /** Waits up to a second for the answer of a daemon that lives. */
    Status status() throws InterruptedException {
        try {
            long end = System.nanoTime() + STATUS_NANOS;
            while (true) {
                Optional<Status> answer = ask();
                if (answer.isPresent()) {
                    return answer.get();
                }
                Status silent = silent();
                if (!silent.state().equals(UNKNOWN) || System.nanoTime() - end > 0) {
                    return silent;
                }
                Thread.sleep(POLL_MILLIS);
            }
        } catch (SocketTimeoutException e) {
            return silent();
        }
    }

    /**
     * What the daemon says; but which process it is the kernel says, for root would end whatever is named.
     *
     * @throws SocketTimeoutException if somebody is there and does not answer
     */
    private Optional<Status> ask() throws SocketTimeoutException, InterruptedException {
        try {
            String state = String.valueOf(client.state().get("state"));
            return Optional.of(new Status(state, listener.on(files.socket()).map(NamedProcess::pid).orElse(-1L)));
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
            Optional<NamedProcess> listening = listener.on(files.socket());
            if (listening.isPresent()) {
                return new Status(UNKNOWN, listening.get().pid());
            }
            Optional<NamedProcess> written = files.writtenPid();
            if (written.isPresent()) {
                return new Status(DaemonProcess.of(written.get()).isPresent() ? UNKNOWN : FAILED, written.get().pid());
            }
            boolean mayBeAsked = !Files.exists(files.socket()) || Files.isWritable(files.socket());
            return new Status(mayBeAsked ? INACTIVE : UNKNOWN, -1);
        } catch (IOException e) {
            return new Status(UNKNOWN, -1);
        }
    }

    /**
     * The daemon, whether or not it answers: who listens on the socket, else whom the pid file names, if it can be read.
     *
     * @throws IOException if somebody may listen, and cannot be asked now
     */
    Optional<DaemonProcess> process() throws IOException {
        Optional<NamedProcess> listening = listener.on(files.socket());
        try {
            return (listening.isPresent() ? listening : files.writtenPid()).flatMap(DaemonProcess::of);
        } catch (IOException e) {
            return Optional.empty();
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
                    + files.log() + " are: " + files.lastWords());
        }
        return status;
    }

    /**
     * Ends the daemon: SIGTERM, and SIGKILL when it has not ended in time.
     *
     * @param force whether it has half a second only, in place of three
     * @return whether it has ended by itself; not so if there was none
     * @throws IOException if it may not be ended, or does not end
     */
    boolean stop(boolean force) throws IOException, InterruptedException {
        Optional<DaemonProcess> daemon = process();
        boolean ended = daemon.isPresent() && daemon.get().end(force);
        Files.deleteIfExists(files.pid());
        return ended;
    }
}
