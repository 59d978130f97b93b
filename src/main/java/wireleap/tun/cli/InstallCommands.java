package wireleap.tun.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code install} and {@code uninstall}: in place of Wireleap's own program. */
final class InstallCommands {
    private InstallCommands() {
    }

    static CommandSpec install(Program program) {
        OptionSpec into = Commands.value("--wireleap", "DIR", Path.class,
                "Wireleap's directory, whose wireleap_tun is replaced.").required(true).build();
        return Commands.command("install", "Copies this program to /usr/lib/wireleap_tun and puts its setuid launcher"
                + " into Wireleap's directory, for Wireleap's controller to start.",
                () -> program.install(into.getValue(), System.out)).addOption(into);
    }

    static CommandSpec uninstall(Program program) {
        OptionSpec from = Commands.value("--wireleap", "DIR", Path.class,
                "Wireleap's directory, from which the launcher is taken away; without it only the program goes.").build();
        return Commands.command("uninstall", "Takes away what install has put there.",
                () -> program.uninstall(Optional.ofNullable(from.getValue()), System.out)).addOption(from);
    }
}
