package wireleap.tun.routes;

import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.RouteEntry;
import wireleap.tun.os.linux.netlink.RouteQuery;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.os.linux.netlink.RuleEntry;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.PlannedWay;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Rule;
import wireleap.tun.routes.RouteExplanation.KernelWay;

/**
 * Asks the kernel which way a new connection goes, in the network namespace of the thread that asks, and compares that
 * with a plan. Changes nothing and needs no privilege.
 *
 * <p>The kernel tells the way, the table and the entry, but not the rule (fib4_rules.c has it and does not say). It is
 * the first that such a connection comes to, walking the rules as the kernel does, which looks into that table and does
 * not suppress that entry.
 */
public final class RouteQuestion {
    private static final int LOCAL = 255;            // RT_TABLE_LOCAL, linux/rtnetlink.h
    private static final int MAIN = 254;             // RT_TABLE_MAIN

    private final RoutePlan plan;
    private final IpPrefix address;
    private final long user;

    private RouteQuestion(RoutePlan plan, IpPrefix address) {
        this.plan = plan;
        this.address = address;
        this.user = plan.settings().capturedUser();
    }

    /**
     * Asks; on a platform thread.
     *
     * @param address a single one
     */
    public static RouteExplanation explain(RoutePlan plan, IpPrefix address) throws RouteRefusedException {
        return new RouteQuestion(plan, address).ask();
    }

    private RouteExplanation ask() throws RouteRefusedException {
        PlannedWay planned = plan.way(address);
        try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena)) {
            RouteQuery query = new RouteQuery(LinuxClaims.address(address), Optional.empty(), OptionalLong.of(user), 0);
            RouteEntry way;
            try {
                way = socket.route(query);
            } catch (ErrnoException e) {
                return new RouteExplanation(address, KernelWay.none(e.getMessage()), planned, !planned.intoTun());
            }
            Optional<RouteEntry> entry = matched(socket, query);
            Optional<RuleEntry> rule = entry.flatMap(found -> deciding(rules(socket), found));
            Map<Integer, String> names = socket.links().stream()
                    .collect(Collectors.toMap(LinkEntry::index, LinkEntry::name));
            String device = names.getOrDefault(way.device(), "device " + way.device());
            KernelWay kernel = new KernelWay(rule.map(found -> LinuxClaims.anyRule(found).words()),
                    Optional.of(Rule.tableName(entry.orElse(way).table())), entry.map(found -> words(found, names)),
                    Optional.of(device), "");
            PlannedWay meant = meant(planned, device, rule);
            return new RouteExplanation(address, kernel, meant, isTun(device) == meant.intoTun());
        } catch (ErrnoException e) {
            throw new RouteRefusedException(e.getMessage(), e);
        }
    }

    /** A way may come of no entry: to a broadcast address, for one. */
    private static Optional<RouteEntry> matched(RouteSocket socket, RouteQuery query) {
        try {
            return Optional.of(socket.matchedRoute(query));
        } catch (ErrnoException e) {
            return Optional.empty();
        }
    }

    private List<RuleEntry> rules(RouteSocket socket) {
        try {
            return socket.rules(address.isIpv4());
        } catch (ErrnoException e) {
            return List.of();
        }
    }

    /** The rule at which the lookup ends, if it ends at this entry; none if one before selects by what is not known. */
    private Optional<RuleEntry> deciding(List<RuleEntry> rules, RouteEntry entry) {
        int from = 0;
        for (RuleEntry rule : rules) {
            boolean looksThere = rule.action() == RuleEntry.Action.LOOKUP && rule.table() == entry.table()
                    && entry.prefixLength() > rule.suppressPrefixLength();
            if (rule.preference() >= from && !rule.whole() && looksThere) {
                return Optional.empty();
            }
            if (rule.preference() >= from && rule.whole() && concerns(rule, user)) {
                if (looksThere) {
                    return Optional.of(rule);
                }
                from = rule.action() == RuleEntry.Action.GOTO ? rule.target() : from;
            }
        }
        return Optional.empty();
    }

    /**
     * Whether a rule is for what this host sends from a socket without source address and mark. Of IPv6 no rule with a
     * source matches then (fib6_rule_match, fib6_rules.c), of IPv4 those whose network holds 0.0.0.0 do.
     */
    static boolean concerns(RuleEntry rule, long user) {
        boolean source = rule.source().map(network -> rule.ipv4() && isUnspecified(network)).orElse(true);
        boolean selected = (rule.mark() & rule.markMask()) == 0 && source
                && (rule.inputDevice().isEmpty() || rule.inputDevice().equals("lo"))
                && rule.user().orElse(user) == user && rule.destinationPort().isEmpty();
        return selected != rule.inverted();
    }

    private static boolean isUnspecified(InetAddress address) {
        return address.isAnyLocalAddress();
    }

    /** What is captured but for what the kernel has of its own, and for the specific routes of its main table. */
    private PlannedWay meant(PlannedWay planned, String device, Optional<RuleEntry> rule) {
        boolean isLeftToHost = !isTun(device) && rule.map(found -> found.table() == LOCAL
                || found.protocol() == RouteSettings.PROTOCOL && found.table() == MAIN).orElse(false);
        return planned.intoTun() && isLeftToHost ? new PlannedWay(false, "left to this host's own routes") : planned;
    }

    private boolean isTun(String device) {
        return plan.device().map(Device::name).map(device::equals).orElse(false);
    }

    private static String words(RouteEntry entry, Map<Integer, String> names) {
        String destination = entry.prefixLength() == 0 ? "default"
                : LinuxClaims.destination(entry).map(IpPrefix::toString).orElse("?");
        return destination + entry.gateway().map(hop -> " via " + hop.getHostAddress()).orElse("")
                + (entry.device() == 0 ? "" : " dev " + names.getOrDefault(entry.device(), "" + entry.device()));
    }
}
