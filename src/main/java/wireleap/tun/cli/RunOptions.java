package wireleap.tun.cli;

import static wireleap.tun.cli.Commands.flag;
import static wireleap.tun.cli.Commands.list;
import static wireleap.tun.cli.Commands.path;
import static wireleap.tun.cli.Commands.value;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The options of {@code run} as they were typed, or read from {@code --config}. Their text is checked where they become
 * a configuration, so that the command line and the file get the same answer.
 */
public final class RunOptions {
    /** The same on all machines: more of them have not been found to be better (bench/README.md). */
    private static final String USUAL_QUEUES = "1";

    private final OptionSpec upstream = value("--upstream", "URI", String.class,
            "Where the traffic goes:",
            "  socks5://[user:password@]HOST[:PORT]   a SOCKS5 proxy (port 1080 unless given)",
            "  h2c://HOST:PORT/PATH                   Wireleap's broker, over HTTP/2 in clear text",
            "  direct                                 straight out, through a stack of our own").required(true).build();
    private final OptionSpec bypass = list("--bypass", "LIST",
            "Addresses and networks that stay out of the TUN from the start, separated by commas; may be given again.");
    private final OptionSpec bypassFile = path("--bypass-file", "FILE",
            "The same, one a line; empty lines and lines that begin with # are skipped.").build();
    private final OptionSpec bypassUsers = list("--bypass-user", "USER",
            "All that this user (name or number) sends stays out of the TUN, such as the proxy itself where it runs on "
            + "this host; may be given again.");
    private final OptionSpec failClosed = flag("--fail-closed",
            "Keeps the TUN and the routes into it when the daemon dies other than by a signal that asks it to stop: what "
            + "was captured is dropped there until the next start, or until 'wireleap_tun cleanup'.");
    private final OptionSpec strict = flag("--strict",
            "Captures sockets that have a source address, too: those bound to an address, and answers to connections "
            + "from outside, SSH included, unless they come from the local network.");
    private final OptionSpec forwarded = list("--forward", "DEVICE",
            "Captures what comes in by this device to be forwarded, too, such as containers' traffic by docker0; may be "
            + "given again.");
    private final OptionSpec dns = value("--dns", "ADDR[:PORT]", String.class,
            "Sends all queries to port 53, whatever resolver they ask, also one on the local network (not one on this "
            + "host or on the bypass list), to this one through the upstream; answers come from the resolver that was "
            + "asked. Default: each goes to the resolver that it asks, through the upstream, or as without the daemon if "
            + "it is on the local network.").build();
    private final OptionSpec socket = path("--socket", "PATH",
            "The control socket. Default: wireleap_tun.sock in $WIRELEAP_HOME, in $RUNTIME_DIRECTORY or in "
            + "/run/wireleap_tun.").build();
    private final OptionSpec socketGroup = value("--socket-group", "GROUP", String.class,
            "The group that may use the control socket (mode 0660). Default: the daemon's own.").build();
    private final OptionSpec postReplaces = flag("--post-replaces",
            "POST /bypass replaces the list instead of adding to it, as Wireleap's controller 0.6.1 expects.");
    private final OptionSpec tun = usual("--tun", "NAME", "wltun0",
            "Name of the TUN device. Default: ${DEFAULT-VALUE}.");
    private final OptionSpec tunAddresses = list("--tun-address", "LIST",
            "Its own addresses, one of each family, separated by a comma; each takes a network of two, the other "
            + "address being that whose last bit differs. Default: 10.13.49.0,fd13:490:574c::.");
    private final OptionSpec mtu = usual("--mtu", "BYTES", "1500",
            "Its MTU, 1280 to 65535. Default: ${DEFAULT-VALUE}; larger gains nothing.");
    private final OptionSpec ruleBase = usual("--rule-base", "N", "13488",
            "Preference of our first policy rule, 256 to 32754; the other rules and our routing tables follow it. "
            + "Default: ${DEFAULT-VALUE}.");
    private final OptionSpec queues = usual("--queues", "N", USUAL_QUEUES,
            "How many queues the TUN has, 1 to 16, each with a thread of its own: for machines with cores to spare and "
            + "many flows at once, for a flow stays in its queue. They share --memory, --max-flows and "
            + "--max-udp-sessions evenly. Default: ${DEFAULT-VALUE}.");
    private final OptionSpec memory = usual("--memory", "SIZE", "64M",
            "Most memory that bytes in flight (buffers of all flows, fragments) may take, such as 64M or 1G; 4M for each "
            + "queue to 64G. It is taken as it is needed, beyond what the program itself needs. When it is used up, flows "
            + "slow down and new ones are refused; none loses a byte. Default: ${DEFAULT-VALUE}.");
    private final OptionSpec maxFlows = usual("--max-flows", "N", "16384",
            "Most TCP flows at once, up to 1048576; more are refused by a reset. Each needs up to 3 KiB of Java heap: where "
            + "they do not fit, the start fails and says what to write into lib/java.options. Default: ${DEFAULT-VALUE}.");
    private final OptionSpec maxUdpSessions = usual("--max-udp-sessions", "N", "8192",
            "Most UDP sessions (client address and port) at once, up to 1048576; the longest idle makes room. "
            + "Default: ${DEFAULT-VALUE}.");
    private final OptionSpec earlyAccept = flag("--early-accept",
            "Answers an application's connect at once instead of when the upstream is connected: saves a round trip, "
            + "hides the truth.");
    private final OptionSpec spares = usual("--spares", "N", "8",
            "With socks5 only: how many connections to the server, 0 to 64, may be made in advance while flows are "
            + "begun, so that the next ones wait for one round trip instead of three. Those that nobody needs within two "
            + "seconds are closed; a server that closes them is left alone. Each queue has its own. Default: "
            + "${DEFAULT-VALUE}.");
    private final OptionSpec endDelay = usual("--end-delay", "SECONDS", "5",
            "With h2c only: how long the target must have been silent after an application's end of sending until the "
            + "broker is told of that, 0 to 3600. The broker then cuts the answer short; never told, a target that waits "
            + "for the end would wait for ever. Default: ${DEFAULT-VALUE}.");
    private final OptionSpec icmp = usual("--icmp", "reply|drop", "reply",
            "What becomes of pings into the TUN. Default: ${DEFAULT-VALUE}.");
    private final OptionSpec logLevel = usual("--log-level", "LEVEL", "info",
            "error, warn, info or debug, on standard error. Default: ${DEFAULT-VALUE}.");

    RunOptions() {
    }

    private static OptionSpec usual(String name, String label, String usual, String description) {
        return value(name, label, String.class, description).defaultValue(usual).build();
    }

    /** {@code run}: the daemon in the foreground. */
    static CommandSpec command(Program program) {
        RunOptions options = new RunOptions();
        CommandSpec run = options.withFile(Commands.command("run",
                "Runs the daemon in the foreground until SIGINT or SIGTERM; logs to standard error.",
                () -> program.run(options)));
        run.usageMessage().sortOptions(false).footer("",
                "Example:  wireleap_tun run --upstream socks5://192.0.2.7:1080 --bypass 10.0.0.0/8,192.0.2.7");
        return run;
    }

    /** Makes these options of a command, and --config, which reads them from a file. */
    CommandSpec withFile(CommandSpec command) {
        return of(command).addOption(value("--config", "FILE", Path.class,
                "Reads options from FILE: lines of NAME = VALUE, NAME being an option's name without its dashes; a line "
                + "that begins with # is a comment. The command line wins. A password belongs here rather than on the "
                + "command line, which every user of this machine can read.").preprocessor(new ConfigFile.Loading()).build());
    }

    /** All that was typed behind the name of the command which these options were made of. */
    List<String> words() {
        List<String> typed = upstream.command().root().commandLine().getParseResult().originalArgs();
        return typed.subList(1, typed.size());
    }

    /** Makes these options of a command. */
    CommandSpec of(CommandSpec command) {
        for (OptionSpec option : List.of(upstream, bypass, bypassFile, bypassUsers, failClosed, strict, forwarded, dns,
                socket, socketGroup, postReplaces, tun, tunAddresses, mtu, ruleBase, queues, memory, maxFlows,
                maxUdpSessions, earlyAccept, spares, endDelay, icmp, logLevel)) {
            command.addOption(option);
        }
        return command;
    }

    public String upstream() {
        return upstream.getValue();
    }

    public List<String> bypass() {
        return values(bypass);
    }

    public Optional<Path> bypassFile() {
        return Optional.ofNullable(bypassFile.getValue());
    }

    public List<String> bypassUsers() {
        return values(bypassUsers);
    }

    public boolean failClosed() {
        return failClosed.getValue();
    }

    public boolean strict() {
        return strict.getValue();
    }

    public List<String> forwarded() {
        return values(forwarded);
    }

    public Optional<String> dns() {
        return Optional.ofNullable(dns.getValue());
    }

    public Optional<Path> socket() {
        return Optional.ofNullable(socket.getValue());
    }

    public Optional<String> socketGroup() {
        return Optional.ofNullable(socketGroup.getValue());
    }

    public boolean postReplaces() {
        return postReplaces.getValue();
    }

    public String tun() {
        return tun.getValue();
    }

    public List<String> tunAddresses() {
        return values(tunAddresses);
    }

    public String mtu() {
        return mtu.getValue();
    }

    public String ruleBase() {
        return ruleBase.getValue();
    }

    public String queues() {
        return queues.getValue();
    }

    public String memory() {
        return memory.getValue();
    }

    public String maxFlows() {
        return maxFlows.getValue();
    }

    public String maxUdpSessions() {
        return maxUdpSessions.getValue();
    }

    public boolean earlyAccept() {
        return earlyAccept.getValue();
    }

    public String spares() {
        return spares.getValue();
    }

    public String endDelay() {
        return endDelay.getValue();
    }

    public String icmp() {
        return icmp.getValue();
    }

    public String logLevel() {
        return logLevel.getValue();
    }

    private static List<String> values(OptionSpec list) {
        List<String> given = list.getValue();
        return given == null ? List.of() : given;
    }
}
