package wireleap.tun.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import wireleap.tun.client.BypassClient;
import wireleap.tun.demo.Namespace;

/** The packaged program, running as a daemon inside a {@link TestNet}. */
public final class Daemon implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(15);
    private static final Pattern RESIDENT = Pattern.compile("VmRSS:\\s+(\\d+) kB");

    private final Process process;
    private final Path socket;
    private final StringBuffer log = new StringBuffer();
    private final List<Thread> collectors;

    private Daemon(Process process, Path socket) {
        this.process = process;
        this.socket = socket;
        collectors = List.of(
                Thread.ofPlatform().daemon().name("log of " + process.pid())
                        .start(() -> collect(process.errorReader())),
                Thread.ofPlatform().daemon().name("output of " + process.pid())
                        .start(() -> collect(process.inputReader())));
    }

    /** The launcher of the image that {@code mvn package} made. */
    public static Path launcher() {
        String image = System.getProperty("wireleap.image", "target/wireleap_tun");
        return Path.of(image, "bin", "wireleap_tun").toAbsolutePath();
    }

    /** Starts {@code run} with options and waits for "active". */
    public static Daemon start(TestNet net, String... options) throws IOException, InterruptedException {
        var daemon = launch(net, options);
        try {
            daemon.awaitActive();
            return daemon;
        } catch (AssertionError e) {
            daemon.close();
            throw e;
        }
    }

    /** Starts {@code run} with options and waits for nothing. */
    public static Daemon launch(TestNet net, String... options) throws IOException, InterruptedException {
        return launch(net, List.of(), launcher(), net.directory().resolve("wireleap_tun.sock"), options);
    }

    /** Starts a launcher's {@code run} behind a prefix such as {@code setpriv}, and waits for nothing. */
    public static Daemon launch(TestNet net, List<String> prefix, Path launcher, Path socket, String... options)
            throws IOException, InterruptedException {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(launcher.toString(), "run", "--socket", socket.toString()));
        command.addAll(List.of(options));
        return new Daemon(net.inside().start(new ProcessBuilder(command)), socket);
    }

    private void collect(BufferedReader from) {
        try (from) {
            for (String line = from.readLine(); line != null; line = from.readLine()) {
                log.append(line).append('\n');
            }
        } catch (IOException e) {
            log.append(e).append('\n');
        }
    }

    /** Waits until /state says "active". @throws AssertionError with the log when it does not within 15 s */
    public void awaitActive() throws InterruptedException {
        await("active", () -> Files.exists(socket) && api().read("/state").body().contains("\"active\""));
    }

    /** Something that becomes true. */
    @FunctionalInterface
    public interface Condition {
        /** Whether it is so now; an exception counts as not yet. */
        boolean holds() throws IOException, InterruptedException;
    }

    /** Waits, at most 15 s, until a condition holds. @throws AssertionError naming it, with the log */
    public void await(String what, Condition condition) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!holds(condition)) {
            if (System.nanoTime() > deadline || !process.isAlive()) {
                throw new AssertionError("the daemon is not " + what + (process.isAlive() ? "" : " but dead") + ":\n"
                        + log);
            }
            Thread.sleep(10);
        }
    }

    private static boolean holds(Condition condition) throws InterruptedException {
        try {
            return condition.holds();
        } catch (IOException e) {
            return false;
        }
    }

    /** The packaged program as a command that speaks to this daemon; what it prints is for the caller to read. */
    public Process command(TestNet net, String... words) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(launcher().toString()));
        command.addAll(List.of(words));
        command.addAll(List.of("--socket", socket.toString()));
        return net.inside().start(new ProcessBuilder(command).redirectErrorStream(true));
    }

    /** Requests to its socket. */
    public UnixHttp api() {
        return new UnixHttp(socket);
    }

    /** A number of GET /stats, of all loops together. */
    public long stat(String group, String name) throws IOException, InterruptedException {
        var total = (Map<?, ?>) new BypassClient(socket).stats().get("total");
        return ((Number) ((Map<?, ?>) total.get(group)).get(name)).longValue();
    }

    /** Where it listens. */
    public Path socket() {
        return socket;
    }

    /** What it has printed so far, on both streams. */
    public String log() {
        return log.toString();
    }

    /** The process. */
    public Process process() {
        return process;
    }

    /** Resident memory now, in bytes. */
    public long residentBytes() throws IOException {
        var matcher = RESIDENT.matcher(Files.readString(Path.of("/proc", Long.toString(process.pid()), "status")));
        if (!matcher.find()) {
            throw new AssertionError("no resident memory: the process has ended");
        }
        return Long.parseLong(matcher.group(1)) << 10;
    }

    /** Its exit code, and all of its log then. @throws AssertionError with the log when it lives on for 15 s */
    public int awaitEnd() throws InterruptedException {
        if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("the daemon does not end:\n" + log);
        }
        for (var collector : collectors) {
            collector.join();
        }
        return process.exitValue();
    }

    /** SIGTERM, and how long it took to end. @throws AssertionError with the log when it has not within 15 s */
    public Duration stop() throws InterruptedException {
        long start = System.nanoTime();
        process.destroy();
        if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new AssertionError("SIGTERM does not end the daemon:\n" + log);
        }
        return Duration.ofNanos(System.nanoTime() - start);
    }

    /** SIGKILL. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** SIGTERM when it still runs; SIGKILL when that is of no use. */
    @Override
    public void close() throws InterruptedException {
        process.destroy();
        if (!process.waitFor(5, TimeUnit.SECONDS)) {
            kill();
        }
    }
}
