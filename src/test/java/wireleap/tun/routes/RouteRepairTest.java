package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.routes.RouteKeeperTest.claims;
import static wireleap.tun.routes.RouteKeeperTest.list;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceState;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.ForeignRoute;
import wireleap.tun.policy.ForeignRule;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Rule;
import wireleap.tun.policy.UnreachableRoute;
import wireleap.tun.routes.FakeHost.Fault;

/** Repair on a kernel in memory and a clock that stands still unless it is told to go on. */
class RouteRepairTest {
    private static final String[] LIST = {"192.0.2.1", "2001:db8::1"};
    private static final Device TUN = new Device(9, "wltun0");
    private static final long SECOND = 1_000_000_000;

    private final FakeHost host = new FakeHost();
    private final List<String> told = new ArrayList<>();
    private long nowNanos = 1000 * SECOND;
    private KeptRoutes kept;
    private RouteRepair repair;

    @BeforeEach
    void capture() throws Exception {
        capture(RouteSettings.DEFAULT);
    }

    private void capture(RouteSettings settings) throws Exception {
        host.kernel.clear();
        kept = new KeptRoutes(host, RoutePlan.nothing(settings, BypassSet.of(list(LIST))));
        kept.bringUp(TUN);
        kept.reach(kept.plan().with(TUN).at(Stage.CAPTURING));
        repair = new RouteRepair(kept, host, () -> nowNanos, new RouteListener() {
            @Override
            public void bypassed(BypassSet added) {
                throw new AssertionError();
            }

            @Override
            public void failed(String reason) {
                told.add("failed: " + reason);
            }

            @Override
            public void recovered() {
                told.add("recovered");
            }
        }, new EventLog());
        host.done.clear();
    }

    @Test
    void whatIsGoneComesBackAndIsCounted() throws Exception {
        for (Claim gone : List.copyOf(host.kernel)) {
            host.kernel.remove(gone);
            repair.tend();
            assertEquals(claims(Stage.CAPTURING, LIST), host.kernel);
        }
        assertEquals(host.kernel.size(), repair.repairs());
    }

    @Test
    void withNothingChangedNothingIsDone() throws Exception {
        repair.tend();
        assertEquals(List.of(), host.done);
        assertEquals(0, repair.repairs());
    }

    @Test
    void changedDeviceIsBroughtUp() throws Exception {
        host.device = Optional.of(new DeviceState(false, 1500, 1000, List.of("2"), true));
        repair.tend();
        assertEquals(Optional.of(FakeHost.UP), host.device);
        assertEquals(1, repair.repairs());
    }

    @Test
    void foreignRouteInTheWayIsEvicted() throws Exception {
        host.routes.add(new ForeignRoute(13492, IpPrefix.ALL_IPV4, 3));
        repair.tend();
        assertEquals(List.of(), host.routes);
    }

    @Test
    void foreignRuleInOursPlaceIsEvicted() throws Exception {
        Rule ours = (Rule) host.kernel.stream().filter(Rule.class::isInstance).findFirst().orElseThrow();
        host.kernel.remove(ours);
        host.rules.add(new ForeignRule(ours, true));
        repair.tend();
        assertEquals(List.of(), host.rules);
        assertTrue(host.kernel.contains(ours));
    }

    @Test
    void theSameThingComesBackTenTimesAMinuteAndThenItIsSaid() throws Exception {
        Claim contested = host.kernel.iterator().next();
        for (int i = 0; i < 10; i++) {
            host.kernel.remove(contested);
            repair.tend();
            assertEquals(List.of(), repair.troubles());
        }
        host.kernel.remove(contested);
        repair.tend();
        assertEquals(10, repair.repairs());
        assertTrue(repair.troubles().getFirst().contains(contested.words()), repair.troubles().toString());
        assertEquals(60 * SECOND, repair.waitNanos());
        nowNanos += 60 * SECOND;
        repair.tend();
        assertEquals(claims(Stage.CAPTURING, LIST), host.kernel);
        assertEquals(List.of(), repair.troubles());
    }

    @Test
    void whatCannotBePutRightClosesTheWayAndIsFailed() throws Exception {
        Claim gone = claims(Stage.DEVICE_UP, LIST).stream().filter(claim -> claim.words().startsWith("default"))
                .findFirst().orElseThrow();
        host.kernel.remove(gone);
        host.unwanted.add(gone);
        for (int i = 0; i < 5; i++) {
            repair.tend();
        }
        assertEquals(List.of("failed: ip route add " + gone.words() + ": EPERM (1), not today"), told);
        Set<Claim> closed = new LinkedHashSet<>(claims(Stage.CAPTURING, LIST));
        closed.remove(gone);
        closed.add(new UnreachableRoute(13492, IpPrefix.ALL_IPV4));
        closed.add(new UnreachableRoute(13492, IpPrefix.ALL_IPV6));
        assertEquals(closed, host.kernel);
        assertTrue(repair.troubles().getFirst().contains("EPERM"), repair.troubles().toString());
        assertTrue(repair.waitNanos() <= 5 * SECOND);
    }

    @Test
    void rulesOfOthersThatLeadElsewhereAreSaidAndStay() throws Exception {
        host.rules.add(new ForeignRule(new Rule(Family.IPV4, 100, Rule.Match.ALL,
                new Rule.Action.Lookup(51820, OptionalInt.empty())), true));
        repair.tend();
        assertEquals(List.of(), repair.troubles());
        host.way = OptionalInt.of(2);
        repair.tend();
        assertTrue(repair.troubles().getFirst().contains("rule pref 100 lookup 51820"), repair.troubles().toString());
        assertEquals(1, host.rules.size());
    }

    @Test
    void rulesOfOthersAreAskedAboutAsSomebodyWhoIsCaptured() throws Exception {
        capture(settings(List.of(0L, 65_534L), false, false));
        host.wayOf = 65_533;
        host.rules.add(new ForeignRule(new Rule(Family.IPV4, 100, Rule.Match.ALL.mark(new Rule.Mark(1, 1)),
                new Rule.Action.Lookup(51820, OptionalInt.empty())), true));
        repair.tend();
        assertEquals(List.of(), repair.troubles());
    }

    @Test
    void uplinkThatSomebodyMakesStrictAgainIsLoosenedAndCounted() throws Exception {
        host.filters.put("eth0", 1);
        capture(settings(List.of(), true, false));
        repair.tend();
        assertEquals(2, host.filters.get("eth0"));
        assertEquals(0, repair.repairs());
        host.filters.put("eth0", 1);
        repair.tend();
        assertEquals(2, host.filters.get("eth0"));
        assertEquals(1, repair.repairs());
        assertEquals(Map.of("eth0", 1), RoutePlan.noted(host.kernel));
    }

    @Test
    void uplinkThatIsMadeStrictAgainAndAgainIsLeftSoForAMinute() throws Exception {
        capture(settings(List.of(), true, false));
        for (int i = 0; i < 12; i++) {
            host.filters.put("eth0", 1);
            repair.tend();
        }
        assertEquals(1, host.filters.get("eth0"));
        assertTrue(repair.troubles().getFirst().contains("rp_filter 2 of eth0"), repair.troubles().toString());
    }

    @Test
    void sysctlThatWouldLeadPastTheTunOfADeadDaemonIsSaidAsLongAsItIsThere() throws Exception {
        capture(settings(List.of(), false, true));
        host.holds = false;
        repair.tend();
        assertTrue(repair.troubles().getFirst().contains("ignore_routes_with_linkdown"), repair.troubles().toString());
        host.holds = true;
        repair.tend();
        assertEquals(List.of(), repair.troubles());
    }

    private static RouteSettings settings(List<Long> bypassUsers, boolean strict, boolean failClosed) {
        RouteSettings usual = RouteSettings.DEFAULT;
        return new RouteSettings(usual.ruleBase(), usual.mark(), usual.tunName(), usual.ipv4Address(), usual.ipv6Address(),
                usual.mtu(), usual.transmitQueuePackets(), bypassUsers, false, strict, List.of(), failClosed);
    }

    @Test
    void oneRefusalIsNoFailure() throws Exception {
        Claim gone = host.kernel.iterator().next();
        host.kernel.remove(gone);
        int now = host.steps;
        host.faultAt = step -> step == now;
        repair.tend();
        repair.tend();
        assertEquals(List.of(), told);
        assertEquals(claims(Stage.CAPTURING, LIST), host.kernel);
    }

    @Test
    void failedDaemonRecoversWhenTheKernelLetsIt() throws Exception {
        whatCannotBePutRightClosesTheWayAndIsFailed();
        host.unwanted.clear();
        nowNanos += 5 * SECOND;
        repair.tend();
        assertEquals("recovered", told.getLast());
        assertEquals(claims(Stage.CAPTURING, LIST), host.kernel);
        assertEquals(List.of(), repair.troubles());
    }

    @Test
    void kernelThatDoesNotSayWhatItHasIsAskedAgain() throws Exception {
        host.kernel.remove(host.kernel.iterator().next());
        host.blind = () -> host.looks < 4;
        repair.tend();
        assertTrue(repair.troubles().getFirst().contains("ENOBUFS"), repair.troubles().toString());
        repair.tend();
        repair.tend();
        assertEquals(claims(Stage.CAPTURING, LIST), host.kernel);
    }

    @Test
    void withTheTunGoneNothingGetsPast() throws Exception {
        host.device = Optional.empty();
        host.kernel.removeIf(claim -> claim.words().contains("dev wltun0"));
        repair.tend();
        assertEquals(kept.plan().withoutDevice().claims(), host.kernel);
        assertEquals(List.of("failed: wltun0 was deleted by somebody"), told);
        assertTrue(repair.troubles().getFirst().contains("deleted"), repair.troubles().toString());
    }

    @Test
    void familyThatGoesIsLeftOutAndHasItsRoutesWhenItComesBack() throws Exception {
        host.absent.add(Family.IPV6);
        host.kernel.removeIf(claim -> claim.family() == Family.IPV6 && !(claim instanceof Rule));
        repair.tend();
        assertEquals(Set.of(Family.IPV4), kept.plan().families());
        host.absent.clear();
        repair.tend();
        assertEquals(Set.of(Family.values()), kept.plan().families());
        assertEquals(claims(Stage.CAPTURING, LIST), host.kernel);
    }

    @Test
    void familyThatComesWhileTheTunCannotBeBroughtUpIsTriedAgain() throws Exception {
        host.absent.add(Family.IPV6);
        host.kernel.removeIf(claim -> claim.family() == Family.IPV6 && !(claim instanceof Rule));
        repair.tend();
        host.absent.clear();
        host.upFails = true;
        repair.tend();
        host.upFails = false;
        repair.tend();
        assertEquals(claims(Stage.CAPTURING, LIST), host.kernel);
    }

    @ParameterizedTest
    @EnumSource(Fault.class)
    void everyStepOfEveryRepairMayFailOnce(Fault fault) throws Exception {
        List<Claim> all = List.copyOf(host.kernel);
        host.fault = fault;
        for (int failing = 0; failing < all.size(); failing++) {
            host.kernel.clear();
            int at = host.steps + failing;
            host.faultAt = step -> step == at;
            nowNanos += 60 * SECOND;
            repair.tend();
            repair.tend();
            assertEquals(claims(Stage.CAPTURING, LIST), host.kernel, fault + " at " + failing);
        }
        assertEquals(List.of(), told);
    }
}
