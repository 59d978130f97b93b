package wireleap.tun.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * What Wireleap's controller 0.6.1 does with the daemon: the same checks, files, requests and signals in the same order,
 * as an ordinary user. It waits longer for the first answer, and tells how often it asked.
 */
public final class Controller implements AutoCloseable {
    public static final int USER = 4711;
    public static final int GROUP = 4712;
    /** So often it asks for the state after a start. */
    public static final int POLLS = 10;
    private static final int POLL_MILLIS = 100;
    private static final int MOST_POLLS = 100;
    private static final int STOP_MILLIS = 3_000;

    private final TestNet net;
    private final Overlay overlay;
    private final Path home;
    private Process daemon;

    /** A home of the user's is made in the net's directory. */
    public Controller(TestNet net, Overlay overlay) throws IOException {
        this.net = net;
        this.overlay = overlay;
        Files.setAttribute(net.directory(), "unix:mode", 0755);
        home = Files.createDirectory(net.directory().resolve("wireleap"));
        Files.setAttribute(home, "unix:uid", USER);
        Files.setAttribute(home, "unix:gid", GROUP);
    }

    /** $WIRELEAP_HOME. */
    public Path home() {
        return home;
    }

    /** The program that it starts. */
    public Path program() {
        return home.resolve("wireleap_tun");
    }

    /** Where it asks. */
    public UnixHttp api() {
        return new UnixHttp(home.resolve("wireleap_tun.sock"));
    }

    /** The process that it watches. */
    public Process daemon() {
        return daemon;
    }

    /** What the daemon has said so far. */
    public String log() {
        try {
            return Files.readString(home.resolve("wireleap_tun.log"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    /**
     * Starts the daemon, and posts a bypass list at its first answer.
     *
     * @return how often it asked for the state until there was an answer
     * @throws AssertionError if the program is not as it must be, or does not answer
     */
    public int start(String bypass) throws IOException, InterruptedException {
        launch();
        for (int polls = 1; polls <= MOST_POLLS && daemon.isAlive(); polls++) {
            if (answers()) {
                post(bypass);
                return polls;
            }
            Thread.sleep(POLL_MILLIS);
        }
        throw new AssertionError("no answer:\n" + log());
    }

    /** Starts the daemon, and waits for nothing. */
    public void launch() throws IOException, InterruptedException {
        requireProgram();
        ProcessBuilder command = overlay.commandOf(USER, GROUP, program().toString());
        command.environment().putAll(Map.of("WIRELEAP_HOME", home.toString(), "WIRELEAP_ADDR_H2C",
                "127.0.0.1:13490/broker", "WIRELEAP_ADDR_TUN", "10.13.49.0:13492", "WIRELEAP_ADDR_SOCKS",
                "127.0.0.1:13491"));
        Path log = home.resolve("wireleap_tun.log");
        daemon = net.inside().start(command.redirectErrorStream(true).redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile())));
        Files.writeString(home.resolve("wireleap_tun.pid"), Long.toString(daemon.pid()));
    }

    private void requireProgram() throws IOException {
        Map<String, Object> file = Files.readAttributes(program(), "unix:uid,mode", LinkOption.NOFOLLOW_LINKS);
        int mode = (Integer) file.get("mode");
        if (!file.get("uid").equals(0) || (mode & 0100) == 0 || (mode & 04000) == 0) {
            throw new AssertionError(program() + " is not executable, root's and setuid: " + file);
        }
    }

    /** Whether GET /state is answered. */
    public boolean answers() {
        try {
            return api().read("/state").status() == 200;
        } catch (IOException e) {
            return false;
        }
    }

    /** The whole list, as it posts it at every new circuit. @throws AssertionError unless the answer is OK */
    public void post(String bypass) throws IOException {
        String answer = api().write("POST", "/bypass", bypass).body();
        if (!answer.equals("{\"code\":200,\"description\":\"OK\"}")) {
            throw new AssertionError(answer + "\n" + log());
        }
    }

    /** Waits until the state is "active"; another one than "activating" before is an error. */
    public void awaitActive() throws IOException, InterruptedException {
        for (String state = api().read("/state").body(); !state.contains("\"state\":\"active\"");
                state = api().read("/state").body()) {
            if (!state.contains("\"state\":\"activating\"")) {
                throw new AssertionError(state + "\n" + log());
            }
            Thread.sleep(POLL_MILLIS);
        }
    }

    /**
     * SIGTERM by a user, whether or not that user may send it.
     *
     * @return what {@code kill} says
     */
    public String signal(int user) throws IOException, InterruptedException {
        return overlay.output(overlay.commandOf(user, GROUP, "sh", "-c", "kill -TERM " + daemon.pid()));
    }

    /** Stops the daemon. @throws AssertionError if it would have to kill it */
    public void stop() throws IOException, InterruptedException {
        String refused = signal(USER);
        if (!refused.isEmpty() || !daemon.waitFor(STOP_MILLIS, TimeUnit.MILLISECONDS)) {
            throw new AssertionError(refused + "\n" + log());
        }
        Files.delete(home.resolve("wireleap_tun.pid"));
    }

    /** Ends the daemon if it runs. */
    @Override
    public void close() throws InterruptedException {
        if (daemon != null) {
            daemon.destroy();
            if (!daemon.waitFor(STOP_MILLIS, TimeUnit.MILLISECONDS)) {
                daemon.destroyForcibly().waitFor();
            }
        }
    }
}
