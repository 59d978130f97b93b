package wireleap.tun.policy;

import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;

/**
 * What is to be done so that a plan holds again after others changed something: a pure value.
 *
 * @param bringsUp whether the TUN must be brought up anew before anything else
 * @param rules of others that stand where ours must: each is one of ours but for who made it
 * @param routes of others in our tables that lead where one of ours does, and so come before it or in its place
 * @param steps what is to be made and removed after that
 * @param before rules of others that a packet meets before the last one that leads into the TUN: they stay, and may lead
 *     it elsewhere
 */
public record Repair(boolean bringsUp, List<Rule> rules, List<ForeignRoute> routes, List<Step> steps,
        List<ForeignRule> before) {
    /**
     * The way from what was seen to what should be; of no step if that is the same. Rules of others that are not equal to
     * ours, and routes of others to where none of ours leads, are left alone.
     *
     * @param ready how the TUN stood when it had been brought up; empty: it was not yet
     */
    public static Repair of(RoutePlan plan, Optional<DeviceState> ready, Sighting seen) {
        SequencedSet<Claim> desired = plan.claims();
        List<ForeignRoute> routes = seen.routes().stream().filter(route -> leadsWhereOneDoes(route, desired, plan))
                .toList();
        List<Rule> rules = seen.rules().stream().filter(ForeignRule::whole).map(ForeignRule::rule)
                .filter(rule -> desired.contains(rule) && !seen.claims().contains(rule)).toList();
        boolean needsIpv6 = plan.families().contains(Family.IPV6);
        boolean bringsUp = ready.isPresent()
                && seen.device().filter(state -> !state.isAs(ready.get(), needsIpv6)).isPresent();
        List<ForeignRule> before = seen.rules().stream().filter(rule -> comesBefore(rule.rule(), plan)).toList();
        return new Repair(bringsUp, rules, routes, RoutePlan.diff(seen.claims(), desired), before);
    }

    /** The kernel's own first rule, which leads to what is this host's, is in nobody's way. */
    private static boolean comesBefore(Rule rule, RoutePlan plan) {
        return plan.stage() == RoutePlan.Stage.CAPTURING && rule.preference() > 0
                && rule.preference() < plan.settings().endPreference();
    }

    private static boolean leadsWhereOneDoes(ForeignRoute route, Set<Claim> desired, RoutePlan plan) {
        return desired.contains(new ThrowRoute(route.table(), route.destination())) || plan.device().stream()
                .anyMatch(tun -> desired.contains(new DeviceRoute(route.table(), route.destination(), tun)));
    }
}
