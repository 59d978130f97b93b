package wireleap.tun;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import wireleap.tun.cli.ConfigException;
import wireleap.tun.cli.RunOptions;
import wireleap.tun.client.SocketPath;
import wireleap.tun.dns.Redirect;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.TooManyEntriesException;
import wireleap.tun.upstream.Socks5Settings;

/**
 * What a daemon is started with: every option understood and within its range.
 *
 * @param bypass the entries that are there from the start
 * @param routes numbers, names and addresses of routes and of the TUN
 * @param makeSocketDirectory whether the control socket's directory is made where it is absent: only the usual one is
 * @param socketGroup the control socket's group, or the daemon's own
 * @param postReplaces whether POST replaces the list
 * @param queues of the TUN, each with a thread of its own
 * @param memoryBytes most memory for bytes in flight, a multiple of 1 MiB
 * @param maxFlows TCP flows at once
 * @param maxUdpSessions UDP sessions at once
 * @param earlyAccept whether connections are accepted before the upstream has connected
 * @param echoReply whether pings are answered
 * @param dns where queries to port 53 go, whomever they ask
 * @param spares most connections to a SOCKS5 server that are made in advance, for each queue
 * @param endDelayNanos how long a target must be silent after a client's end until a broker is told of that
 */
record Config(UpstreamAddress upstream, BypassSet bypass, RouteSettings routes, Path socket,
        boolean makeSocketDirectory, Optional<String> socketGroup, boolean postReplaces, int queues,
        long memoryBytes, int maxFlows, int maxUdpSessions, boolean earlyAccept, boolean echoReply, Redirect dns,
        int spares, long endDelayNanos) {
    private static final long MIB = 1 << 20;
    private static final long MIN_MEMORY_BYTES = 4 * MIB;
    private static final long MAX_MEMORY_BYTES = 64 * 1024 * MIB;
    private static final int MAX_QUEUES = 16;
    private static final int MIN_MTU = 1280;         // of IPv6: RFC 8200 section 5
    private static final int MAX_MTU = 65_535;
    private static final int LARGEST_TABLE = 1 << 20;
    private static final long SECOND_NANOS = 1_000_000_000L;
    private static final int LONGEST_END_DELAY_SECONDS = 3600;
    /** IFNAMSIZ of linux/if.h is 16, its last byte is 0. */
    private static final Pattern TUN_NAME = Pattern.compile("(?!\\.{1,2}$)[A-Za-z0-9_.-]{1,15}");
    /** An address, in brackets or without colons if a port follows. */
    private static final Pattern SERVER =
            Pattern.compile("(?:\\[([^]/]+)]|([^\\[\\]:/]+))(?::([0-9]{1,5}))?|([^\\[\\]/]+)");
    /** Unspecified, multicast, broadcast; link-local addresses of IPv6 would need a zone. */
    private static final List<IpPrefix> NO_HOSTS = Stream
            .of("0.0.0.0", "::", "224.0.0.0/3", "ff00::/8", "fe80::/10").map(IpPrefix::parse).toList();
    private static final Pattern SIZE = Pattern.compile("([0-9]{1,12})([KMG]?)", Pattern.CASE_INSENSITIVE);

    /**
     * Understands options.
     *
     * @throws ConfigException for the first one that is wrong, in one line
     * @throws IOException if the upstream's host has no address
     */
    static Config of(RunOptions options) throws IOException {
        BypassSet bypass = bypass(options);
        RouteSettings routes = routes(options);
        Path socket = socket(options.socket());
        int queues = number("--queues", options.queues(), 1, MAX_QUEUES);
        long memoryBytes = memory(options.memory(), queues);
        int maxFlows = number("--max-flows", options.maxFlows(), queues, LARGEST_TABLE);
        int maxUdpSessions = number("--max-udp-sessions", options.maxUdpSessions(), queues, LARGEST_TABLE);
        FlowHeap.require(maxFlows, maxUdpSessions, Runtime.getRuntime().maxMemory());
        boolean echoReply = echoReply(options.icmp());
        Redirect dns = dns(options.dns());
        int spares = number("--spares", options.spares(), 0, Socks5Settings.MOST_SPARES);
        long endDelayNanos = SECOND_NANOS * number("--end-delay", options.endDelay(), 0, LONGEST_END_DELAY_SECONDS);
        UpstreamAddress upstream = UpstreamAddress.parse(options.upstream()); // the last, for a look-up may take long
        return new Config(upstream, bypass, routes, socket, options.socket().isEmpty(), options.socketGroup(),
                options.postReplaces(), queues, memoryBytes, maxFlows, maxUdpSessions, options.earlyAccept(), echoReply, dns,
                spares, endDelayNanos);
    }

    private static Path socket(Optional<Path> option) {
        Path path = option.orElseGet(() -> SocketPath.usual(System.getenv()));
        if (path.toString().isEmpty()) {
            throw new ConfigException("--socket: the path is empty; give one, such as /run/wireleap_tun.sock, or leave"
                    + " the option out");
        }
        return path;
    }

    private static BypassSet bypass(RunOptions options) {
        List<IpPrefix> entries = new ArrayList<>();
        for (String text : options.bypass()) {
            if (!text.isBlank()) {
                entries.add(entry("--bypass", text.strip()));
            }
        }
        options.bypassFile().ifPresent(file -> entries.addAll(bypassFile(file)));
        try {
            return BypassSet.of(entries);
        } catch (TooManyEntriesException e) {
            throw new ConfigException("--bypass: " + e.getMessage());
        }
    }

    private static List<IpPrefix> bypassFile(Path file) {
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (IOException e) {
            throw ConfigException.unreadable("--bypass-file", file, e);
        }
        List<IpPrefix> entries = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String text = lines.get(i).strip();
            if (!text.isEmpty() && !text.startsWith("#")) {
                entries.add(entry("--bypass-file " + file + " line " + (i + 1), text));
            }
        }
        return entries;
    }

    private static IpPrefix entry(String where, String text) {
        try {
            return IpPrefix.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ConfigException(where + ": " + e.getMessage());
        }
    }

    private static RouteSettings routes(RunOptions options) {
        // "all" and "default" stand for other things among the kernel's settings of devices.
        if (!TUN_NAME.matcher(options.tun()).matches() || Set.of("all", "default").contains(options.tun())) {
            throw new ConfigException("--tun " + options.tun()
                    + ": a device's name is 1 to 15 letters, digits, dots, dashes or underscores, not all or default,"
                    + " such as wltun0");
        }
        RouteSettings usual = RouteSettings.DEFAULT;
        int base = number("--rule-base", options.ruleBase(), RouteSettings.MIN_RULE_BASE, RouteSettings.MAX_RULE_BASE);
        int mtu = number("--mtu", options.mtu(), MIN_MTU, MAX_MTU);
        IpPrefix ipv4 = usual.ipv4Address();
        IpPrefix ipv6 = usual.ipv6Address();
        for (String text : options.tunAddresses()) {
            IpPrefix address = tunAddress(text.strip());
            ipv4 = address.isIpv4() ? address : ipv4;
            ipv6 = address.isIpv4() ? ipv6 : address;
        }
        return new RouteSettings(base, usual.mark(), options.tun(), ipv4, ipv6, mtu,
                usual.transmitQueuePackets(), UserIds.parse(options.bypassUsers()), options.dns().isPresent(),
                options.strict(), forwarded(options.forwarded()), options.failClosed());
    }

    private static List<String> forwarded(List<String> devices) {
        for (String device : devices) {
            if (!TUN_NAME.matcher(device).matches() || Set.of("all", "default", "lo").contains(device)) {
                throw new ConfigException("--forward " + device + ": must be the name of a device by which others send"
                        + " what this host forwards, such as docker0");
            }
        }
        return devices;
    }

    private static IpPrefix tunAddress(String text) {
        IpPrefix address = entry("--tun-address", text);
        if (!address.isAddress() || NO_HOSTS.stream().anyMatch(network -> network.contains(address))) {
            throw new ConfigException("--tun-address " + text + ": must be a single address that no one else has, such"
                    + " as 10.13.49.0");
        }
        return address;
    }

    private static Redirect dns(Optional<String> option) {
        if (option.isEmpty()) {
            return Redirect.NONE;
        }
        String text = option.get();
        Matcher server = SERVER.matcher(text);
        if (!server.matches()) {
            throw wrongDns(text);
        }
        String address = Stream.of(server.group(1), server.group(2), server.group(4))
                .filter(Objects::nonNull).findFirst().orElseThrow();
        String port = Objects.requireNonNullElse(server.group(3), "53");
        IpPrefix prefix;
        try {
            prefix = IpPrefix.parse(address);
        } catch (IllegalArgumentException e) {
            throw wrongDns(text);
        }
        if (NO_HOSTS.stream().anyMatch(network -> network.contains(prefix))) {
            throw new ConfigException("--dns " + text + ": no server has such an address");
        }
        return new Redirect(prefix.hi(), prefix.lo(), number("--dns " + text + ": the port", port, 1, 65_535));
    }

    private static ConfigException wrongDns(String text) {
        return new ConfigException("--dns " + text + ": must be an address, with a port where it is not 53, such as"
                + " 9.9.9.9, 192.0.2.1:5353 or [2001:db8::53]:5353");
    }

    private static boolean echoReply(String icmp) {
        return switch (icmp.toLowerCase(Locale.ROOT)) {
            case "reply" -> true;
            case "drop" -> false;
            default -> throw new ConfigException("--icmp " + icmp + ": must be reply or drop");
        };
    }

    private static long memory(String text, int queues) {
        Matcher size = SIZE.matcher(text);
        if (!size.matches()) {
            throw new ConfigException("--memory " + text + ": must be a number of bytes, or one with K, M or G behind"
                    + " it, such as 64M");
        }
        int shift = switch (size.group(2).toUpperCase(Locale.ROOT)) {
            case "K" -> 10;
            case "M" -> 20;
            case "G" -> 30;
            default -> 0;
        };
        long number = Long.parseLong(size.group(1));
        if (number > MAX_MEMORY_BYTES >> shift || number << shift < MIN_MEMORY_BYTES) {
            throw new ConfigException("--memory " + text + ": must be from 4M to 64G");
        }
        long bytes = (number << shift) / MIB * MIB;
        if (bytes < queues * MIN_MEMORY_BYTES) {
            throw new ConfigException("--memory " + text + ": must be at least 4M for each of the " + queues
                    + " queues (--queues)");
        }
        return bytes;
    }

    private static int number(String option, String text, int least, int most) {
        try {
            int value = Integer.parseInt(text.strip());
            if (value >= least && value <= most) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below, in the same words as a number out of range
        }
        throw new ConfigException(option + " " + text + ": must be a number from " + least + " to " + most);
    }
}
