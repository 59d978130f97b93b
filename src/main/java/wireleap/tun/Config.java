package wireleap.tun;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.cli.RunOptions;
import wireleap.tun.client.SocketPath;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.TooManyEntriesException;

/**
 * What a daemon is started with: every option understood and within its range.
 *
 * @param bypass the entries that are there from the start
 * @param routes numbers, names and addresses of routes and of the TUN
 * @param makeSocketDirectory whether the control socket's directory is made where it is absent: only the usual one is
 * @param socketGroup the control socket's group, or the daemon's own
 * @param postReplaces whether POST replaces the list
 * @param memoryBytes most memory for bytes in flight, a multiple of 1 MiB
 * @param maxFlows TCP flows at once
 * @param maxUdpSessions UDP sessions at once
 * @param earlyAccept whether connections are accepted before the upstream has connected
 * @param echoReply whether pings are answered
 */
record Config(UpstreamAddress upstream, BypassSet bypass, RouteSettings routes, Path socket,
        boolean makeSocketDirectory, Optional<String> socketGroup, boolean postReplaces, long memoryBytes, int maxFlows, int maxUdpSessions,
        boolean earlyAccept, boolean echoReply) {
    private static final long MIB = 1 << 20;
    private static final int LARGEST_TABLE = 1 << 20;
    /** IFNAMSIZ of linux/if.h is 16, its last byte is 0. */
    private static final String TUN_NAME = "[A-Za-z0-9_.-]{1,15}";

    /** @throws ConfigException for the first option that is wrong, in one line */
    static Config of(RunOptions options) {
        return new Config(UpstreamAddress.parse(options.upstream()), bypass(options), routes(options),
            socket(options), options.socket() == null, Optional.ofNullable(options.socketGroup()), options.postReplaces(),
            memory(options.memory()), (int) number("--max-flows", options.maxFlows(), 1, LARGEST_TABLE),
            (int) number("--max-udp-sessions", options.maxUdpSessions(), 1, LARGEST_TABLE), options.earlyAccept(),
            echoReply(options.icmp()));
    }

    private static BypassSet bypass(RunOptions options) {
        var entries = new ArrayList<IpPrefix>();
        for (var text : options.bypass()) {
            if (!text.isBlank()) {
                entries.add(entry("--bypass", text.strip()));
            }
        }
        if (options.bypassFile() != null) {
            entries.addAll(bypassFile(options.bypassFile()));
        }
        try {
            return BypassSet.of(entries);
        } catch (TooManyEntriesException e) {
            throw new ConfigException("--bypass: " + e.getMessage());
        }
    }

    private static List<IpPrefix> bypassFile(String file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(Path.of(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new ConfigException("--bypass-file " + file + " cannot be read: " + e);
        }
        var entries = new ArrayList<IpPrefix>();
        for (var i = 0; i < lines.size(); i++) {
            var text = lines.get(i).strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                entries.add(entry("--bypass-file " + file + " line " + (i + 1), text));
            }
        }
        return entries;
    }

    private static IpPrefix entry(String option, String text) {
        try {
            return IpPrefix.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(option + ": " + e.getMessage());
        }
    }

    private static RouteSettings routes(RunOptions options) {
        if (!options.tun().matches(TUN_NAME) || options.tun().matches("[.]{1,2}")) {
            throw new ConfigException("--tun " + options.tun()
                + ": a device's name is 1 to 15 letters, digits, dots, dashes or underscores, such as wltun0");
        }
        var usual = RouteSettings.DEFAULT;
        var base = number("--rule-base", options.ruleBase(), RouteSettings.MIN_RULE_BASE, RouteSettings.MAX_RULE_BASE);
        var mtu = number("--mtu", options.mtu(), 1280, 65_535);
        return new RouteSettings((int) base, usual.mark(), options.tun(), usual.ipv4Address(), usual.ipv6Address(),
            (int) mtu, usual.transmitQueuePackets(), UserIds.parse(options.bypassUsers()), false);
    }

    private static Path socket(RunOptions options) {
        return options.socket() == null ? SocketPath.usual(System.getenv()) : Path.of(options.socket());
    }

    private static boolean echoReply(String icmp) {
        return switch (icmp.toLowerCase(Locale.ROOT)) {
            case "reply" -> true;
            case "drop" -> false;
            default -> throw new ConfigException("--icmp " + icmp + ": use reply or drop");
        };
    }

    private static long memory(String text) {
        var matcher = Pattern.compile("([0-9]{1,12})([KMGkmg]?)").matcher(text);
        if (!matcher.matches()) {
            throw new ConfigException("--memory " + text + ": use a number of bytes with K, M or G, such as 64M");
        }
        var shift = switch (matcher.group(2).toUpperCase(Locale.ROOT)) {
            case "K" -> 10;
            case "M" -> 20;
            case "G" -> 30;
            default -> 0;
        };
        var bytes = Math.multiplyExact(Long.parseLong(matcher.group(1)), 1L << shift);
        if (bytes < 4 * MIB || bytes > 64 * 1024 * MIB) {
            throw new ConfigException("--memory " + text + ": must be 4M to 64G");
        }
        return bytes / MIB * MIB;
    }

    private static long number(String option, String text, long least, long most) {
        try {
            var value = Long.parseLong(text.strip());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below, in the same words as a number out of range
        }
        throw new ConfigException(option + " " + text + ": must be a number from " + least + " to " + most);
    }
}
