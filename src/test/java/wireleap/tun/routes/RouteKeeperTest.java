package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.AbsentEntryException;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Step;
import wireleap.tun.policy.ThrowRoute;

class RouteKeeperTest {
    private static final Device TUN = new Device(9, "wltun0");

    private final FakeHost host = new FakeHost();
    private final List<BypassSet> bypassed = new ArrayList<>();
    private final EventLog events = new EventLog();
    private RouteKeeper keeper;

    @AfterEach
    void close() throws Exception {
        keeper.close();
    }

    @Test
    void eachStageMakesThePlanOfThatStage() throws Exception {
        start("192.0.2.1");
        keeper.prepare();
        assertEquals(claims(Stage.PREPARED, "192.0.2.1"), host.kernel);
        keeper.deviceUp(TUN.index());
        assertEquals(claims(Stage.DEVICE_UP, "192.0.2.1"), host.kernel);
        keeper.capture();
        assertEquals(claims(Stage.CAPTURING, "192.0.2.1"), host.kernel);
        keeper.uncapture();
        assertEquals(claims(Stage.DEVICE_UP, "192.0.2.1"), host.kernel);
        keeper.release();
        assertEquals(Set.of(), host.kernel);
    }

    @Test
    void anEditThatRunsOutOfMemoryIsNone() throws Exception {
        start("192.0.2.1");
        keeper.prepare();
        host.faultAt = step -> {
            throw new OutOfMemoryError("a test");
        };
        assertThrows(IllegalStateException.class, () -> keeper.apply(add("192.0.2.2"), Optional.empty(), "a test"));
        assertEquals(list("192.0.2.1"), keeper.plan().bypass().entries());
        host.faultAt = step -> false;
        keeper.apply(add("192.0.2.3"), Optional.empty(), "a test");
        assertEquals(claims(Stage.PREPARED, "192.0.2.1", "192.0.2.3"), host.kernel);
    }

    @Test
    void aTunThatOutlivedItsDaemonHoldsBackWhatItCapturedAllTheTime() throws Exception {
        host.left = Optional.of(TUN);
        host.kernel.addAll(claims(Stage.CAPTURING, "192.0.2.1"));
        start("192.0.2.2");
        keeper.prepare();
        assertTrue(keeper.isHolding());
        keeper.deviceUp(TUN.index());
        keeper.capture();
        assertEquals("[192.0.2.2, 192.0.2.1]", keeper.snapshot().set().toString());
        assertEquals(List.of("route add throw 192.0.2.2 table 13492"),
                host.done.stream().map(step -> step.words()).toList());
        keeper.uncapture();
        assertEquals(claims(Stage.DEVICE_UP, "192.0.2.1", "192.0.2.2"), host.kernel);
    }

    @Test
    void whatAHeldTunLacksIsMadeBeforeWhatIsOldGoes() throws Exception {
        host.left = Optional.of(TUN);
        List<Claim> found = new ArrayList<>(claims(Stage.CAPTURING));
        host.kernel.addAll(found.subList(0, found.size() - 1));
        Claim old = new ThrowRoute(99, IpPrefix.parse("192.0.2.9"));
        host.kernel.add(old);
        start();
        keeper.prepare();
        assertEquals(List.of(new Step(true, found.getLast()), new Step(false, old)), host.done);
    }

    @Test
    void aTunThatHeldNothingBackYetIsNoReasonToCapture() throws Exception {
        host.left = Optional.of(TUN);
        host.kernel.addAll(claims(Stage.DEVICE_UP, "192.0.2.1"));
        start();
        keeper.prepare();
        assertFalse(keeper.isHolding());
        keeper.deviceUp(TUN.index());
        assertEquals(claims(Stage.DEVICE_UP, "192.0.2.1"), host.kernel);
    }

    @Test
    void aTunOfAnotherNameThatHoldsTrafficBackIsLeftAsItIs() throws Exception {
        host.left = Optional.of(new Device(8, "other0"));
        host.kernel.addAll(claims(Stage.CAPTURING));
        start();
        assertThrows(RouteRefusedException.class, keeper::prepare);
        assertTrue(keeper.isHolding());
        assertEquals(List.of(), host.done);
    }

    @Test
    void aRefusalWhileTrafficIsHeldBackDoesNotLetItGo() throws Exception {
        host.left = Optional.of(TUN);
        host.kernel.addAll(claims(Stage.CAPTURING));
        host.faultAt = step -> true;
        start("192.0.2.2");
        assertThrows(RouteRefusedException.class, keeper::prepare);
        assertTrue(keeper.isHolding());
        assertEquals(claims(Stage.CAPTURING), host.kernel);
    }

    @Test
    void whatWasClosedBecauseItsTunWasGoneStaysClosedUntilThereIsOne() throws Exception {
        host.kernel.addAll(RoutePlan.nothing(RouteSettings.DEFAULT, BypassSet.EMPTY).withoutDevice().claims());
        Set<Claim> closed = Set.copyOf(host.kernel);
        start();
        keeper.prepare();
        assertTrue(keeper.isHolding());
        assertEquals(closed, host.kernel);
        keeper.deviceUp(TUN.index());
        assertEquals(claims(Stage.CAPTURING), host.kernel);
    }

    @Test
    void anUplinkThatComesLaterIsLoosenedToo() throws Exception {
        startStrict();
        keeper.prepare();
        keeper.deviceUp(TUN.index());
        keeper.capture();
        host.filters.put("wwan0", 1);
        host.watcher.waysChanged();
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (host.filters.get("wwan0") == 1 && System.nanoTime() < deadline) {
            Thread.onSpinWait();
        }
        assertEquals(2, host.filters.get("wwan0"));
        keeper.release();
        assertEquals(1, host.filters.get("wwan0"));
    }

    @Test
    void aStartThatIsGivenUpLeavesNoTunBehindThatHeldTrafficBack() throws Exception {
        host.left = Optional.of(TUN);
        host.kernel.addAll(claims(Stage.CAPTURING));
        start();
        keeper.prepare();
        keeper.release();
        assertEquals(Set.of(), host.kernel);
        assertEquals(Optional.empty(), host.left);
    }

    @Test
    void strictUplinksAreLooseAsLongAsTrafficIsCaptured() throws Exception {
        host.filters.put("eth0", 1);
        host.filters.put("wlan0", 2);
        startStrict();
        keeper.prepare();
        keeper.deviceUp(TUN.index());
        assertEquals(Map.of("eth0", 1, "wlan0", 2), host.filters);
        keeper.capture();
        assertEquals(Map.of("eth0", 2, "wlan0", 2), host.filters);
        assertEquals(Map.of("eth0", 1), RoutePlan.noted(host.kernel));
        keeper.uncapture();
        keeper.release();
        assertEquals(Map.of("eth0", 1, "wlan0", 2), host.filters);
        assertEquals(Set.of(), host.kernel);
    }

    @Test
    void whatAKilledDaemonLoosenedIsPutBackByTheNext() throws Exception {
        host.filters.put("eth0", 2);
        host.kernel.addAll(RoutePlan.nothing(RouteSettings.DEFAULT, BypassSet.EMPTY).with(Map.of("eth0", 1))
                .at(Stage.PREPARED).claims());
        start();
        keeper.prepare();
        assertEquals(Map.of("eth0", 1), host.filters);
        assertEquals(Map.of(), RoutePlan.noted(host.kernel));
    }

    @Test
    void whatAKilledDaemonLoosenedIsKnownToTheNextThatIsStrictToo() throws Exception {
        host.filters.put("eth0", 2);
        host.kernel.addAll(RoutePlan.nothing(RouteSettings.DEFAULT, BypassSet.EMPTY).with(Map.of("eth0", 0))
                .at(Stage.PREPARED).claims());
        startStrict();
        keeper.prepare();
        assertEquals(Map.of("eth0", 2), host.filters);
        keeper.deviceUp(TUN.index());
        keeper.capture();
        keeper.release();
        assertEquals(Map.of("eth0", 0), host.filters);
    }

    @Test
    void sweepingPutsBackWhatWasLoosened() throws Exception {
        host.filters.put("eth0", 2);
        host.kernel.addAll(RoutePlan.nothing(RouteSettings.DEFAULT, BypassSet.EMPTY).with(Map.of("eth0", 1))
                .at(Stage.PREPARED).claims());
        start();
        Leftovers.sweep(RouteSettings.DEFAULT, () -> host);
        assertEquals(Map.of("eth0", 1), host.filters);
    }

    @Test
    void sweepingTakesTheTunThatOutlivedItsDaemonAlong() throws Exception {
        host.left = Optional.of(TUN);
        host.kernel.addAll(claims(Stage.CAPTURING, "192.0.2.1"));
        start();
        assertTrue(Leftovers.sweep(RouteSettings.DEFAULT, () -> host));
        assertEquals(Set.of(), host.kernel);
        assertEquals(Optional.empty(), host.left);
        assertFalse(Leftovers.sweep(RouteSettings.DEFAULT, () -> host));
    }

    @Test
    void editIsAnsweredWhenTheKernelHasIt() throws Exception {
        running("192.0.2.1");
        assertEquals("[192.0.2.1, 2001:db8::/32]", apply(add("2001:db8::/32")).set().toString());
        assertEquals(claims(Stage.CAPTURING, "192.0.2.1", "2001:db8::/32"), host.kernel);
    }

    @Test
    void replaceAddsBeforeItRemovesAndLeavesWhatIsCommon() throws Exception {
        running("1.0.0.0", "2.0.0.0");
        host.done.clear();
        apply(new BypassEdit.Replace(list("2.0.0.0", "3.0.0.0")));
        assertEquals(List.of("route add throw 3.0.0.0 table 13492", "route del throw 1.0.0.0 table 13492"),
                host.done.stream().map(step -> step.words()).toList());
    }

    @Test
    void unchangedListKeepsItsTagAndTouchesNothing() throws Exception {
        running("1.0.0.0");
        String tag = keeper.snapshot().etag();
        host.done.clear();
        assertEquals(tag, apply(add("1.0.0.0")).etag());
        assertEquals(tag, apply(new BypassEdit.Replace(list("1.0.0.0"))).etag());
        assertEquals(List.of(), host.done);
    }

    @Test
    void changedListHasANewTagEachTime() throws Exception {
        running();
        Set<String> tags = new HashSet<>();
        for (int i = 0; i < 5; i++) {
            tags.add(apply(add("1.0.0." + i)).etag());
        }
        tags.add(apply(new BypassEdit.Clear()).etag());
        assertEquals(6, tags.size());
    }

    @Test
    void eachChangeIsAnEvent() throws Exception {
        running("1.0.0.0");
        apply(new BypassEdit.Replace(list("2.0.0.0")));
        apply(add("2.0.0.0"));
        assertEquals(List.of(new Event.BypassChanged(keeper.snapshot().etag(), "a test", list("2.0.0.0"),
                list("1.0.0.0"))), published());
    }

    @Test
    void whatTheKernelRefusesIsNoEvent() throws Exception {
        running();
        host.faultAt = step -> true;
        assertThrows(RouteRefusedException.class, () -> apply(add("2.0.0.0")));
        assertEquals(List.of(), published());
    }

    @Test
    void theListOfAKilledPredecessorIsAnEvent() throws Exception {
        host.kernel.add(new ThrowRoute(13492, IpPrefix.parse("9.0.0.0")));
        start("1.0.0.0");
        keeper.prepare();
        assertEquals(List.of(new Event.BypassChanged(keeper.snapshot().etag(), "a daemon that did not stop by itself",
                list("9.0.0.0"), List.of())), published());
    }

    @Test
    void anotherProcessHasOtherTags() throws Exception {
        running();
        String tag = keeper.snapshot().etag();
        keeper.release();
        keeper.close();
        running();
        assertNotEquals(tag, keeper.snapshot().etag());
    }

    @Test
    void ifMatchLetsOnlyTheOneWhoSawThePresentListPass() throws Exception {
        running();
        Optional<String> seen = Optional.of(keeper.snapshot().etag());
        keeper.apply(add("1.0.0.0"), seen, "a test");
        assertThrows(PreconditionFailedException.class, () -> keeper.apply(add("2.0.0.0"), seen, "a test"));
        assertEquals("[1.0.0.0]", keeper.snapshot().set().toString());
        keeper.apply(add("2.0.0.0"), Optional.of("*"), "a test");
    }

    @Test
    void absentEntryIsAbsentWhateverIfMatchSays() throws Exception {
        running();
        assertThrows(AbsentEntryException.class, () -> keeper.apply(new BypassEdit.Remove(IpPrefix.parse("1.0.0.0")),
                Optional.of("\"other\""), "a test"));
    }

    @Test
    void onlyWhatIsNewIsToldToHaveBecomeBypassed() throws Exception {
        running("1.0.0.0");
        apply(add("1.0.0.0", "2.0.0.0"));
        apply(new BypassEdit.Remove(IpPrefix.parse("1.0.0.0")));
        assertEquals("[[2.0.0.0]]", bypassed.toString());
    }

    @Test
    void loopbackIsListedWithoutARoute() throws Exception {
        running();
        host.done.clear();
        assertEquals("[127.0.0.1]", apply(add("127.0.0.1")).set().toString());
        assertEquals(List.of(), host.done);
    }

    @Test
    void editsBeforeTheRoutesStandWaitForThem() throws Exception {
        start();
        FutureTask<BypassControl.Snapshot> early = early();
        assertFalse(early.isDone());
        keeper.prepare();
        assertEquals("[1.0.0.0]", early.get().set().toString());
        assertEquals(claims(Stage.PREPARED, "1.0.0.0"), host.kernel);
    }

    @Test
    void editsThatWaitAreRefusedWhenTheStartIsGivenUp() throws Exception {
        start();
        host.faultAt = step -> step == 3;
        FutureTask<BypassControl.Snapshot> early = early();
        assertThrows(RouteRefusedException.class, keeper::prepare);
        assertFalse(early.isDone());
        keeper.release();
        assertTrue(assertThrows(Exception.class, early::get).getCause() instanceof ControlUnavailableException);
        assertEquals(Set.of(), host.kernel);
    }

    @Test
    void editsAreRefusedOnceReleased() throws Exception {
        running();
        keeper.release();
        assertThrows(ControlUnavailableException.class, () -> apply(add("1.0.0.0")));
        keeper.close();
        assertThrows(ControlUnavailableException.class, () -> apply(add("1.0.0.0")));
        assertTrue(host.closed);
    }

    @Test
    void manyClientsAreServedInSomeOrderAndNoneIsLost() throws Exception {
        running();
        try (var clients = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 200; i++) {
                String entry = "10.0.0." + i;
                clients.submit(() -> apply(add(entry)));
            }
        }
        assertEquals(200, keeper.snapshot().set().size());
        assertEquals(claims(Stage.CAPTURING, keeper.snapshot().set()), host.kernel);
    }

    @Test
    void listOfAKilledPredecessorIsAdoptedSortedAfterOnesOwn() throws Exception {
        host.kernel.addAll(claims(Stage.CAPTURING, "9.9.9.9", "2001:db8::1", "1.2.3.4", "5.5.5.5"));
        start("5.5.5.5", "6.6.6.6");
        keeper.prepare();
        assertEquals("[5.5.5.5, 6.6.6.6, 1.2.3.4, 9.9.9.9, 2001:db8::1]", keeper.snapshot().set().toString());
        assertEquals(claims(Stage.PREPARED, keeper.snapshot().set()), host.observe(Optional.empty()));
    }

    @Test
    void routesOfAKilledPredecessorStayWithoutAGap() throws Exception {
        host.kernel.addAll(claims(Stage.PREPARED, "9.9.9.9"));
        start();
        keeper.prepare();
        assertEquals(List.of(), host.done);
    }

    @Test
    void whatAPredecessorMadeWithOtherNumbersIsSwept() throws Exception {
        host.kernel.add(new ThrowRoute(20_004, IpPrefix.parse("1.2.3.4")));
        start();
        keeper.prepare();
        assertEquals(claims(Stage.PREPARED), host.kernel);
        assertEquals(BypassSet.EMPTY, keeper.snapshot().set());
    }

    @Test
    void cleanStopEmptiesTheListForTheNextStart() throws Exception {
        running("1.2.3.4");
        keeper.release();
        keeper.close();
        running();
        assertEquals(BypassSet.EMPTY, keeper.snapshot().set());
    }

    @Test
    void familyThatTheKernelLacksIsLeftOutAndItsEntriesAreListed() throws Exception {
        host.absent.add(Family.IPV6);
        running("2001:db8::1", "1.2.3.4");
        assertEquals(Set.of(Family.IPV4), keeper.families());
        assertEquals("[2001:db8::1, 1.2.3.4, 2001:db8::2]", apply(add("2001:db8::2")).set().toString());
        assertTrue(host.kernel.stream().allMatch(claim -> claim.family() == Family.IPV4));
    }

    @Test
    void familyThatGoesAwayOnceTheTunIsThereIsTakenDown() throws Exception {
        start("2001:db8::1");
        keeper.prepare();
        host.absent.add(Family.IPV6);
        keeper.deviceUp(TUN.index());
        assertEquals(Set.of(Family.IPV4), keeper.families());
        assertTrue(host.kernel.stream().allMatch(claim -> claim.family() == Family.IPV4));
    }

    @Test
    void addressesThatAPersistentTunHasAreSeenBeforeTheyAreMade() throws Exception {
        start();
        keeper.prepare();
        host.kernel.addAll(claims(Stage.DEVICE_UP));
        keeper.deviceUp(TUN.index());
        assertEquals(claims(Stage.DEVICE_UP), host.kernel);
    }

    @Test
    void failureToBringTheTunUpLeavesTheStageBefore() throws Exception {
        start();
        keeper.prepare();
        host.upFails = true;
        assertThrows(RouteRefusedException.class, () -> keeper.deviceUp(TUN.index()));
        assertEquals(claims(Stage.PREPARED), host.kernel);
    }

    @Test
    void refusalSaysWhatWasAskedForAndWhatTheKernelSaid() throws Exception {
        running();
        host.faultAt = step -> true;
        assertEquals("ip route add throw 1.2.3.4 table 13492: EPERM (1), not today",
                assertThrows(RouteRefusedException.class, () -> apply(add("1.2.3.4"))).getMessage());
    }

    @Test
    void whatCouldNotBeUndoneIsRepairedByTheNextEdit() throws Exception {
        running("1.0.0.0");
        int first = host.steps;
        host.faultAt = step -> step > first;
        assertThrows(RouteRefusedException.class, () -> apply(add("2.0.0.0", "3.0.0.0", "4.0.0.0")));
        assertNotEquals(claims(Stage.CAPTURING, "1.0.0.0"), host.kernel);
        host.faultAt = step -> false;
        apply(add("1.0.0.0"));
        assertEquals(claims(Stage.CAPTURING, "1.0.0.0"), host.kernel);
    }

    @Test
    void releaseThatIsRefusedForGoodRemovesAllElseAndFailsInTheEnd() throws Exception {
        running("1.0.0.0");
        Claim stuck = new ThrowRoute(13_492, IpPrefix.parse("1.0.0.0"));
        host.stuck.add(stuck);
        assertThrows(RouteRefusedException.class, keeper::release);
        assertEquals(Set.of(stuck), host.kernel);
    }

    @Test
    void stageOutOfTurnIsOurOwnMistake() throws Exception {
        start();
        assertThrows(IllegalStateException.class, keeper::capture);
    }

    /** An edit that another thread has asked for and waits for. */
    private FutureTask<BypassControl.Snapshot> early() {
        FutureTask<BypassControl.Snapshot> edit = new FutureTask<>(() -> apply(add("1.0.0.0")));
        Thread client = Thread.ofVirtual().start(edit);
        while (client.getState() != Thread.State.WAITING) {
            Thread.onSpinWait();
        }
        return edit;
    }

    private List<Event> published() throws InterruptedException {
        return events.awaitAfter(0, 0).stream().map(EventLog.Entry::event).toList();
    }

    private void running(String... bypass) throws Exception {
        start(bypass);
        keeper.prepare();
        keeper.deviceUp(TUN.index());
        keeper.capture();
    }

    private void start(String... bypass) throws Exception {
        keeper = RouteKeeper.start(RouteSettings.DEFAULT, BypassSet.of(list(bypass)), () -> host, bypassed::add,
                events);
    }

    private void startStrict() throws Exception {
        RouteSettings usual = RouteSettings.DEFAULT;
        RouteSettings strict = new RouteSettings(usual.ruleBase(), usual.mark(), usual.tunName(), usual.ipv4Address(),
                usual.ipv6Address(), usual.mtu(), usual.transmitQueuePackets(), List.of(), false, true, List.of(), false);
        keeper = RouteKeeper.start(strict, BypassSet.EMPTY, () -> host, bypassed::add, events);
    }

    private BypassControl.Snapshot apply(BypassEdit edit) throws Exception {
        return keeper.apply(edit, Optional.empty(), "a test");
    }

    static BypassEdit add(String... entries) {
        return new BypassEdit.Add(list(entries));
    }

    static List<IpPrefix> list(String... entries) {
        return Stream.of(entries).map(IpPrefix::parse).toList();
    }

    static Set<Claim> claims(Stage stage, String... bypass) throws Exception {
        return claims(stage, BypassSet.of(list(bypass)));
    }

    static Set<Claim> claims(Stage stage, BypassSet bypass) {
        return RoutePlan.nothing(RouteSettings.DEFAULT, bypass).with(TUN).at(stage).claims();
    }
}
