package wireleap.tun.cli;

import java.io.PrintWriter;
import java.util.List;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns arguments into a command, and every failure of it into one line and an exit code. It never prints a stack
 * trace, nor what may be a password.
 */
public final class Cli {
    static final int FAILED = 1;
    static final int USAGE = 2;

    private Cli() {
    }

    /** Runs the command that {@code args} name and answers the exit code: 0 done, 1 failed, 2 wrong usage. */
    public static int execute(Program program, PrintWriter out, PrintWriter err, String... args) {
        CommandLine line = commandLine(program, out, err, args);
        try {
            return line.execute(args);
        } catch (Error e) {
            return failed(e, line);              // picocli catches exceptions only
        }
    }

    /**
     * The options that {@code run} would get from these arguments.
     *
     * @throws IllegalArgumentException if they are wrong
     */
    public static RunOptions runOptions(String... arguments) {
        RunOptions options = new RunOptions();
        try {
            new CommandLine(options.of(CommandSpec.create())).parseArgs(arguments);
        } catch (ParameterException e) {
            throw new IllegalArgumentException(e);
        }
        return options;
    }

    /** As much of the tree of commands as {@link Commands#root} makes for these arguments. */
    static CommandLine commandLine(Program program, PrintWriter out, PrintWriter err, String... args) {
        return new CommandLine(Commands.root(program, out, args)).setOut(out).setErr(err)
                .setExpandAtFiles(false)
                .setUsageHelpWidth(110)
                .setUsageHelpLongOptionsMaxWidth(28)
                .setParameterExceptionHandler(Cli::wrongUsage)
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(failure, command));
    }

    private static int wrongUsage(ParameterException wrong, String[] args) {
        CommandLine command = wrong.getCommandLine();
        String message = wrong instanceof UnmatchedArgumentException unmatched ? unmatched(unmatched, command)
                : wrong.getMessage();
        for (String typed : args) {
            String value = typed.startsWith("-") ? typed.substring(typed.indexOf('=') + 1) : typed;
            message = message.replace(value, Redaction.of(value));
        }
        complain(command, message + " (see '" + command.getCommandSpec().qualifiedName() + " --help')");
        return USAGE;
    }

    private static String unmatched(UnmatchedArgumentException unmatched, CommandLine command) {
        String first = unmatched.getUnmatched().getFirst();
        String kind = first.startsWith("-") ? "unknown option"
                : command.getSubcommands().isEmpty() ? "unexpected argument" : "unknown command";
        List<String> alike = unmatched.getSuggestions();
        return kind + " '" + first + "'" + (alike.isEmpty() ? "" : "; did you mean '" + alike.getFirst() + "'?");
    }

    private static int failed(Throwable failure, CommandLine command) {
        LoggerFactory.getLogger(Cli.class).debug("the command failed", failure);
        switch (failure) {
            case ConfigException wrong -> {
                complain(command, wrong.getMessage());
                return USAGE;
            }
            case RuntimeException bug -> complain(command, "this is a bug: " + bug);
            case Error bug -> complain(command, "this is a bug: " + bug);
            default -> complain(command, failure.getMessage() == null ? failure.toString() : failure.getMessage());
        }
        return FAILED;
    }

    private static void complain(CommandLine command, String message) {
        command.getErr().println("wireleap_tun: " + message.replaceAll("\\s*\\R\\s*", " "));
        command.getErr().flush();
    }
}
