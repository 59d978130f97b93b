package wireleap.tun.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import wireleap.tun.demo.Namespace;

/**
 * What the daemon could have left behind in a namespace and in a directory: rules, routes of all tables, links,
 * addresses, settings of interfaces, files. Two of them are compared by their text, so that a difference is readable.
 */
public record HostState(Map<String, String> parts) {
    private static final List<List<String>> COMMANDS = List.of(
            List.of("ip", "-4", "rule"),
            List.of("ip", "-6", "rule"),
            List.of("ip", "-4", "-N", "route", "show", "table", "all"),
            List.of("ip", "-6", "-N", "route", "show", "table", "all"),
            List.of("ip", "-N", "addr"),
            List.of("sh", "-c", "grep . /proc/sys/net/ipv[46]/conf/*/rp_filter"));

    /** The state now. */
    public static HostState of(Namespace namespace, Path... directories) throws IOException, InterruptedException {
        var parts = new LinkedHashMap<String, String>();
        for (var command : COMMANDS) {
            String name = String.join(" ", command);
            parts.put(name, TestNet.output(namespace, command.toArray(String[]::new)));
        }
        for (var directory : directories) {
            try (var files = Files.list(directory)) {
                parts.put(directory.toString(), files.map(f -> f.getFileName().toString()).sorted()
                        .collect(Collectors.joining("\n")));
            }
        }
        return new HostState(parts);
    }

    /** Rules and routes alone, whether their devices have a carrier or not: the kernel takes note of that late. */
    public String routing() {
        return parts.entrySet().stream().filter(e -> e.getKey().matches("ip .* (rule|route show .*)"))
                .map(e -> "# " + e.getKey() + "\n" + e.getValue().replace(" linkdown", ""))
                .collect(Collectors.joining("\n"));
    }

    /** One text of all, for an assertion. */
    @Override
    public String toString() {
        return parts.entrySet().stream().map(e -> "# " + e.getKey() + "\n" + e.getValue())
                .collect(Collectors.joining("\n"));
    }
}
