package wireleap.tun.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import org.junit.jupiter.api.Test;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.Rule.Action;
import wireleap.tun.policy.Rule.Match;

class RepairTest {
    private static final Device TUN = new Device(9, "wltun0");
    private static final DeviceState READY = new DeviceState(true, 1500, 1000, List.of("2"), true);
    private static final RoutePlan PLAN = RoutePlan.nothing(RouteSettings.DEFAULT, BypassSet.EMPTY).with(TUN)
            .at(Stage.CAPTURING);

    @Test
    void whatIsAsItShouldBeIsNotTouched() {
        assertTrue(isNothing(repair(PLAN.claims())));
    }

    @Test
    void eachThingThatIsGoneIsMadeAgainAndNothingElse() {
        for (Claim gone : PLAN.claims()) {
            SequencedSet<Claim> seen = PLAN.claims();
            seen.remove(gone);
            assertEquals(new Repair(false, List.of(), List.of(), List.of(new Step(true, gone)), List.of()),
                    repair(seen));
        }
    }

    private static boolean isNothing(Repair repair) {
        return repair.equals(new Repair(false, List.of(), List.of(), List.of(), repair.before()));
    }

    @Test
    void whatIsOursAndNotWantedGoes() {
        SequencedSet<Claim> seen = PLAN.claims();
        Claim more = new ThrowRoute(13492, IpPrefix.parse("192.0.2.2"));
        seen.add(more);
        assertEquals(List.of(new Step(false, more)), repair(seen).steps());
    }

    @Test
    void deviceThatIsNotAsItWasMadeIsBroughtUp() {
        for (DeviceState changed : List.of(
                new DeviceState(false, 1500, 1000, List.of("2"), true),
                new DeviceState(true, 1400, 1000, List.of("2"), true),
                new DeviceState(true, 1500, 999, List.of("2"), true),
                new DeviceState(true, 1500, 1000, List.of("1"), true),
                new DeviceState(true, 1500, 1000, List.of("2"), false))) {
            assertTrue(repair(PLAN.claims(), changed).bringsUp(), changed.toString());
        }
    }

    @Test
    void deviceWithoutIpv6IsRightWhereTheHostHasNone() {
        RoutePlan ipv4 = PLAN.without(Family.IPV6);
        Sighting seen = new Sighting(ipv4.claims(), List.of(), List.of(),
                Optional.of(new DeviceState(true, 1500, 1000, List.of("2"), false)));
        assertTrue(isNothing(Repair.of(ipv4, Optional.of(READY), seen)));
    }

    @Test
    void foreignRouteToWhereOursLeadsIsEvicted() {
        ForeignRoute before = new ForeignRoute(13492, IpPrefix.ALL_IPV6, 3);
        ForeignRoute instead = new ForeignRoute(13492, IpPrefix.parse("224.0.0.0/4"), 4);
        assertEquals(List.of(before, instead), repair(PLAN.claims(), List.of(before, instead), List.of()).routes());
    }

    @Test
    void foreignRouteToElsewhereIsLeftAlone() {
        ForeignRoute elsewhere = new ForeignRoute(13492, IpPrefix.parse("192.0.2.0/24"), 3);
        assertTrue(isNothing(repair(PLAN.claims(), List.of(elsewhere), List.of())));
    }

    @Test
    void foreignRuleThatIsOneOfOursIsEvictedForOurs() {
        SequencedSet<Claim> seen = PLAN.claims();
        Rule ours = new Rule(Family.IPV4, 13499, Match.ALL, new Action.Nop());
        assertTrue(seen.remove(ours));
        Repair repair = repair(seen, List.of(), List.of(new ForeignRule(ours, true)));
        assertEquals(List.of(ours), repair.rules());
        assertEquals(List.of(new Step(true, ours)), repair.steps());
    }

    @Test
    void foreignRuleThatOnlyLooksLikeOursIsLeftAlone() {
        SequencedSet<Claim> seen = PLAN.claims();
        Rule ours = new Rule(Family.IPV4, 13499, Match.ALL, new Action.Nop());
        seen.remove(ours);
        assertEquals(List.of(), repair(seen, List.of(), List.of(new ForeignRule(ours, false))).rules());
    }

    @Test
    void foreignRulesBeforeOursAreNamedAndLeftAlone() {
        ForeignRule before = foreign(100);
        Repair repair = repair(PLAN.claims(), List.of(), List.of(foreign(0), before, foreign(13_498), foreign(32_766)));
        assertEquals(List.of(before, foreign(13_498)), repair.before());
        assertTrue(isNothing(repair));
    }

    private static ForeignRule foreign(int preference) {
        return new ForeignRule(new Rule(Family.IPV4, preference, Match.ALL, new Action.Lookup(77, OptionalInt.empty())),
                true);
    }

    @Test
    void closedPlanLetsNothingPastTheTun() {
        SequencedSet<Claim> closed = PLAN.withoutDevice().claims();
        for (IpPrefix all : List.of(IpPrefix.ALL_IPV4, IpPrefix.ALL_IPV6)) {
            assertTrue(closed.contains(new UnreachableRoute(13492, all)));
        }
        assertFalse(closed.stream().anyMatch(claim -> claim instanceof DeviceRoute || claim instanceof DeviceAddress));
        assertTrue(closed.containsAll(PLAN.claims().stream()
                .filter(claim -> claim instanceof Rule rule && rule.preference() != 13489).toList()));
    }

    private static Repair repair(SequencedSet<Claim> seen) {
        return repair(seen, READY);
    }

    private static Repair repair(SequencedSet<Claim> seen, DeviceState device) {
        return Repair.of(PLAN, Optional.of(READY), new Sighting(new LinkedHashSet<>(seen), List.of(), List.of(),
                Optional.of(device)));
    }

    private static Repair repair(SequencedSet<Claim> seen, List<ForeignRoute> routes, List<ForeignRule> rules) {
        return Repair.of(PLAN, Optional.of(READY), new Sighting(seen, routes, rules, Optional.of(READY)));
    }
}
