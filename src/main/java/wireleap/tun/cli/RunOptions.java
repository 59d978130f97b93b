package wireleap.tun.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * The options of {@code run} as they were typed, or read from {@code --config}. Their text is checked where they become
 * a configuration, so that the command line and the file get the same answer.
 */
public final class RunOptions {
    /** A flag that the file sets can be taken back: {@code --early-accept=false}. */
    private static final String FLAG = "true|false";

    @Option(names = "--upstream", paramLabel = "URI", required = true, description = {
            "Where the traffic goes:",
            "  socks5://[user:password@]HOST[:PORT]   a SOCKS5 proxy (port 1080 unless given)",
            "  direct                                 straight out, through a stack of our own"})
    String upstream;

    @Option(names = "--bypass", paramLabel = "LIST", split = ",", description =
            "Addresses and networks that stay out of the TUN from the start, separated by commas; may be given again.")
    List<String> bypass = new ArrayList<>();

    @Option(names = "--bypass-file", paramLabel = "FILE", description =
            "The same, one a line; empty lines and lines that begin with # are skipped.")
    Path bypassFile;

    @Option(names = "--bypass-user", paramLabel = "USER", split = ",", description =
            "All that this user (name or number) sends stays out of the TUN, such as the proxy "
            + "itself where it runs on this host; may be given again.")
    List<String> bypassUsers = new ArrayList<>();

    @Option(names = "--socket", paramLabel = "PATH", description =
            "The control socket. Default: wireleap_tun.sock in $WIRELEAP_HOME, in $RUNTIME_DIRECTORY or in "
            + "/run/wireleap_tun.")
    Path socket;

    @Option(names = "--socket-group", paramLabel = "GROUP", description =
            "The group that may use the control socket (mode 0660). Default: the daemon's own.")
    String socketGroup;

    @Option(names = "--post-replaces", arity = "0..1", fallbackValue = "true", paramLabel = FLAG, description =
            "POST /bypass replaces the list instead of adding to it, as Wireleap's controller 0.6.1 expects.")
    boolean postReplaces;

    @Option(names = "--tun", paramLabel = "NAME", defaultValue = "wltun0", description =
            "Name of the TUN device. Default: ${DEFAULT-VALUE}.")
    String tun;

    @Option(names = "--mtu", paramLabel = "BYTES", defaultValue = "1500", description =
            "Its MTU, 1280 to 65535. Default: ${DEFAULT-VALUE}; larger gains nothing.")
    String mtu;

    @Option(names = "--rule-base", paramLabel = "N", defaultValue = "13488", description =
            "Preference of our first policy rule; the other rules and our routing tables follow it. "
            + "Default: ${DEFAULT-VALUE}.")
    String ruleBase;

    @Option(names = "--memory", paramLabel = "SIZE", defaultValue = "64M", description =
            "Most memory that bytes in flight (buffers of all flows, fragments) may take, such as 64M or 1G; at least "
            + "4M. It is taken as it is needed, beyond what the program itself needs. When it is used up, flows slow "
            + "down and new ones wait; none loses a byte. Default: ${DEFAULT-VALUE}.")
    String memory;

    @Option(names = "--max-flows", paramLabel = "N", defaultValue = "65536", description =
            "Most TCP flows at once; more are refused by a reset. Default: ${DEFAULT-VALUE}.")
    String maxFlows;

    @Option(names = "--max-udp-sessions", paramLabel = "N", defaultValue = "8192", description =
            "Most UDP sessions (client address and port) at once; the longest idle makes room. "
            + "Default: ${DEFAULT-VALUE}.")
    String maxUdpSessions;

    @Option(names = "--early-accept", arity = "0..1", fallbackValue = "true", paramLabel = FLAG, description =
            "Answers an application's connect at once instead of when the upstream is connected: saves a round trip, "
            + "hides the truth.")
    boolean earlyAccept;

    @Option(names = "--icmp", paramLabel = "reply|drop", defaultValue = "reply", description =
            "What becomes of pings into the TUN. Default: ${DEFAULT-VALUE}.")
    String icmp;

    @Option(names = "--log-level", paramLabel = "LEVEL", defaultValue = "info", description =
            "error, warn, info or debug, on standard error. Default: ${DEFAULT-VALUE}.")
    String logLevel;

    public String upstream() {
        return upstream;
    }

    public List<String> bypass() {
        return bypass;
    }

    public Optional<Path> bypassFile() {
        return Optional.ofNullable(bypassFile);
    }

    public List<String> bypassUsers() {
        return bypassUsers;
    }

    public Optional<Path> socket() {
        return Optional.ofNullable(socket);
    }

    public Optional<String> socketGroup() {
        return Optional.ofNullable(socketGroup);
    }

    public boolean postReplaces() {
        return postReplaces;
    }

    public String tun() {
        return tun;
    }

    public String mtu() {
        return mtu;
    }

    public String ruleBase() {
        return ruleBase;
    }

    public String memory() {
        return memory;
    }

    public String maxFlows() {
        return maxFlows;
    }

    public String maxUdpSessions() {
        return maxUdpSessions;
    }

    public boolean earlyAccept() {
        return earlyAccept;
    }

    public String icmp() {
        return icmp;
    }

    public String logLevel() {
        return logLevel;
    }
}
