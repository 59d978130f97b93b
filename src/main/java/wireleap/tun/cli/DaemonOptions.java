package wireleap.tun.cli;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import wireleap.tun.client.BypassClient;
import wireleap.tun.client.SocketPath;

/** Which daemon a command speaks to, and how long it waits for it. */
final class DaemonOptions {
    private static final int MAX_WAIT_SECONDS = 3600;

    private final OptionSpec socket = Commands.path("--socket", "PATH",
            "The daemon's control socket. Default: wireleap_tun.sock in $WIRELEAP_HOME, in $RUNTIME_DIRECTORY or in "
            + "/run/wireleap_tun.").build();
    private final OptionSpec wait = Commands.value("--wait", "SECONDS", Integer.class,
            "How long a daemon that does not answer yet is tried, 0 to 3600. Default: ${DEFAULT-VALUE}.")
            .defaultValue("15").build();

    /** {@code --socket}, for those who do not wait. */
    static OptionSpec socket() {
        return Commands.value("--socket", "PATH", Path.class, "The daemon's control socket. Default: wireleap_tun.sock"
                + " in $WIRELEAP_HOME, in $RUNTIME_DIRECTORY or in /run/wireleap_tun.").build();
    }

    /** Makes these options of a command. */
    CommandSpec of(CommandSpec command) {
        return command.addOption(socket).addOption(wait);
    }

    /** @throws ConfigException if there is no waiting so long */
    BypassClient client() {
        int seconds = wait.getValue();
        if (seconds < 0 || seconds > MAX_WAIT_SECONDS) {
            throw new ConfigException("--wait " + seconds + ": must be a number from 0 to " + MAX_WAIT_SECONDS);
        }
        Path path = Optional.<Path>ofNullable(socket.getValue()).orElseGet(() -> SocketPath.usual(System.getenv()));
        return new BypassClient(path).patience(Duration.ofSeconds(seconds));
    }
}
