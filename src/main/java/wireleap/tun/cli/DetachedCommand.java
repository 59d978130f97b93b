package wireleap.tun.cli;

import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** The hidden command {@code detached LOG OPTION...}: what {@code start} starts. */
final class DetachedCommand {
    static final String NAME = "detached";

    private DetachedCommand() {
    }

    static CommandSpec command(Program program) {
        RunOptions options = new RunOptions();
        PositionalParamSpec log = PositionalParamSpec.builder().paramLabel("LOG").arity("1").required(true)
                .type(Path.class).description("Where the log goes.").build();
        CommandSpec detached = options.withFile(Commands.command(NAME, "Runs the daemon in the background; for start.",
                () -> program.runDetached(options, log.getValue())));
        detached.usageMessage().hidden(true);
        return detached.addPositional(log);
    }
}
