package wireleap.tun.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code state}: fails unless the daemon is on its way to being active, or is. */
final class StateCommand {
    private StateCommand() {
    }

    static CommandSpec command(PrintWriter out) {
        DaemonOptions daemon = new DaemonOptions();
        OptionSpec json = Commands.json("/state");
        CommandSpec state = daemon.of(Commands.command("state", "Shows the state of the running daemon.", () -> {
            Map<String, Object> answer = daemon.client().state();
            print(out, answer, json.getValue());
            return "failed".equals(answer.get("state")) ? Cli.FAILED : 0;
        })).addOption(json);
        state.usageMessage().footer("", "Exit code 1 if no daemon answers, or if it is 'failed'.");
        return state;
    }

    private static void print(PrintWriter out, Map<String, Object> state, boolean asJson) throws IOException {
        if (asJson) {
            out.println(JSON.std.asString(state));
        } else {
            print(out, "", state);
        }
    }

    private static void print(PrintWriter out, String indent, Map<?, ?> members) {
        members.forEach((name, value) -> {
            switch (value) {
                case Map<?, ?> inner -> {
                    out.println(indent + name + ":");
                    print(out, indent + "  ", inner);
                }
                case List<?> list -> out.println(indent + name + ": " + (list.isEmpty() ? "none"
                        : String.join(", ", list.stream().map(String::valueOf).toList())));
                case null -> out.println(indent + name + ": none");
                default -> out.println(indent + name + ": " + value);
            }
        });
    }
}
