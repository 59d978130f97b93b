package wireleap.tun.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import wireleap.tun.policy.RoutePlan.Stage;

class RoutePlanTest {
    private static final Device TUN = new Device(7, "wltun0");
    private static final RoutePlan NOTHING = plan(RouteSettings.DEFAULT);

    @Test
    void ipv4IsAsDrawn() throws Exception {
        assertEquals("""
                route throw 224.0.0.0/4 table 13492
                route throw 255.255.255.255 table 13492
                route throw 169.254.0.0/16 table 13492
                route throw 192.0.2.1 table 13492
                rule pref 13499 nop
                rule pref 13488 fwmark 0x574c/0xffff goto 13499
                address 10.13.49.0/31 dev wltun0
                route default dev wltun0 table 13492
                route default dev wltun0 table 13493
                rule pref 13489 iif lo from 10.13.49.0 lookup 13493
                rule pref 13491 lookup main suppress_prefixlength 0
                rule pref 13492 iif lo from 0.0.0.0 lookup 13492
                """, words(capturing().without(Family.IPV6)));
    }

    @Test
    void ipv6IsAsDrawn() throws Exception {
        assertEquals("""
                route throw ff00::/8 table 13492
                route throw fe80::/10 table 13492
                route throw 2001:db8::/32 table 13492
                rule pref 13499 nop
                rule pref 13488 fwmark 0x574c/0xffff goto 13499
                address fd13:490:574c::/127 dev wltun0 nodad
                route default dev wltun0 table 13492
                route default dev wltun0 table 13493
                rule pref 13489 iif lo from fd13:490:574c:: lookup 13493
                rule pref 13491 lookup main suppress_prefixlength 0
                rule pref 13492 iif lo from ::/1 goto 13499
                rule pref 13493 iif lo from 8000::/1 goto 13499
                rule pref 13494 iif lo lookup 13492
                """, words(capturing().without(Family.IPV4)));
    }

    @Test
    void bypassUsersAreLeftAloneInBothFamilies() {
        RoutePlan plan = plan(settings(13_488, List.of(1000L, 33L, 1000L), false)).with(TUN).at(Stage.CAPTURING);
        assertEquals(List.of("rule add pref 13490 iif lo uidrange 33-33 goto 13499",
                        "rule add pref 13490 iif lo uidrange 1000-1000 goto 13499",
                        "-6 rule add pref 13490 iif lo uidrange 33-33 goto 13499",
                        "-6 rule add pref 13490 iif lo uidrange 1000-1000 goto 13499"),
                steps(plan).filter(words -> words.contains("pref 13490")).toList());
    }

    @Test
    void dnsIsCapturedEvenToTheLan() {
        RoutePlan plan = plan(settings(13_488, List.of(), true)).with(TUN).at(Stage.CAPTURING);
        assertEquals(List.of("rule add not pref 13491 dport 53 lookup main suppress_prefixlength 0",
                        "-6 rule add not pref 13491 dport 53 lookup main suppress_prefixlength 0"),
                steps(plan).filter(words -> words.contains("13491")).toList());
    }

    @Test
    void strictCapturesWhateverTheSource() {
        RoutePlan plan = plan(settings(true, List.of())).with(TUN).at(Stage.CAPTURING);
        assertEquals(List.of("rule add pref 13492 iif lo lookup 13492", "-6 rule add pref 13494 iif lo lookup 13492"),
                steps(plan).filter(words -> words.matches(".* pref 1349[2-8] .*")).toList());
    }

    @Test
    void whatIsForwardedFromADeviceIsCapturedInBothFamilies() {
        RoutePlan plan = plan(settings(false, List.of("docker0", "br1", "docker0"))).with(TUN).at(Stage.CAPTURING);
        assertEquals(List.of("rule add pref 13495 iif br1 lookup 13492", "rule add pref 13495 iif docker0 lookup 13492",
                        "-6 rule add pref 13495 iif br1 lookup 13492", "-6 rule add pref 13495 iif docker0 lookup 13492"),
                steps(plan).filter(words -> words.contains("pref 13495")).toList());
    }

    @Test
    void aLoosenedUplinkIsNotedInTheKernelBeforeAnythingIsCaptured() {
        Map<String, Integer> uplinks = Map.of("eth0", 1, "wlan0", 0);
        RoutePlan prepared = NOTHING.with(uplinks).at(Stage.PREPARED);
        assertEquals(Set.of("rule add pref 13498 fwmark 0x1/0xff iif eth0 nop",
                        "rule add pref 13498 fwmark 0x0/0xff iif wlan0 nop"),
                steps(prepared).filter(words -> words.contains("iif")).collect(Collectors.toSet()));
        assertEquals(uplinks, RoutePlan.noted(prepared.claims()));
    }

    @Test
    void onlyWhatCapturesIsFoundCapturing() throws Exception {
        assertTrue(RoutePlan.captures(capturing().claims()));
        assertTrue(RoutePlan.captures(capturing().without(Family.IPV4).claims()));
        assertFalse(RoutePlan.captures(capturing().at(Stage.DEVICE_UP).claims()));
    }

    @Test
    void allNumbersFollowFromTheBase() {
        String byDefault = words(NOTHING.with(TUN).at(Stage.CAPTURING));
        String moved = words(plan(settings(20_000, List.of(), false)).with(TUN).at(Stage.CAPTURING));
        for (int offset = 0; offset <= 11; offset++) {
            byDefault = byDefault.replace("" + (13_488 + offset), "" + (20_000 + offset));
        }
        assertEquals(byDefault, moved);
    }

    @Test
    void baseStaysClearOfTheKernelsOwnNumbers() {
        assertThrows(IllegalArgumentException.class, () -> settings(255, List.of(), false));
        assertThrows(IllegalArgumentException.class, () -> settings(32_755, List.of(), false));
        assertEquals(32_765, settings(32_754, List.of(), false).endPreference());
    }

    @Test
    void loopbackEntriesNeedNoRoute() throws Exception {
        BypassSet set = BypassSetTest.set("127.0.0.1", "::1", "0.0.0.0", "::", "192.0.2.1");
        RoutePlan prepared = NOTHING.at(Stage.PREPARED);
        assertEquals(prepared.claims().size() + 1, prepared.with(set).claims().size());
    }

    @Test
    void permanentThrowStaysWhenAnEntryLikeItGoes() throws Exception {
        RoutePlan prepared = NOTHING.at(Stage.PREPARED);
        RoutePlan listed = prepared.with(BypassSetTest.set("224.0.0.0/4"));
        assertEquals(List.of(), RoutePlan.diff(listed.claims(), prepared.claims()));
    }

    @Test
    void stageThatNeedsADeviceHasOne() {
        assertThrows(IllegalArgumentException.class, () -> NOTHING.at(Stage.DEVICE_UP));
    }

    @Test
    void flowsStayInTheTunWhenNothingNewIsLedIntoIt() throws Exception {
        RoutePlan stopping = capturing().at(Stage.DEVICE_UP);
        assertEquals(List.of("pref 13489 iif lo from 10.13.49.0 lookup 13493",
                        "pref 13489 iif lo from fd13:490:574c:: lookup 13493"),
                stopping.claims().stream().map(Claim::words).filter(words -> words.contains(" iif lo ")).toList());
    }

    @Test
    void eachStageIncludesTheOneBefore() {
        RoutePlan plan = NOTHING.with(TUN);
        for (int i = 1; i < Stage.values().length; i++) {
            assertTrue(plan.at(Stage.values()[i]).claims().containsAll(plan.at(Stage.values()[i - 1]).claims()));
        }
        assertTrue(plan.claims().isEmpty());
    }

    @Test
    void newRoutesComeBeforeOldOnesGoAndCommonOnesStay() throws Exception {
        RoutePlan before = NOTHING.at(Stage.PREPARED).with(BypassSetTest.set("1.0.0.0/8", "2.0.0.0/8", "3.0.0.0/8"));
        RoutePlan after = before.with(BypassSetTest.set("4.0.0.0/8", "2.0.0.0/8", "5.0.0.0/8"));
        assertEquals(List.of("route add throw 4.0.0.0/8 table 13492", "route add throw 5.0.0.0/8 table 13492",
                        "route del throw 3.0.0.0/8 table 13492", "route del throw 1.0.0.0/8 table 13492"),
                RoutePlan.diff(before.claims(), after.claims()).stream().map(Step::words).toList());
    }

    @Test
    void whatComesLastGoesFirst() throws Exception {
        List<Step> up = RoutePlan.diff(Set.of(), capturing().claims());
        List<Step> down = RoutePlan.diff(capturing().claims(), NOTHING.claims());
        assertEquals(up.reversed().stream().map(step -> new Step(!step.adds(), step.claim())).toList(), down);
    }

    @Test
    void anythingFoundIsTakenDownInTheReverseOfTheOrderOfMaking() throws Exception {
        List<Claim> found = new ArrayList<>(capturing().claims());
        Collections.shuffle(found, new Random(1));
        List<Integer> ranks = RoutePlan.diff(new LinkedHashSet<>(found), NOTHING.claims()).stream()
                .map(step -> step.claim().rank()).toList();
        assertEquals(ranks.stream().sorted(Collections.reverseOrder()).toList(), ranks);
    }

    @Test
    void diffLeadsFromAnywhereToTheDesiredAndThereEnds() throws Exception {
        long seed = 3;
        Random random = new Random(seed);
        List<Claim> pool = new ArrayList<>(capturing().claims());
        pool.addAll(plan(settings(20_000, List.of(5L), true)).with(TUN).at(Stage.CAPTURING).claims());
        for (int i = 0; i < 500; i++) {
            Set<Claim> observed = pool.stream().filter(claim -> random.nextBoolean()).collect(Collectors.toSet());
            LinkedHashSet<Claim> desired = pool.stream().filter(claim -> random.nextBoolean())
                    .collect(Collectors.toCollection(LinkedHashSet::new));
            Set<Claim> state = new LinkedHashSet<>(observed);
            for (Step step : RoutePlan.diff(observed, desired)) {
                assertTrue(step.adds() ? state.add(step.claim()) : state.remove(step.claim()), () -> "seed " + seed);
            }
            assertEquals(desired, state, () -> "seed " + seed);
            assertEquals(List.of(), RoutePlan.diff(state, desired), () -> "seed " + seed);
        }
    }

    @Test
    void stepsUndoneInReverseLeaveWhatWas() throws Exception {
        Set<Claim> state = new LinkedHashSet<>(NOTHING.at(Stage.PREPARED).claims());
        List<Step> steps = RoutePlan.diff(state, capturing().claims());
        for (Step step : steps) {
            state.add(step.claim());
        }
        for (Step step : steps.reversed()) {
            assertTrue(step.adds() && state.remove(step.claim()));
        }
        assertEquals(NOTHING.at(Stage.PREPARED).claims(), state);
    }

    @Test
    void throwsOfThePredecessorAreAdoptedSortedWithoutThePermanentOnes() throws Exception {
        BypassSet set = BypassSetTest.set("2001:db8::1", "9.0.0.0/8", "1.2.3.4");
        Set<Claim> found = new LinkedHashSet<>(capturing().with(set).claims());
        found.add(new ThrowRoute(99, IpPrefix.parse("7.7.7.7")));
        assertEquals("[1.2.3.4, 9.0.0.0/8, 2001:db8::1]", NOTHING.adopted(found).toString());
    }

    private static RoutePlan capturing() throws TooManyEntriesException {
        return NOTHING.with(TUN).at(Stage.CAPTURING).with(BypassSetTest.set("192.0.2.1", "2001:db8::/32"));
    }

    private static RoutePlan plan(RouteSettings settings) {
        return RoutePlan.nothing(settings, BypassSet.EMPTY);
    }

    private static RouteSettings settings(int ruleBase, List<Long> bypassUsers, boolean capturesDns) {
        RouteSettings byDefault = RouteSettings.DEFAULT;
        return new RouteSettings(ruleBase, byDefault.mark(), byDefault.tunName(), byDefault.ipv4Address(),
                byDefault.ipv6Address(), byDefault.mtu(), byDefault.transmitQueuePackets(), bypassUsers, capturesDns,
                false, List.of(), false);
    }

    private static RouteSettings settings(boolean strict, List<String> forwarded) {
        RouteSettings byDefault = RouteSettings.DEFAULT;
        return new RouteSettings(byDefault.ruleBase(), byDefault.mark(), byDefault.tunName(), byDefault.ipv4Address(),
                byDefault.ipv6Address(), byDefault.mtu(), byDefault.transmitQueuePackets(), List.of(), false, strict,
                forwarded, false);
    }

    private static String words(RoutePlan plan) {
        return plan.claims().stream().map(claim -> claim.object() + " " + claim.words() + "\n")
                .collect(Collectors.joining());
    }

    private static Stream<String> steps(RoutePlan plan) {
        return RoutePlan.diff(Set.of(), plan.claims()).stream().map(Step::words);
    }
}
