package wireleap.tun.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One run of the command line in this process, and what came of it.
 *
 * @param code the exit code
 * @param options those that {@code run} got; null when it was not reached
 */
public record Invocation(int code, String out, String err, RunOptions options) {
    /** What {@code run} does with its options. */
    @FunctionalInterface
    public interface Run {
        int run(RunOptions options) throws Exception;
    }

    /** Runs arguments; {@code run} only takes note of its options. */
    public static Invocation of(String... arguments) {
        return of(options -> 0, arguments);
    }

    /** Runs arguments. */
    public static Invocation of(Run run, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        Recorder recorder = new Recorder(run);
        int code = Cli.execute(recorder, new PrintWriter(out), new PrintWriter(err), arguments);
        return new Invocation(code, out.toString(), err.toString(), recorder.options);
    }

    private static final class Recorder implements Program {
        private final Run run;
        private RunOptions options;

        Recorder(Run run) {
            this.run = run;
        }

        @Override
        public int run(RunOptions given) throws Exception {
            options = given;
            return run.run(given);
        }

        @Override
        public int run(RunOptions given, int user, int group, Path home) throws Exception {
            return run(given);
        }

        @Override
        public int runDetached(RunOptions given, Path log) throws Exception {
            return run(given);
        }

        @Override
        public Optional<Path> launcher() {
            return Optional.empty();
        }

        @Override
        public Optional<NamedProcess> listener(Path socket) {
            return Optional.empty();
        }

        @Override
        public int install(Path home, PrintStream to) {
            return 0;
        }

        @Override
        public int uninstall(Optional<Path> home, PrintStream to) {
            return 0;
        }

        @Override
        public int demo(PrintStream to) {
            return 0;
        }

        @Override
        public int doctor(PrintStream to) {
            return 0;
        }

        @Override
        public int cleanup(PrintStream to) {
            return 0;
        }

        @Override
        public int train() {
            return 0;
        }

        @Override
        public String version() {
            return "1.2.3";
        }
    }
}
