package wireleap.tun.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** {@code stats}: a line for each number that the daemon counts; with several loops a column for each of them. */
final class StatsCommand {
    private static final int NAME_COLUMNS = 26;
    private static final int NUMBER_COLUMNS = 18;

    private StatsCommand() {
    }

    static CommandSpec command(PrintWriter out) {
        DaemonOptions daemon = new DaemonOptions();
        OptionSpec json = Commands.json("/stats");
        CommandSpec stats = daemon.of(Commands.command("stats", "Shows what the running daemon has counted, and has.",
                () -> {
                    print(out, daemon.client().stats(), json.getValue());
                    return 0;
                })).addOption(json);
        stats.usageMessage().footer("", "GET /openapi.json says what each number is. Exit code 1 if no daemon answers.");
        return stats;
    }

    private static void print(PrintWriter out, Map<String, Object> stats, boolean asJson) throws IOException {
        if (asJson) {
            out.println(JSON.std.asString(stats));
            return;
        }
        List<Map<?, ?>> columns = new ArrayList<>(List.of(object(stats.get("total"))));
        List<?> loops = stats.get("loops") instanceof List<?> list ? list : List.of();
        if (loops.size() > 1) {
            loops.forEach(loop -> columns.add(object(loop)));
            out.println(line("", columns.stream().map(column -> column.containsKey("name") ? column.get("name")
                    : "total").toList()));
        }
        object(stats.get("total")).forEach((group, members) -> {
            out.println(group);
            object(members).keySet().forEach(name -> out.println(line("  " + name, columns.stream()
                    .map(column -> object(column.get(group)).get(name)).toList())));
        });
    }

    private static Map<?, ?> object(Object json) {
        return json instanceof Map<?, ?> map ? map : Map.of();
    }

    private static String line(String name, List<?> cells) {
        StringBuilder line = new StringBuilder(String.format("%-" + NAME_COLUMNS + "s", name));
        cells.forEach(cell -> line.append(String.format("%" + NUMBER_COLUMNS + "s", cell)));
        return line.toString();
    }
}
