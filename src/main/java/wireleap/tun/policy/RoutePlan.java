package wireleap.tun.policy;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import java.util.Set;
import java.util.TreeMap;
import wireleap.tun.policy.Rule.Action;
import wireleap.tun.policy.Rule.Match;

/**
 * What the kernel's routing should have of this daemon at some moment: a pure value. {@link #claims} says it in full,
 * {@link #diff} how to get there.
 *
 * @param settings fixed from start to end
 * @param stage how far the start has come
 * @param families the ones that the kernel has
 * @param device the TUN, present from {@link Stage#DEVICE_UP} on
 * @param bypass the bypass list
 * @param loosened uplinks whose reverse path filter was loosened for {@code --strict}, with its value before, 0 or 1.
 *     The kernel keeps this as rules that do nothing, so that whoever comes after a killed daemon can put it back
 */
public record RoutePlan(RouteSettings settings, Stage stage, Set<Family> families, Optional<Device> device,
        BypassSet bypass, Map<String, Integer> loosened) {
    /** How far the start has come; each stage includes the ones before it. */
    public enum Stage {
        /** Nothing of ours is there. */
        NOTHING,
        /** The throws stand and marked packets go their way; nothing is captured. */
        PREPARED,
        /** The TUN has its addresses and its routes; what has its address as source stays in it. */
        DEVICE_UP,
        /** The host's traffic goes into the TUN. */
        CAPTURING,
        /** As before, but what has no way into the TUN has none at all, and the TUN may be gone. */
        CLOSED
    }

    private static final int MAIN = 254;             // RT_TABLE_MAIN, linux/rtnetlink.h
    private static final int DNS_PORT = 53;
    private static final List<IpPrefix> PERMANENT_THROWS = List.of(
            IpPrefix.parse("224.0.0.0/4"), IpPrefix.parse("255.255.255.255"), IpPrefix.parse("169.254.0.0/16"),
            IpPrefix.parse("ff00::/8"), IpPrefix.parse("fe80::/10"));

    /** @throws IllegalArgumentException if the stage needs a device and none is given */
    public RoutePlan {
        families = Set.copyOf(families);
        loosened = Map.copyOf(loosened);
        if (stage.compareTo(Stage.DEVICE_UP) >= 0 && stage != Stage.CLOSED && device.isEmpty()) {
            throw new IllegalArgumentException("no stage " + stage + " without a device");
        }
    }

    /** The plan to have nothing of a family yet, nor a TUN. */
    public static RoutePlan nothing(RouteSettings settings, BypassSet bypass) {
        return new RoutePlan(settings, Stage.NOTHING, EnumSet.allOf(Family.class), Optional.empty(), bypass, Map.of());
    }

    /** This plan at another stage. */
    public RoutePlan at(Stage other) {
        return new RoutePlan(settings, other, families, device, bypass, loosened);
    }

    /** This plan with a TUN. */
    public RoutePlan with(Device tun) {
        return new RoutePlan(settings, stage, families, Optional.of(tun), bypass, loosened);
    }

    /** This plan after the TUN has gone: closed. */
    public RoutePlan withoutDevice() {
        return new RoutePlan(settings, Stage.CLOSED, families, Optional.empty(), bypass, loosened);
    }

    /** This plan with another list. */
    public RoutePlan with(BypassSet list) {
        return new RoutePlan(settings, stage, families, device, list, loosened);
    }

    /** This plan with other uplinks whose reverse path filter was loosened. */
    public RoutePlan with(Map<String, Integer> uplinks) {
        return new RoutePlan(settings, stage, families, device, bypass, uplinks);
    }

    /** This plan with a family that was absent. */
    public RoutePlan with(Family present) {
        Set<Family> more = new LinkedHashSet<>(families);
        more.add(present);
        return new RoutePlan(settings, stage, more, device, bypass, loosened);
    }

    /** This plan without a family. */
    public RoutePlan without(Family absent) {
        Set<Family> left = new LinkedHashSet<>(families);
        left.remove(absent);
        return new RoutePlan(settings, stage, left, device, bypass, loosened);
    }

    /**
     * Which of the throws found in the bypass table a predecessor had as its list, sorted.
     *
     * @param observed what was found
     */
    public List<IpPrefix> adopted(Set<Claim> observed) {
        return observed.stream()
                .filter(claim -> claim instanceof ThrowRoute found && found.table() == settings.bypassTable())
                .map(claim -> ((ThrowRoute) claim).destination())
                .filter(entry -> entry.prefixLength() > 0 && !PERMANENT_THROWS.contains(entry))
                .sorted().toList();
    }

    /**
     * Whether a predecessor's rules lead the host's traffic into a TUN.
     *
     * @param observed what was found
     */
    public static boolean captures(Set<Claim> observed) {
        return observed.stream().anyMatch(claim -> claim instanceof Rule rule && rule.captures());
    }

    /**
     * Whether a predecessor has closed its tables, because its TUN was gone.
     *
     * @param observed what was found
     */
    public static boolean isClosed(Set<Claim> observed) {
        return observed.stream().anyMatch(UnreachableRoute.class::isInstance);
    }

    /**
     * The uplinks whose reverse path filter a predecessor has loosened, with its value before.
     *
     * @param observed what was found
     */
    public static Map<String, Integer> noted(Set<Claim> observed) {
        Map<String, Integer> noted = new TreeMap<>();
        for (Claim claim : observed) {
            if (claim instanceof Rule rule && rule.action() instanceof Action.Nop) {
                rule.match().mark().ifPresent(mark -> noted.put(rule.match().inputDevice(), mark.value()));
            }
        }
        return noted;
    }

    /** A rule that does nothing: its mark says the value. */
    private Rule note(String uplink, int value) {
        return new Rule(Family.IPV4, settings.notePreference(),
                Match.ALL.inputDevice(uplink).mark(new Rule.Mark(value, 0xff)), new Action.Nop());
    }

    /** All that should be there, in the order in which it is to be made. */
    public SequencedSet<Claim> claims() {
        List<Claim> claims = new ArrayList<>(bypass.size() + 40);
        for (Family family : Family.values()) {
            if (families.contains(family) && stage != Stage.NOTHING) {
                prepared(family, claims);
            }
            if (family == Family.IPV4 && stage != Stage.NOTHING) {
                loosened.forEach((uplink, value) -> claims.add(note(uplink, value)));
            }
            if (families.contains(family) && stage.compareTo(Stage.DEVICE_UP) >= 0) {
                device.ifPresent(tun -> deviceUp(family, tun, claims));
            }
            if (families.contains(family) && stage == Stage.CLOSED) {
                claims.add(new UnreachableRoute(settings.bypassTable(), everything(family)));
            }
            if (families.contains(family) && stage.compareTo(Stage.CAPTURING) >= 0) {
                capturing(family, claims);
            }
        }
        claims.sort(Comparator.comparingInt(Claim::rank));
        return new LinkedHashSet<>(claims);
    }

    private void prepared(Family family, List<Claim> claims) {
        PERMANENT_THROWS.stream().filter(permanent -> Family.of(permanent) == family)
                .forEach(permanent -> claims.add(new ThrowRoute(settings.bypassTable(), permanent)));
        bypass.entries().stream().filter(entry -> entry.needsRoute() && Family.of(entry) == family)
                .forEach(entry -> claims.add(new ThrowRoute(settings.bypassTable(), entry)));
        claims.add(new Rule(family, settings.endPreference(), Match.ALL, new Action.Nop()));
        claims.add(rule(family, 0, Match.ALL.mark(settings.mark()), end()));
    }

    private void deviceUp(Family family, Device tun, List<Claim> claims) {
        IpPrefix everything = everything(family);
        claims.add(new DeviceAddress(tun, settings.address(family), RouteSettings.prefixLength(family)));
        claims.add(new DeviceRoute(settings.bypassTable(), everything, tun));
        claims.add(new DeviceRoute(settings.tunTable(), everything, tun));
        claims.add(rule(family, 1, Match.OWN.from(settings.address(family)), lookup(settings.tunTable())));
    }

    private static IpPrefix everything(Family family) {
        return family == Family.IPV4 ? IpPrefix.ALL_IPV4 : IpPrefix.ALL_IPV6;
    }

    private void capturing(Family family, List<Claim> claims) {
        for (long user : settings.bypassUsers()) {
            claims.add(rule(family, 2, Match.OWN.user(user), end()));
        }
        Match localIsTheUsers = settings.capturesDns() ? Match.ALL.destinationPort(DNS_PORT).not() : Match.ALL;
        claims.add(rule(family, 3, localIsTheUsers, new Action.Lookup(MAIN, OptionalInt.of(0))));
        own(family, claims);
        for (String device : settings.forwarded()) {
            claims.add(rule(family, 7, Match.ALL.inputDevice(device), lookup(settings.bypassTable())));
        }
    }

    /**
     * What this host sends itself; unless it is strict, only of sockets without a source address. IPv6 says that by
     * sending away whatever has one.
     */
    private void own(Family family, List<Claim> claims) {
        if (settings.strict()) {
            claims.add(rule(family, family == Family.IPV4 ? 4 : 6, Match.OWN, lookup(settings.bypassTable())));
        } else if (family == Family.IPV4) {
            claims.add(rule(family, 4, Match.OWN.from(IpPrefix.ipv4(0, 32)), lookup(settings.bypassTable())));
        } else {
            claims.add(rule(family, 4, Match.OWN.from(IpPrefix.parse("::/1")), end()));
            claims.add(rule(family, 5, Match.OWN.from(IpPrefix.parse("8000::/1")), end()));
            claims.add(rule(family, 6, Match.OWN, lookup(settings.bypassTable())));
        }
    }

    /**
     * Which way a new connection goes by this plan, of a socket that has no source address, no mark and none of the
     * bypass users, where no rule before ours and no specific route of the host's own takes it.
     */
    public PlannedWay way(IpPrefix address) {
        Family family = Family.of(address);
        Optional<IpPrefix> bypassed = bypass.entryFor(address.hi(), address.lo());
        Optional<IpPrefix> permanent = PERMANENT_THROWS.stream()
                .filter(network -> network.contains(address.hi(), address.lo())).findFirst();
        if (!families.contains(family)) {
            return new PlannedWay(false, "the kernel has no " + (family == Family.IPV4 ? "IPv4" : "IPv6"));
        }
        if (stage.compareTo(Stage.CAPTURING) < 0) {
            return new PlannedWay(false, "nothing is captured now");
        }
        if (bypassed.isPresent()) {
            return new PlannedWay(false, "bypass entry " + bypassed.get());
        }
        return permanent.map(network -> new PlannedWay(false, "never captured: " + network))
                .orElseGet(() -> new PlannedWay(true, "captured"));
    }

    private Rule rule(Family family, int offset, Match match, Action action) {
        return new Rule(family, settings.ruleBase() + offset, match, action);
    }

    private Action end() {
        return new Action.Goto(settings.endPreference());
    }

    private static Action lookup(int table) {
        return new Action.Lookup(table, OptionalInt.empty());
    }

    /**
     * The steps from what is there to what should be: first what is new, in the order of the desired, then what is no
     * longer wanted, in the reverse of the order in which it was made. Nothing that is in both is touched; with equal
     * sets there is no step.
     */
    public static List<Step> diff(Set<Claim> observed, SequencedSet<Claim> desired) {
        List<Step> steps = new ArrayList<>();
        desired.stream().filter(claim -> !observed.contains(claim)).forEach(claim -> steps.add(new Step(true, claim)));
        observed.stream().filter(claim -> !desired.contains(claim)).toList().reversed().stream()
                .sorted(Comparator.comparingInt(Claim::rank).reversed())
                .forEach(claim -> steps.add(new Step(false, claim)));
        return steps;
    }
}
