package wireleap.tun;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import wireleap.tun.cli.Cli;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.cli.Program;
import wireleap.tun.cli.RunOptions;
import wireleap.tun.demo.Demo;
import wireleap.tun.doctor.Doctor;
import wireleap.tun.policy.RouteSettings;

/** The program's entry, and what its commands start. Exit codes: 0 done, 1 failed, 2 wrong usage. */
public final class Main implements Program {
    private static final List<String> LOG_LEVELS = List.of("error", "warn", "info", "debug");
    /** A stop that takes longer is given up; the kernel removes the device and its routes in any case. */
    private static final long STOP_SECONDS = 3;

    private Main() {
    }

    public static void main(String[] args) {
        var code = Cli.execute(new Main(), new PrintWriter(System.out, true), new PrintWriter(System.err, true), args);
        System.exit(code);
    }

    @Override
    public int run(RunOptions options) throws Exception {
        logLevel(options.logLevel());
        var daemon = new Daemon(Config.of(options), new LinuxPlatform(), version());
        var success = new CompletableFuture<Boolean>();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> stopOnSignal(daemon, success), "stop"));
        try {
            daemon.run();
            success.complete(true);
            return 0;
        } finally {
            success.complete(false);
        }
    }

    /** A signal that asks for the end and gets it is a success: 0, not 128 + its number. */
    private static void stopOnSignal(Daemon daemon, CompletableFuture<Boolean> success) {
        if (success.isDone()) {
            return;
        }
        daemon.stop();
        if (success.completeOnTimeout(false, STOP_SECONDS, TimeUnit.SECONDS).join()) {
            Runtime.getRuntime().halt(0);
        }
    }

    /** Has to come before the first logger is made. */
    private static void logLevel(String level) {
        var name = level.toLowerCase(Locale.ROOT);
        if (!LOG_LEVELS.contains(name)) {
            throw new ConfigException("--log-level " + level + ": use one of " + String.join(", ", LOG_LEVELS));
        }
        System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", name);
    }

    @Override
    public int demo(PrintStream out) throws InterruptedException {
        return Demo.run(out);
    }

    @Override
    public int doctor(PrintStream out) {
        return Doctor.run(out, RouteSettings.DEFAULT.ruleBase());
    }

    @Override
    public int train() {
        return 0;
    }

    @Override
    public String version() {
        return versionOfBuild();
    }

    /** The version that this program was built as, such as {@code 0.1.0}. */
    static String versionOfBuild() {
        try (var in = Main.class.getResourceAsStream("version.txt")) {
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
