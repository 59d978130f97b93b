package wireleap.tun.cli;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * The tree of commands, and how commands and options are made: by calls, not by annotations, because picocli's reading
 * of annotations would take longer than all the rest of a start (measured; the JVM makes a proxy class for each kind).
 */
final class Commands {
    private Commands() {
    }

    /**
     * {@code wireleap_tun}.
     *
     * @param args what was typed. Only the command that it names is made, all of them where it names none of them: with
     *     all, making them took a tenth of a daemon's start
     */
    static CommandSpec root(Program program, PrintWriter out, String... args) {
        CommandSpec root = command("wireleap_tun", "Routes this machine's TCP and UDP into a TUN device and carries it"
                + " to a SOCKS5 proxy, to Wireleap's broker, or straight out.", () -> {
                    if (ControllerCommand.isMeant(System.getenv())) {
                        return program.run(ControllerCommand.options(System.getenv()));
                    }
                    throw new ConfigException("a command is needed, such as run, demo or state (see"
                            + " 'wireleap_tun --help')");
                });
        root.addOption(OptionSpec.builder("-V", "--version").versionHelp(true).description("Shows the version.")
                .build());
        root.versionProvider(() -> new String[] {program.version()});
        root.usageMessage().synopsisSubcommandLabel("COMMAND")
                .footer("", "Exit codes: 0 done, 1 failed, 2 wrong usage.");
        Map<String, Supplier<CommandSpec>> commands = commands(program, out);
        if (args.length > 0 && commands.containsKey(args[0])) {
            add(root, commands.get(args[0]).get());
        } else if (args.length > 0) {
            commands.values().forEach(command -> add(root, command.get()));
        }
        return root;
    }

    /** By their names, in the order of the help. */
    private static Map<String, Supplier<CommandSpec>> commands(Program program, PrintWriter out) {
        ServiceCommands service = new ServiceCommands(program, out);
        Map<String, Supplier<CommandSpec>> commands = new LinkedHashMap<>();
        commands.put("run", () -> RunOptions.command(program));
        commands.put("start", service::start);
        commands.put("stop", service::stop);
        commands.put("restart", service::restart);
        commands.put("status", service::status);
        commands.put("log", service::log);
        commands.put("demo", () -> command("demo",
                "Shows the main job between two network namespaces of its own; a few seconds, nothing stays.",
                () -> program.demo(System.out)));
        commands.put("state", () -> StateCommand.command(out));
        commands.put("stats", () -> StatsCommand.command(out));
        commands.put("explain", () -> ExplainCommand.command(out));
        commands.put("flows", () -> FlowsCommand.command(out));
        commands.put("watch", () -> WatchCommand.command(out));
        commands.put("bypass", () -> BypassCommand.command(out));
        commands.put("doctor", () -> command("doctor",
                "Says what this machine offers the daemon and lacks, and what to do about it; changes nothing.",
                () -> program.doctor(System.out)));
        commands.put("cleanup", () -> command("cleanup",
                "Removes what a daemon that was killed left in the kernel: rules, routes, and the TUN of --fail-closed."
                + " Refused while a daemon lives.", () -> program.cleanup(System.out)));
        commands.put("install", () -> InstallCommands.install(program));
        commands.put("uninstall", () -> InstallCommands.uninstall(program));
        commands.put("version", () -> command("version", "Shows this program's version.", () -> {
            out.println(program.version());
            return 0;
        }));
        commands.put("completion", () -> completion(program, out));
        commands.put("train", () -> hidden(command("train",
                "Exercises the program so that an AOT cache can be recorded.", () -> program.train())));
        commands.put(ControllerCommand.NAME, () -> ControllerCommand.command(program));
        commands.put(DetachedCommand.NAME, () -> DetachedCommand.command(program));
        return commands;
    }

    private static CommandSpec completion(Program program, PrintWriter out) {
        return command("completion", "Prints a script that completes commands and options in bash and zsh.", () -> {
            CommandSpec whole = root(program, out, "--help");
            out.print(AutoComplete.bash(whole.name(), new CommandLine(whole)));
            out.flush();
            return 0;
        });
    }

    private static CommandSpec hidden(CommandSpec command) {
        command.usageMessage().hidden(true);
        return command;
    }

    static void add(CommandSpec command, CommandSpec inner) {
        command.addSubcommand(inner.name(), inner);
    }

    /** @param action answers the exit code */
    static CommandSpec command(String name, String description, Callable<Integer> action) {
        CommandSpec command = CommandSpec.wrapWithoutInspection(action).name(name);
        command.usageMessage().description(description);
        return command.addOption(OptionSpec.builder("-h", "--help").usageHelp(true).description("Shows this help.")
                .build());
    }

    /** An option with a value. */
    static OptionSpec.Builder value(String name, String label, Class<?> type, String... description) {
        return OptionSpec.builder(name).paramLabel(label).type(type).description(description);
    }

    /** An option with a path; picocli would look its own way of making one up by reflection. */
    static OptionSpec.Builder path(String name, String label, String... description) {
        return value(name, label, Path.class, description).converters(text -> Path.of(text));
    }

    /** An option whose values are separated by commas, and which may be given again. */
    static OptionSpec list(String name, String label, String... description) {
        return value(name, label, List.class, description).auxiliaryTypes(String.class).splitRegex(",").build();
    }

    /** An option that is there or not; what a configuration sets can be taken back: {@code --early-accept=false}. */
    static OptionSpec flag(String name, String... description) {
        return value(name, "true|false", Boolean.class, description).arity("0..1").defaultValue("false")
                .fallbackValue("true").build();
    }

    /** {@code --json} of a command that shows what a GET answers. */
    static OptionSpec json(String path) {
        return OptionSpec.builder("--json").type(Boolean.class).defaultValue("false")
                .description("Prints the answer of GET " + path + " as it is.").build();
    }

    /** One or more bypass entries. */
    static PositionalParamSpec entries() {
        return PositionalParamSpec.builder().paramLabel("ENTRY").arity("1..*").required(true).type(List.class)
                .auxiliaryTypes(String.class)
                .description("Addresses and networks, such as 192.0.2.7, 10.0.0.0/8 or 2001:db8::/32.").build();
    }
}
