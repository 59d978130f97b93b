package wireleap.tun.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code start}, {@code stop}, {@code restart}, {@code status} and {@code log}, for those who have no controller. */
final class ServiceCommands {
    private static final Set<String> NOT_WELL = Set.of(Background.FAILED, Background.INACTIVE, Background.UNKNOWN);
    private static final String EXIT_CODES = "Prints process id and state. Exit code 1 if the state is failed, inactive or"
            + " unknown.";

    private final Program program;
    private final PrintWriter out;

    ServiceCommands(Program program, PrintWriter out) {
        this.program = program;
        this.out = out;
    }

    CommandSpec start() {
        RunOptions options = new RunOptions();
        CommandSpec start = options.withFile(Commands.command("start", "Starts the daemon in the background, with the"
                + " options of run, and waits until it is active, or half a minute. wireleap_tun.pid and wireleap_tun.log"
                + " are kept beside the control socket; the log of one in /run is in /var/log.", () -> {
                    requireContract(System.getenv());
                    return print(background(options.socket()).start(launcher(), Path.of("").toAbsolutePath(),
                            options.words()));
                }));
        start.usageMessage().sortOptions(false).footer("", EXIT_CODES);
        return start;
    }

    CommandSpec stop() {
        OptionSpec socket = DaemonOptions.socket();
        OptionSpec force = Commands.flag("--force", "Gives it half a second, in place of three, before it is killed.");
        return Commands.command("stop", "Stops the daemon, however it was started, and removes what it leaves if it has to"
                + " be killed, or was before.", () -> {
                    Background background = background(Optional.ofNullable(socket.getValue()));
                    if (!background.stop(force.getValue())) {
                        program.cleanup(System.err);
                    }
                    print(background.status());
                    return 0;
                }).addOption(socket).addOption(force);
    }

    CommandSpec restart() {
        OptionSpec socket = DaemonOptions.socket();
        CommandSpec restart = Commands.command("restart",
                "Stops the daemon and starts it again in the background, with the options that it has.", () -> {
                    requireContract(System.getenv());
                    Background background = background(Optional.ofNullable(socket.getValue()));
                    DaemonProcess running = background.process().orElseThrow(() -> new IOException(
                            "no daemon is running; give 'wireleap_tun start' its options"));
                    List<String> options = running.options();
                    Path directory = running.directory();
                    background.stop(false);
                    return print(background.start(launcher(), directory, options));
                }).addOption(socket);
        restart.usageMessage().footer("", EXIT_CODES);
        return restart;
    }

    CommandSpec status() {
        OptionSpec socket = DaemonOptions.socket();
        CommandSpec status = Commands.command("status", "Shows whether the daemon runs.",
                () -> print(background(Optional.ofNullable(socket.getValue())).status())).addOption(socket);
        status.usageMessage().footer("", EXIT_CODES);
        return status;
    }

    CommandSpec log() {
        OptionSpec socket = DaemonOptions.socket();
        return Commands.command("log", "Prints the log of a daemon that was started in the background.", () -> {
            DaemonFiles.of(Optional.ofNullable(socket.getValue()), System.getenv()).copyLog(System.out);
            System.out.flush();
            return 0;
        }).addOption(socket);
    }

    private Background background(Optional<Path> socket) {
        return new Background(DaemonFiles.of(socket, System.getenv()), program::listener);
    }

    private Path launcher() throws IOException {
        return program.launcher().orElseThrow(() -> new IOException(
                "this needs the image that 'mvn package' makes: there is no launcher beside this Java runtime"));
    }

    /** As the original's {@code tun start}, in its words. */
    static void requireContract(Map<String, String> environment) throws IOException {
        String home = environment.get("WIRELEAP_HOME");
        if (home != null && !hasContract(Path.of(home, "contract.json"))) {
            throw new IOException("no contract configured; import accesskey before starting tun");
        }
    }

    private static boolean hasContract(Path file) {
        try {
            return JSON.std.mapFrom(Files.readString(file)).get("endpoint") != null;
        } catch (IOException e) {
            return false;
        }
    }

    private int print(Background.Status status) throws IOException {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("pid", status.pid());
        members.put("state", status.state());
        out.println(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(members));
        return NOT_WELL.contains(status.state()) ? Cli.FAILED : 0;
    }
}
