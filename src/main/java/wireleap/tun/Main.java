package wireleap.tun;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.cli.Cli;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.cli.NamedProcess;
import wireleap.tun.cli.Program;
import wireleap.tun.cli.RunOptions;
import wireleap.tun.demo.Demo;
import wireleap.tun.doctor.Doctor;
import wireleap.tun.install.Installation;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.Caller;
import wireleap.tun.os.linux.Detachment;
import wireleap.tun.os.linux.SocketOwner;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.routes.Leftovers;
import wireleap.tun.routes.RouteRefusedException;

/** The program's entry, and what its commands start. Exit codes: 0 done, 1 failed, 2 wrong usage. */
public final class Main implements Program {
    private static final List<String> LOG_LEVELS = List.of("error", "warn", "info", "debug");
    /** A stop that takes longer is given up: the kernel removes the device, and the next start the rest. */
    private static final long STOP_MILLIS = 2_000;
    /** With these another thread makes a first system call, any: to link libc takes as long as to understand options. */
    private static final Set<String> STARTS = Set.of("run", "detached", "controlled");
    private static final int FAILED = 1;
    private static final int GAVE_UP = -1;

    private final Platform platform;
    private final CompletableFuture<Integer> exitCode = new CompletableFuture<>();

    private Main(Platform platform) {
        this.platform = platform;
    }

    public static void main(String[] args) {
        if (args.length == 0 || STARTS.contains(args[0])) {
            Thread.ofPlatform().daemon().name("link").start(Main::link);
        }
        start(new LinuxPlatform(), args);
    }

    private static void link() {
        try {
            Sys.geteuid();
        } catch (LinkageError e) {
            // the main thread meets it by itself, and says so
        }
    }

    /** Runs a command on a platform, and ends the process with its exit code. */
    static void start(Platform platform, String... args) {
        Thread.setDefaultUncaughtExceptionHandler(Main::uncaught);
        Main main = new Main(platform);
        int code = Cli.execute(main, new PrintWriter(System.out, true), new PrintWriter(System.err, true), args);
        main.exitCode.complete(code);
        System.exit(code);
    }

    @Override
    public int run(RunOptions options) throws Exception {
        logLevel(options.logLevel());
        return run(options, SocketRights.OWN);
    }

    @Override
    public int run(RunOptions options, int user, int group, Path home) throws Exception {
        logLevel(options.logLevel());
        try (Caller caller = Caller.assume(user, group, home)) {
            return run(options, SocketRights.of(caller));
        }
    }

    @Override
    public int runDetached(RunOptions options, Path log) throws Exception {
        Detachment.detach(log);
        return run(options);
    }

    @Override
    public Optional<Path> launcher() {
        return Optional.of(Path.of(System.getProperty("java.home")).resolveSibling("bin").resolve("wireleap_tun"))
                .filter(Files::isExecutable);
    }

    @Override
    public Optional<NamedProcess> listener(Path socket) throws IOException {
        try {
            return SocketOwner.of(socket.toString()).filter(owner -> owner.pid() != 0)
                    .map(owner -> new NamedProcess(owner.pid(), owner.user()));
        } catch (IllegalArgumentException e) {
            LoggerFactory.getLogger(Main.class).debug("{} cannot be asked", socket, e);
            return Optional.empty();
        }
    }

    @Override
    public int install(Path home, PrintStream out) throws IOException {
        Path launcher = launcher().orElseThrow(() -> new IOException("this needs the image that 'mvn package' makes"));
        Installation.install(launcher.getParent().getParent().toRealPath(), home, out);
        return 0;
    }

    @Override
    public int uninstall(Optional<Path> home, PrintStream out) throws IOException {
        Installation.uninstall(home, out);
        return 0;
    }

    private int run(RunOptions options, SocketRights rights) throws Exception {
        Daemon daemon = new Daemon(Config.of(options), platform, rights, version());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> end(daemon), "stop"));
        daemon.run();
        return 0;
    }

    /**
     * What the JVM runs at SIGTERM, SIGINT and SIGHUP, once, however many of them come. A signal that asks for the end
     * and gets it is a success: the exit code is that of the command, not 128 + the signal's number.
     */
    private void end(Daemon daemon) {
        daemon.stop();
        int code = exitCode.completeOnTimeout(GAVE_UP, STOP_MILLIS, TimeUnit.MILLISECONDS).join();
        if (code == GAVE_UP) {
            LoggerFactory.getLogger(Main.class).error("not stopped within {} ms; the next start sweeps what is left",
                    STOP_MILLIS);
        }
        Runtime.getRuntime().halt(code == GAVE_UP ? FAILED : code);
    }

    /** Has to come before the first logger is made. */
    private static void logLevel(String level) {
        String name = level.toLowerCase(Locale.ROOT);
        if (!LOG_LEVELS.contains(name)) {
            throw new ConfigException("--log-level " + level + ": must be one of " + String.join(", ", LOG_LEVELS));
        }
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", name);
    }

    private static void uncaught(Thread thread, Throwable cause) {
        Logger log = LoggerFactory.getLogger(Main.class);
        log.error("thread {} ended; this is a bug: {}", thread.getName(), cause.toString());
        log.debug("where it ended", cause);
    }

    @Override
    public int demo(PrintStream out) throws InterruptedException {
        return Demo.run(out);
    }

    @Override
    public int doctor(PrintStream out) {
        return Doctor.run(out, RouteSettings.DEFAULT);
    }

    @Override
    public int cleanup(PrintStream out) throws IOException, RouteRefusedException {
        try (Platform.Lock lock = platform.lock()) {
            boolean any = Leftovers.sweep(RouteSettings.DEFAULT, platform.hostRoutes());
            out.println(any ? "removed what was left" : "nothing was left");
        }
        return 0;
    }

    @Override
    public int train() throws IOException, InterruptedException {
        new Training(version()).run().ifPresent(hindrance ->
                System.err.println("trained without the kernel's routes and TUN: " + hindrance));
        return 0;
    }

    @Override
    public String version() {
        return versionOfBuild();
    }

    /**
     * What {@code src/build/version.sh} wrote: the version, then, where it was known, the commit behind a plus sign and
     * {@code .dirty} where the sources differed from it. Such as {@code 0.1.0+59f8b81d56c9}.
     */
    static String versionOfBuild() {
        try (InputStream in = Main.class.getResourceAsStream("version.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
