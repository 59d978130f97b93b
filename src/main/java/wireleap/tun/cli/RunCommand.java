package wireleap.tun.cli;

import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** {@code run}: the daemon in the foreground. */
@Command(name = "run", sortOptions = false,
        description = "Runs the daemon in the foreground until SIGINT or SIGTERM; logs to standard error.",
        footer = {"", "Example:  wireleap_tun run --upstream socks5://192.0.2.7:1080 --bypass 10.0.0.0/8,192.0.2.7"})
final class RunCommand implements Callable<Integer> {
    @ParentCommand
    RootCommand root;

    @Mixin
    RunOptions options;

    @Option(names = "--config", paramLabel = "FILE", preprocessor = ConfigFile.Loading.class, description =
            "Reads options from FILE: lines of NAME = VALUE, NAME being an option's name without its dashes; # begins "
            + "a comment. The command line wins.")
    Path config;

    @Override
    public Integer call() throws Exception {
        return root.program.run(options);
    }
}
