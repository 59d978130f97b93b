package wireleap.tun.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/** {@code wireleap_tun}: holds the commands; by itself it only asks for one. */
@Command(name = "wireleap_tun", versionProvider = RootCommand.Version.class, synopsisSubcommandLabel = "COMMAND",
        description = "Routes this machine's TCP and UDP into a TUN device and carries it to a SOCKS5 proxy.",
        subcommands = {RunCommand.class, DemoCommand.class, StateCommand.class, BypassCommand.class,
            DoctorCommand.class, VersionCommand.class, TrainCommand.class},
        footer = {"", "Exit codes: 0 done, 1 failed, 2 wrong usage."})
final class RootCommand implements Callable<Integer> {
    final Program program;

    @Spec
    CommandSpec spec;

    @Option(names = {"-h", "--help"}, usageHelp = true, scope = ScopeType.INHERIT, description = "Shows this help.")
    boolean help;

    @Option(names = {"-V", "--version"}, versionHelp = true, description = "Shows the version.")
    boolean version;

    RootCommand(Program program) {
        this.program = program;
    }

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "a command is needed, such as run, demo or state");
    }

    static final class Version implements IVersionProvider {
        @Spec
        CommandSpec spec;

        @Override
        public String[] getVersion() {
            return new String[] {((RootCommand) spec.root().userObject()).program.version()};
        }
    }
}
