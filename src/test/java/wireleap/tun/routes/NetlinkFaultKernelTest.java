package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.routes.RouteKeeperTest.add;
import static wireleap.tun.routes.RouteKeeperTest.list;

import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.demo.Namespace;
import wireleap.tun.events.EventLog;
import wireleap.tun.os.linux.netlink.FaultyNetlink;
import wireleap.tun.os.linux.netlink.FaultyNetlink.Fault;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.TooManyEntriesException;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/**
 * The real kernel, and a netlink that fails once, at each request of everything that the keeper does and in each way:
 * afterwards the list and the kernel agree, as a socket without faults sees it.
 */
@NeedsRoot
@NeedsTun
@NeedsProgram("ip")
@Timeout(300)
class NetlinkFaultKernelTest {
    private static final String[] LIST = {"192.0.2.1", "2001:db8::1", "10.0.0.0/8"};

    private Namespace namespace;
    private Device tun;
    private FaultyNetlink netlink;
    private RouteKeeper keeper;

    /** An edit, and the list after it. */
    private record Change(String name, BypassEdit edit, String... after) {
        @Override
        public String toString() {
            return name;
        }
    }

    /** What may be refused. */
    private interface Action {
        void run() throws Exception;
    }

    static Stream<Change> edits() {
        return Stream.of(
            new Change("POST", add("198.51.100.1", "2001:db8::2"), "192.0.2.1", "2001:db8::1", "10.0.0.0/8",
                    "198.51.100.1", "2001:db8::2"),
            new Change("PUT", new BypassEdit.Replace(list("10.0.0.0/8", "198.51.100.1")), "10.0.0.0/8", "198.51.100.1"),
            new Change("DELETE of one", new BypassEdit.Remove(IpPrefix.parse("2001:db8::1")), "192.0.2.1", "10.0.0.0/8"),
            new Change("DELETE", new BypassEdit.Clear()));
    }

    @BeforeEach
    void open() throws Exception {
        namespace = Namespace.open("faults");
        TestNet.ip(namespace, List.of("link set lo up", "tuntap add dev wltun0 mode tun"));
        tun = new Device(Integer.parseInt(TestNet.output(namespace, "ip", "-o", "link", "show", "dev", "wltun0")
                .split(":")[0]), "wltun0");
    }

    @AfterEach
    void close() {
        namespace.close();
    }

    @Test
    void aStartMakesAllOrLeavesNothing() throws Exception {
        int requests = running(healthy -> { });
        end();
        for (int failing = 0; failing < requests; failing++) {
            for (Fault fault : Fault.values()) {
                int number = failing;
                boolean started = isDone(() -> running(faulty -> faulty.fail(fault, at(number))));
                if (!started) {
                    keeper.release();
                }
                assertTrue(fault.isOfLists() || netlink.struck() == 1, fault + " at " + failing);
                assertEquals(started ? claims(LIST) : Set.of(), kernel(), fault + " at " + failing);
                end();
            }
        }
    }

    /** As after {@code --fail-closed}: a start that fails does not release what was held back when it came. */
    @Test
    void aStartThatFindsTrafficHeldBackLetsNoneOfItGo() throws Exception {
        running(healthy -> { });
        keeper.close();
        TestNet.ip(namespace, List.of("link set wltun0 alias " + RouteSettings.TUN_ALIAS));
        int requests = running(healthy -> { });
        keeper.close();
        for (int failing = 0; failing < requests; failing++) {
            for (Fault fault : Fault.values()) {
                int number = failing;
                boolean started = isDone(() -> running(faulty -> faulty.fail(fault, at(number))));
                if (!started && !keeper.isHolding()) {
                    keeper.release();
                }
                keeper.close();
                assertEquals(claims(LIST), kernel(), fault + " at " + failing);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("edits")
    void anEditIsDoneOrNotAtAll(Change change) throws Exception {
        int before = running(healthy -> { });
        keeper.apply(change.edit(), Optional.empty(), "a test");
        int requests = netlink.requests() - before;
        for (int failing = 0; failing < requests; failing++) {
            for (Fault fault : Fault.values()) {
                keeper.apply(new BypassEdit.Replace(list(LIST)), Optional.empty(), "a test");
                netlink.fail(fault, at(netlink.requests() + failing));
                boolean done = isDone(() -> keeper.apply(change.edit(), Optional.empty(), "a test"));
                String[] list = done ? change.after() : LIST;
                assertTrue(fault.isOfLists() || netlink.struck() == 1, fault + " at " + failing);
                assertEquals(claims(list), kernel(), fault + " at " + failing);
                assertEquals(BypassSet.of(list(list)), keeper.snapshot().set(), fault + " at " + failing);
            }
        }
        end();
    }

    @Test
    void aStopLeavesNothing() throws Exception {
        int before = running(healthy -> { });
        stop();
        int requests = netlink.requests() - before;
        for (int failing = 0; failing < requests; failing++) {
            for (Fault fault : Fault.values()) {
                end();
                netlink.fail(fault, at(running(healthy -> { }) + failing));
                stop();
                assertEquals(Set.of(), kernel(), fault + " at " + failing);
            }
        }
        end();
    }

    private static FaultyNetlink.Choice at(int failing) {
        return (number, message) -> number == failing;
    }

    /** Starts a keeper; how many requests that took. */
    private int running(Consumer<FaultyNetlink> faults) throws Exception {
        BypassSet list = BypassSet.of(list(LIST));
        keeper = namespace.call(() -> RouteKeeper.start(RouteSettings.DEFAULT, list, () -> LinuxRoutes.open(kernel -> {
            netlink = new FaultyNetlink(kernel);
            faults.accept(netlink);
            return netlink;
        }), added -> { }, new EventLog()));
        keeper.prepare();
        keeper.deviceUp(tun.index());
        keeper.capture();
        return netlink.requests();
    }

    /** As the daemon does it: what is refused first is removed all the same. */
    private void stop() throws Exception {
        isDone(keeper::uncapture);
        keeper.release();
    }

    private void end() throws Exception {
        keeper.release();
        keeper.close();
    }

    private static boolean isDone(Action action) throws Exception {
        try {
            action.run();
            return true;
        } catch (RouteRefusedException e) {
            assertTrue(e.getMessage().length() > 10, e.getMessage());
            return false;
        }
    }

    private Set<Claim> kernel() throws Exception {
        return namespace.call(() -> {
            try (LinuxRoutes healthy = LinuxRoutes.open()) {
                return healthy.observe(Optional.of(tun));
            }
        });
    }

    private Set<Claim> claims(String... list) throws TooManyEntriesException {
        return RoutePlan.nothing(RouteSettings.DEFAULT, BypassSet.of(list(list))).with(tun).at(Stage.CAPTURING).claims();
    }
}
