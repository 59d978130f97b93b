package wireleap.tun.cli;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * In Wireleap's place: what the daemon is told by its controller, which starts the program without arguments and says
 * all in the environment; and the hidden command {@code controlled}, by which the setuid launcher (src/main/c) passes
 * that on.
 */
final class ControllerCommand {
    static final String NAME = "controlled";

    private static final String HOME = "WIRELEAP_HOME";
    private static final String BROKER = "WIRELEAP_ADDR_H2C";
    private static final String TUN = "WIRELEAP_ADDR_TUN";
    private static final String SOCKET = "wireleap_tun.sock";
    /** HOST:PORT or [HOST]:PORT; nothing listens on the port here, where the stack needs none. */
    private static final Pattern ADDRESS = Pattern.compile("(?:\\[([^]]+)]|([^:]+)):[0-9]+");
    private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

    private ControllerCommand() {
    }

    /** Whether a controller started this program. */
    static boolean isMeant(Map<String, String> environment) {
        return environment.containsKey(HOME) && environment.containsKey(BROKER) && environment.containsKey(TUN);
    }

    /** What it wants: the socket is where it looks for it. */
    static RunOptions options(Map<String, String> environment) {
        return Cli.runOptions(arguments(environment, Path.of(environment.get(HOME))));
    }

    private static String[] arguments(Map<String, String> environment, Path home, String... more) {
        String tun = environment.getOrDefault(TUN, "");
        Matcher address = ADDRESS.matcher(tun);
        if (!address.matches() || !environment.containsKey(BROKER)) {
            throw new ConfigException(BROKER + " and " + TUN + " must be set, such as 127.0.0.1:13490/broker and"
                    + " 10.13.49.0:13492; " + TUN + " is '" + tun + "'");
        }
        String host = address.group(1) == null ? address.group(2) : address.group(1);
        return Stream.concat(Stream.of(more), Stream.of("--upstream=h2c://" + environment.get(BROKER),
                "--tun-address=" + host, "--socket=" + home.resolve(SOCKET), "--post-replaces"))
                .toArray(String[]::new);
    }

    /** {@code controlled USER GROUP HOME}. Of the environment it reads the two addresses and no more. */
    static CommandSpec command(Program program) {
        PositionalParamSpec words = PositionalParamSpec.builder().paramLabel("USER GROUP HOME").arity("3")
                .required(true).type(List.class).auxiliaryTypes(String.class)
                .description("Who started it, in numbers, and the directory for the socket.").build();
        CommandSpec controlled = Commands.command(NAME,
                "Runs the daemon for Wireleap's controller; for its launcher.", () -> {
                    List<String> given = words.getValue();
                    int group = number(given.get(1));
                    Path home = Path.of(given.get(2));
                    return program.run(Cli.runOptions(arguments(System.getenv(), home, "--socket-group=" + group)),
                            number(given.get(0)), group, home);
                });
        controlled.usageMessage().hidden(true);
        return controlled.addPositional(words);
    }

    private static int number(String text) {
        long value = NUMBER.matcher(text).matches() ? Long.parseLong(text) : -1;
        if (value < 0 || value > Integer.MAX_VALUE) {
            throw new ConfigException("the user or group '" + text + "' is no number from 0 to " + Integer.MAX_VALUE);
        }
        return (int) value;
    }
}
