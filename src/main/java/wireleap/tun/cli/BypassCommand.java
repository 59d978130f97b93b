package wireleap.tun.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import wireleap.tun.client.BypassClient;

/** {@code bypass}: reads and changes the list of a running daemon. */
@Command(name = "bypass", description = "Shows or changes the bypass list of the running daemon.",
        subcommands = {BypassCommand.Show.class, BypassCommand.Add.class, BypassCommand.Remove.class,
            BypassCommand.Replace.class, BypassCommand.Clear.class})
final class BypassCommand implements Callable<Integer> {
    private static final String ENTRIES =
            "Addresses and networks, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.";

    @Spec
    CommandSpec spec;

    @Override
    public Integer call() {
        throw new ParameterException(spec.commandLine(), "say what to do: list, add, remove, replace or clear");
    }

    @Command(name = "list", description = "Prints the entries, one a line, in the order in which they were added.")
    static final class Show implements Callable<Integer> {
        @Mixin
        SocketOption socket;

        @Spec
        CommandSpec spec;

        @Override
        public Integer call() throws IOException, InterruptedException {
            PrintWriter out = spec.commandLine().getOut();
            socket.client().bypass().entries().forEach(out::println);
            return 0;
        }
    }

    @Command(name = "add", description = "Adds entries; those already there stay where they are.")
    static final class Add implements Callable<Integer> {
        @Mixin
        SocketOption socket;

        @Parameters(arity = "1..*", paramLabel = "ENTRY", description = ENTRIES)
        List<String> entries;

        @Override
        public Integer call() throws IOException, InterruptedException {
            // PATCH, because POST replaces the list of a daemon that runs with --post-replaces.
            socket.client().patch(entries, List.of());
            return 0;
        }
    }

    @Command(name = "remove", description =
            "Removes entries, each as it is listed, one after the other; the first absent one ends it with an error.")
    static final class Remove implements Callable<Integer> {
        @Mixin
        SocketOption socket;

        @Parameters(arity = "1..*", paramLabel = "ENTRY", description = ENTRIES)
        List<String> entries;

        @Override
        public Integer call() throws IOException, InterruptedException {
            BypassClient client = socket.client();
            for (String entry : entries) {
                client.remove(entry);
            }
            return 0;
        }
    }

    @Command(name = "replace", description = "Makes these entries the whole list, in one step.")
    static final class Replace implements Callable<Integer> {
        @Mixin
        SocketOption socket;

        @Parameters(arity = "1..*", paramLabel = "ENTRY", description = ENTRIES)
        List<String> entries;

        @Override
        public Integer call() throws IOException, InterruptedException {
            socket.client().replace(entries);
            return 0;
        }
    }

    @Command(name = "clear", description = "Removes all entries.")
    static final class Clear implements Callable<Integer> {
        @Mixin
        SocketOption socket;

        @Override
        public Integer call() throws IOException, InterruptedException {
            socket.client().clear();
            return 0;
        }
    }
}
