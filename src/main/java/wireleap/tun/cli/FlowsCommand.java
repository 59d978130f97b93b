package wireleap.tun.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import wireleap.tun.client.BypassException;

/** {@code flows}: a line for each open flow of a running daemon. */
final class FlowsCommand {
    private static final String ROW = "%-5s %-24s %-24s %-13s %8s %12s %12s %10s %10s%n";

    private FlowsCommand() {
    }

    static CommandSpec command(PrintWriter out) {
        DaemonOptions daemon = new DaemonOptions();
        OptionSpec json = Commands.json("/flows");
        List<OptionSpec> filters = List.of(
                Commands.value("--protocol", "tcp|udp", String.class, "Only flows of this protocol.").build(),
                Commands.value("--addr", "ADDRESS", String.class,
                        "Only flows from or to this address, or this network.").build(),
                Commands.value("--port", "PORT", String.class, "Only flows from or to this port.").build(),
                Commands.value("--state", "STATE", String.class,
                        "Only flows in this state, such as dialling, established or close-wait.").build(),
                Commands.value("--limit", "N", String.class, "At most so many. Default: ${DEFAULT-VALUE}.")
                        .defaultValue("1000").build());
        CommandSpec flows = daemon.of(Commands.command("flows", "Shows the open flows of the running daemon.", () -> {
            print(out, ask(daemon, filters), json.getValue());
            return 0;
        })).addOption(json);
        filters.forEach(flows::addOption);
        flows.usageMessage().footer("", "Bytes are those that have arrived; WAIT-UP and WAIT-DOWN are those on their"
                + " way. Of a UDP session the last target is shown.");
        return flows;
    }

    /** What the daemon does not understand is wrong usage. */
    private static Map<String, Object> ask(DaemonOptions daemon, List<OptionSpec> filters)
            throws IOException, InterruptedException {
        Map<String, String> asked = new LinkedHashMap<>();
        for (OptionSpec filter : filters) {
            String value = filter.getValue();
            if (value != null) {
                asked.put(filter.longestName().substring(2), value);
            }
        }
        try {
            return daemon.client().flows(asked);
        } catch (BypassException e) {
            if (e.code() == 400) {
                throw new ConfigException(e.cause());
            }
            throw e;
        }
    }

    private static void print(PrintWriter out, Map<String, Object> answer, boolean asJson) throws IOException {
        if (asJson) {
            out.println(JSON.std.asString(answer));
            return;
        }
        out.printf(ROW, "PROTO", "CLIENT", "TARGET", "STATE", "AGE-S", "UP", "DOWN", "WAIT-UP", "WAIT-DOWN");
        for (Object flow : answer.get("flows") instanceof List<?> list ? list : List.of()) {
            Map<?, ?> members = object(flow);
            List<Object> cells = new ArrayList<>();
            Stream.of("protocol", "client", "target", "state").map(members::get)
                    .forEach(cell -> cells.add(cell == null ? "-" : cell));
            cells.add(String.format("%.1f", members.get("ageMillis") instanceof Number age ? age.longValue() / 1000.0
                    : 0.0));
            Stream.of("bytes", "buffered").forEach(part -> Stream.of("up", "down")
                    .forEach(way -> cells.add(object(members.get(way)).get(part))));
            out.printf(ROW, cells.toArray());
        }
        if (Boolean.TRUE.equals(answer.get("more"))) {
            out.println("... and more; --limit shows more of them");
        }
    }

    private static Map<?, ?> object(Object json) {
        return json instanceof Map<?, ?> map ? map : Map.of();
    }
}
