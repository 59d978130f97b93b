package wireleap.tun.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import wireleap.tun.client.BypassClient;
import wireleap.tun.policy.IpPrefix;

/** {@code bypass}: reads and changes the list of a running daemon. */
final class BypassCommand {
    private BypassCommand() {
    }

    static CommandSpec command(PrintWriter out) {
        CommandSpec bypass = Commands.command("bypass", "Shows or changes the bypass list of the running daemon.",
                () -> {
                    throw new ConfigException("say what to do: list, add, remove, replace or clear (see"
                            + " 'wireleap_tun bypass --help')");
                });
        Commands.add(bypass, whole("list", "Prints the entries, one a line, in the order in which they were added.",
                client -> client.bypass().entries().forEach(out::println)));
        // PATCH, because POST replaces the list of a daemon that runs with --post-replaces.
        Commands.add(bypass, entries("add", "Adds entries; those already there stay where they are.",
                (client, entries) -> client.patch(entries, List.of())));
        Commands.add(bypass, entries("remove",
                "Removes entries, each as it is listed; if one of them is absent, none is removed.",
                BypassClient::removeAll));
        Commands.add(bypass, entries("replace", "Makes these entries the whole list, in one step.",
                BypassClient::replace));
        Commands.add(bypass, whole("clear", "Removes all entries.", BypassClient::clear));
        return bypass;
    }

    /** As the daemon lists them, so that a wrong one is told before anything is asked for. */
    private static List<String> canonical(List<String> entries) {
        return entries.stream().map(entry -> {
            try {
                return IpPrefix.parse(entry).toString();
            } catch (IllegalArgumentException e) {
                throw new ConfigException(e.getMessage());
            }
        }).toList();
    }

    /** What is done with the whole list. */
    @FunctionalInterface
    private interface Request {
        void ask(BypassClient client) throws IOException, InterruptedException;
    }

    /** What is done with some entries. */
    @FunctionalInterface
    private interface EntriesRequest {
        void ask(BypassClient client, List<String> entries) throws IOException, InterruptedException;
    }

    private static CommandSpec whole(String name, String description, Request request) {
        DaemonOptions daemon = new DaemonOptions();
        return daemon.of(Commands.command(name, description, () -> {
            request.ask(daemon.client());
            return 0;
        }));
    }

    private static CommandSpec entries(String name, String description, EntriesRequest request) {
        DaemonOptions daemon = new DaemonOptions();
        PositionalParamSpec entries = Commands.entries();
        return daemon.of(Commands.command(name, description, () -> {
            request.ask(daemon.client(), canonical(entries.getValue()));
            return 0;
        }).addPositional(entries));
    }
}
