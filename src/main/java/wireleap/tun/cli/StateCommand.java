package wireleap.tun.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code state}: fails unless the daemon is on its way to being active, or is. */
@Command(name = "state", description = "Shows the state of the running daemon.",
        footer = {"", "Exit code 1 if no daemon answers, or if it is 'failed'."})
final class StateCommand implements Callable<Integer> {
    @Mixin
    SocketOption socket;

    @Option(names = "--json", description = "Prints the answer of GET /state as it is.")
    boolean json;

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() throws Exception {
        Map<String, Object> state = socket.client().state();
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JSON.std.asString(state));
        } else {
            print(out, "", state);
        }
        return "failed".equals(state.get("state")) ? Cli.FAILED : 0;
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
