package wireleap.tun.routes;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import wireleap.tun.os.linux.netlink.AddressEntry;
import wireleap.tun.os.linux.netlink.NetlinkRequest;
import wireleap.tun.os.linux.netlink.RouteEntry;
import wireleap.tun.os.linux.netlink.RuleEntry;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceAddress;
import wireleap.tun.policy.DeviceRoute;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.ForeignRoute;
import wireleap.tun.policy.ForeignRule;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Rule;
import wireleap.tun.policy.Rule.Action;
import wireleap.tun.policy.Rule.Match;
import wireleap.tun.policy.Step;
import wireleap.tun.policy.ThrowRoute;
import wireleap.tun.policy.UnreachableRoute;

/** What we claim, in rtnetlink's values, and back. */
final class LinuxClaims {
    /** Who made a route or a rule: this program. */
    static final int PROTOCOL = RouteSettings.PROTOCOL;

    private LinuxClaims() {
    }

    static NetlinkRequest request(Step step) {
        return switch (step.claim()) {
            case ThrowRoute route -> request(step, RouteEntry.throwing(route.table(), PROTOCOL,
                    address(route.destination()), route.destination().prefixLength()));
            case DeviceRoute route -> request(step, RouteEntry.unicast(route.table(), PROTOCOL,
                    address(route.destination()), route.destination().prefixLength(), route.device().index(),
                    Optional.empty()));
            case UnreachableRoute route -> request(step, RouteEntry.unreachable(route.table(), PROTOCOL,
                    address(route.destination()), route.destination().prefixLength(), UnreachableRoute.METRIC));
            case DeviceAddress own -> {
                AddressEntry entry = AddressEntry.withoutDetection(own.device().index(), address(own.address()),
                        own.prefixLength());
                yield step.adds() ? entry.add() : entry.delete();
            }
            case Rule rule -> step.adds() ? entry(rule).add() : entry(rule).delete();
        };
    }

    private static NetlinkRequest request(Step step, RouteEntry entry) {
        return step.adds() ? entry.add() : entry.delete();
    }

    private static RuleEntry entry(Rule rule) {
        Match match = rule.match();
        int table = rule.action() instanceof Action.Lookup lookup ? lookup.table() : 0;
        int target = rule.action() instanceof Action.Goto to ? to.preference() : 0;
        int suppressed = rule.action() instanceof Action.Lookup lookup ? lookup.suppressPrefixLength().orElse(-1) : -1;
        RuleEntry.Action action = switch (rule.action()) {
            case Action.Goto to -> RuleEntry.Action.GOTO;
            case Action.Nop nop -> RuleEntry.Action.NOP;
            case Action.Lookup lookup -> RuleEntry.Action.LOOKUP;
        };
        return new RuleEntry(rule.family() == Family.IPV4, rule.preference(), PROTOCOL, match.inverted(),
                match.mark().map(Rule.Mark::value).orElse(0), match.mark().map(Rule.Mark::mask).orElse(0),
                match.inputDevice(), match.from().map(LinuxClaims::address),
                match.from().map(IpPrefix::prefixLength).orElse(0), match.user(), match.destinationPort(),
                action, table, target, suppressed);
    }

    /** Our rule, or none if it is not ours or does what none of ours does. */
    static Optional<Claim> rule(RuleEntry entry) {
        return entry.protocol() != PROTOCOL || entry.action() == RuleEntry.Action.OTHER ? Optional.empty()
                : Optional.of(anyRule(entry));
    }

    /** A rule of somebody else's, or none if it is ours. */
    static Optional<ForeignRule> foreign(RuleEntry entry) {
        return entry.protocol() == PROTOCOL ? Optional.empty() : Optional.of(
                new ForeignRule(anyRule(entry), entry.whole() && entry.action() != RuleEntry.Action.OTHER));
    }

    /** A route that somebody else put into a table of ours, or none if it is ours. */
    static Optional<ForeignRoute> foreign(RouteEntry entry) {
        return entry.protocol() == PROTOCOL ? Optional.empty() : destination(entry)
                .map(destination -> new ForeignRoute(entry.table(), destination, entry.protocol()));
    }

    /** {@code ip rule del ...}, of a rule that is one of ours but for who made it. */
    static NetlinkRequest deletion(Rule rule) {
        return entry(rule).deleteAny();
    }

    /** {@code ip route del ...} */
    static NetlinkRequest deletion(ForeignRoute route) {
        return RouteEntry.throwing(route.table(), route.protocol(), address(route.destination()),
                route.destination().prefixLength()).deleteAny();
    }

    static Rule anyRule(RuleEntry entry) {
        Action action = switch (entry.action()) {
            case GOTO -> new Action.Goto(entry.target());
            case LOOKUP -> new Action.Lookup(entry.table(), entry.suppressPrefixLength() < 0 ? OptionalInt.empty()
                    : OptionalInt.of(entry.suppressPrefixLength()));
            case NOP, OTHER -> new Action.Nop();
        };
        Match match = new Match(entry.inverted(), entry.markMask() == 0 ? Optional.empty()
                : Optional.of(new Rule.Mark(entry.mark(), entry.markMask())), entry.inputDevice(),
                entry.source().map(source -> network(source.getAddress(), entry.sourceLength())), entry.user(),
                entry.destinationPort());
        return new Rule(entry.ipv4() ? Family.IPV4 : Family.IPV6, entry.preference(), match, action);
    }

    /** Our route, or none if it is of a kind that none of ours is. */
    static Optional<Claim> route(RouteEntry entry, Map<Integer, String> names) {
        IpPrefix destination = prefix(entry.destination(), entry.prefixLength());
        if (entry.isThrow()) {
            return Optional.of(new ThrowRoute(entry.table(), destination));
        }
        if (entry.isUnreachable()) {
            return Optional.of(new UnreachableRoute(entry.table(), destination));
        }
        Device device = new Device(entry.device(), names.getOrDefault(entry.device(), "if" + entry.device()));
        return entry.isUnicast() ? Optional.of(new DeviceRoute(entry.table(), destination, device)) : Optional.empty();
    }

    /** Where any route leads; none for what Java takes for another family (a route to IPv4-mapped addresses). */
    static Optional<IpPrefix> destination(RouteEntry entry) {
        boolean fits = entry.prefixLength() <= entry.destination().getAddress().length * Byte.SIZE;
        return fits ? Optional.of(prefix(entry.destination(), entry.prefixLength())) : Optional.empty();
    }

    static Claim address(AddressEntry entry, Device device) {
        return new DeviceAddress(device, address(entry), entry.prefixLength());
    }

    /** The address alone. */
    static IpPrefix address(AddressEntry entry) {
        return prefix(entry.address(), entry.address().getAddress().length * Byte.SIZE);
    }

    /** The kernel keeps the bits behind the length of a rule's source as they were given, and does not heed them. */
    private static IpPrefix network(byte[] address, int prefixLength) {
        for (int bit = prefixLength; bit < address.length * Byte.SIZE; bit++) {
            address[bit / Byte.SIZE] &= (byte) ~(0x80 >> bit % Byte.SIZE);
        }
        return prefix(address, prefixLength);
    }

    private static IpPrefix prefix(InetAddress address, int prefixLength) {
        return prefix(address.getAddress(), prefixLength);
    }

    private static IpPrefix prefix(byte[] address, int prefixLength) {
        ByteBuffer bytes = ByteBuffer.wrap(address);
        return bytes.remaining() == 4 ? IpPrefix.ipv4(bytes.getInt(), prefixLength)
                : new IpPrefix(bytes.getLong(), bytes.getLong(), prefixLength);
    }

    static InetAddress address(IpPrefix prefix) {
        byte[] bytes = prefix.isIpv4() ? ByteBuffer.allocate(4).putInt((int) prefix.lo()).array()
                : ByteBuffer.allocate(16).putLong(prefix.hi()).putLong(prefix.lo()).array();
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }
}
