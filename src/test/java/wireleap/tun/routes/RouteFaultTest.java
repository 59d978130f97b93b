package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.routes.RouteKeeperTest.add;
import static wireleap.tun.routes.RouteKeeperTest.claims;
import static wireleap.tun.routes.RouteKeeperTest.list;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.routes.FakeHost.Fault;

/** Every step of every change fails once, and every two of them: the list and the kernel agree afterwards. */
class RouteFaultTest {
    private static final String[] LIST = {"1.0.0.0", "2001:db8::1", "2.0.0.0", "127.0.0.1", "3.0.0.0/8"};

    /** A change, and what the kernel has before and after it. */
    private record Change(String name, Stage from, Stage to, String[] after, Action action) {
        @Override
        public String toString() {
            return name;
        }
    }

    private interface Action {
        void on(RouteKeeper keeper) throws Exception;
    }

    static Stream<Arguments> changes() {
        List<Change> changes = new ArrayList<>();
        changes.add(new Change("prepare", Stage.NOTHING, Stage.PREPARED, LIST, RouteKeeper::prepare));
        changes.add(new Change("deviceUp", Stage.PREPARED, Stage.DEVICE_UP, LIST, keeper -> keeper.deviceUp(9)));
        changes.add(new Change("capture", Stage.DEVICE_UP, Stage.CAPTURING, LIST, RouteKeeper::capture));
        edit(changes, "add", add("4.0.0.0", "2001:db8::2", "5.0.0.0"), "1.0.0.0", "2001:db8::1", "2.0.0.0",
                "127.0.0.1", "3.0.0.0/8", "4.0.0.0", "2001:db8::2", "5.0.0.0");
        edit(changes, "replace", new BypassEdit.Replace(list("9.0.0.0", "2.0.0.0", "2001:db8::2", "8.0.0.0")),
                "9.0.0.0", "2.0.0.0", "2001:db8::2", "8.0.0.0");
        edit(changes, "patch", new BypassEdit.Patch(list("9.0.0.0"), list("2.0.0.0", "1.0.0.0")),
                "2001:db8::1", "127.0.0.1", "3.0.0.0/8", "9.0.0.0");
        edit(changes, "clear", new BypassEdit.Clear());
        return Stream.of(Fault.values()).flatMap(fault -> changes.stream().map(change -> Arguments.of(change, fault)));
    }

    private static void edit(List<Change> changes, String name, BypassEdit edit, String... after) {
        changes.add(new Change(name, Stage.CAPTURING, Stage.CAPTURING, after,
                keeper -> keeper.apply(edit, Optional.empty(), "a test")));
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("changes")
    void stepThatFailsLeavesAllAsBefore(Change change, Fault fault) throws Exception {
        int steps = stepsOf(change);
        assertTrue(steps > 2);
        for (int failing = 0; failing < steps; failing++) {
            failsAndThenSucceeds(change, fault, failing, failing);
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("changes")
    void stepOfTheUndoingThatFailsChangesNothingAboutThat(Change change, Fault fault) throws Exception {
        int steps = stepsOf(change);
        for (int failing = 0; failing < steps; failing++) {
            for (int alsoFailing = failing + 1; alsoFailing < 2 * steps; alsoFailing++) {
                failsAndThenSucceeds(change, fault, failing, alsoFailing);
            }
        }
    }

    private static int stepsOf(Change change) throws Exception {
        FakeHost host = new FakeHost();
        try (RouteKeeper keeper = at(change.from(), host)) {
            int before = host.steps;
            change.action().on(keeper);
            return host.steps - before;
        }
    }

    private static void failsAndThenSucceeds(Change change, Fault fault, int failing, int alsoFailing)
            throws Exception {
        FakeHost host = new FakeHost();
        String where = change + " " + fault + " at " + failing + " and " + alsoFailing;
        try (RouteKeeper keeper = at(change.from(), host)) {
            BypassControl.Snapshot before = keeper.snapshot();
            int first = host.steps;
            host.fault = fault;
            host.faultAt = step -> step == first + failing || step == first + alsoFailing;
            assertThrows(RouteRefusedException.class, () -> change.action().on(keeper), where);
            assertEquals(change.from() == Stage.NOTHING ? Set.of() : claims(change.from(), LIST), host.kernel, where);
            assertEquals(before, keeper.snapshot(), where);
            host.faultAt = step -> false;
            if (change.from() != Stage.NOTHING) {
                change.action().on(keeper);
                assertEquals(claims(change.to(), change.after()), host.kernel, where);
                assertEquals(BypassSet.of(list(change.after())), keeper.snapshot().set(), where);
            }
        }
    }

    @ParameterizedTest(name = "{0}, {1}")
    @MethodSource("changes")
    void releaseThatFailsOnceLeavesNothing(Change change, Fault fault) throws Exception {
        int claims = claims(Stage.CAPTURING, LIST).size();
        for (int failing = 0; failing < claims; failing++) {
            FakeHost host = new FakeHost();
            try (RouteKeeper keeper = at(change.to(), host)) {
                int at = host.steps + failing;
                host.fault = fault;
                host.faultAt = step -> step == at;
                keeper.release();
                assertEquals(Set.<Claim>of(), host.kernel);
            }
        }
    }

    private static RouteKeeper at(Stage stage, FakeHost host) throws Exception {
        RouteKeeper keeper = RouteKeeper.start(RouteSettings.DEFAULT, BypassSet.of(list(LIST)), () -> host,
                added -> { }, new EventLog());
        if (stage.compareTo(Stage.PREPARED) >= 0) {
            keeper.prepare();
        }
        if (stage.compareTo(Stage.DEVICE_UP) >= 0) {
            keeper.deviceUp(9);
        }
        if (stage == Stage.CAPTURING) {
            keeper.capture();
        }
        return keeper;
    }
}
