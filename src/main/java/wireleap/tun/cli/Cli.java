package wireleap.tun.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/** Turns arguments into a command, its failures into one line and an exit code. Never prints a stack trace. */
public final class Cli {
    static final int FAILED = 1;
    static final int USAGE = 2;

    private Cli() {
    }

    /** Runs the command that {@code args} name and answers the exit code: 0 done, 1 failed, 2 wrong usage. */
    public static int execute(Program program, PrintWriter out, PrintWriter err, String... args) {
        var line = commandLine(program, out, err);
        var config = ConfigFile.named(List.of(args));
        if (config != null) {
            var run = line.getSubcommands().get("run");
            try {
                run.setDefaultValueProvider(ConfigFile.read(Path.of(config), run.getCommandSpec()));
            } catch (ConfigException wrong) {
                complain(run, wrong.getMessage());
                return USAGE;
            }
        }
        return line.execute(args);
    }

    /** The whole tree of commands, for the completion script and for tests as well. */
    static CommandLine commandLine(Program program, PrintWriter out, PrintWriter err) {
        var line = new CommandLine(new RootCommand(program));
        line.setOut(out).setErr(err)
            .setExpandAtFiles(false)
            .setCaseInsensitiveEnumValuesAllowed(true)
            .setUsageHelpWidth(110)
            .setUsageHelpLongOptionsMaxWidth(28)
            .setParameterExceptionHandler(Cli::wrongUsage)
            .setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command));
        return line;
    }

    private static int wrongUsage(ParameterException wrong, String[] args) {
        var command = wrong.getCommandLine();
        var message = firstLine(wrong.getMessage());
        if (wrong instanceof UnmatchedArgumentException unmatched && !unmatched.getSuggestions().isEmpty()) {
            message += "; did you mean '" + unmatched.getSuggestions().getFirst() + "'?";
        }
        complain(command, message + " (see '" + command.getCommandSpec().qualifiedName() + " --help')");
        return USAGE;
    }

    private static int failed(Exception failure, CommandLine command) {
        var wrongInput = failure instanceof ConfigException;
        complain(command, Optional.ofNullable(failure.getMessage()).orElseGet(failure::toString));
        return wrongInput ? USAGE : FAILED;
    }

    private static void complain(CommandLine command, String message) {
        command.getErr().println("wireleap_tun: " + message.replace('\n', ' '));
        command.getErr().flush();
    }

    private static String firstLine(String message) {
        return message.lines().findFirst().orElse(message);
    }
}
