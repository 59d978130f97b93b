package wireleap.tun.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import wireleap.tun.client.DaemonEvent;
import wireleap.tun.client.EventStream;

/** {@code watch}: a line for each thing that happens to the daemon, until it is interrupted or there is no daemon. */
final class WatchCommand {
    private static final int SHOWN_ENTRIES = 8;

    private WatchCommand() {
    }

    static CommandSpec command(PrintWriter out) {
        DaemonOptions daemon = new DaemonOptions();
        OptionSpec json = OptionSpec.builder("--json").type(Boolean.class).defaultValue("false")
                .description("Prints each event as a JSON object, one a line, with its name and its id.").build();
        OptionSpec count = Commands.value("--count", "N", Long.class, "Ends after so many events, 1 or more.").build();
        CommandSpec watch = daemon.of(Commands.command("watch",
                "Shows what happens to the running daemon, a line an event, until it is interrupted.", () -> {
                    Long most = count.getValue();
                    if (most != null && most < 1) {
                        throw new ConfigException("--count " + most + ": must be 1 or more");
                    }
                    follow(out, daemon, json.getValue(), most == null ? Long.MAX_VALUE : most);
                    return 0;
                })).addOption(json).addOption(count);
        watch.usageMessage().footer("", "Goes on where it was when the daemon is started anew within --wait seconds;"
                + " exit code 1 if it is not.");
        return watch;
    }

    private static void follow(PrintWriter out, DaemonOptions daemon, boolean asJson, long most)
            throws IOException, InterruptedException {
        try (EventStream events = daemon.client().events()) {
            for (long i = 0; i < most; i++) {
                DaemonEvent event = events.next();
                out.println(asJson ? json(event) : line(event));
                if (out.checkError()) {
                    return;                          // nobody reads any more
                }
            }
        }
    }

    private static String json(DaemonEvent event) throws IOException {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("event", event.name());
        all.put("id", event.id());
        all.putAll(event.data());
        return JSON.std.asString(all);
    }

    /** What an event of a name that is not known here has is shown as it is. */
    private static String line(DaemonEvent event) {
        Map<String, Object> data = event.data();
        String what = switch (event.name()) {
            case "state" -> data.get("from") + " -> " + data.get("to") + why(data);
            case "bypass" -> "by " + data.get("who") + changes(" +", data.get("added")) + changes(" -",
                    data.get("removed"));
            case "repaired" -> data.get("what") + ": " + data.get("detail");
            case "upstream" -> data.get("status") + why(data);
            case "lost" -> "events were missed: " + (data.get("events") == null ? "the daemon is another process"
                    : data.get("events"));
            default -> data.toString();
        };
        return data.getOrDefault("at", "-") + " " + event.name() + " " + what;
    }

    private static String why(Map<String, Object> data) {
        Object why = data.getOrDefault("why", "");
        return "".equals(why) ? "" : ": " + why;
    }

    private static String changes(String sign, Object entries) {
        List<?> list = entries instanceof List<?> some ? some : List.of();
        String shown = list.stream().limit(SHOWN_ENTRIES).map(entry -> sign + entry).collect(Collectors.joining());
        return list.size() > SHOWN_ENTRIES ? shown + sign + (list.size() - SHOWN_ENTRIES) + " more" : shown;
    }
}
