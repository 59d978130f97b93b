package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.routes.RouteKeeperTest.list;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.demo.Namespace;
import wireleap.tun.events.EventLog;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.gen.nlmsghdr;
import wireleap.tun.os.linux.gen.rtmsg;
import wireleap.tun.os.linux.netlink.FaultyNetlink;
import wireleap.tun.os.linux.netlink.FaultyNetlink.Fault;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.RouteEntry;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceRoute;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Step;
import wireleap.tun.policy.UnreachableRoute;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/**
 * Somebody else changes what is ours, and netlink fails while it is put right: once, at each request of that and in each
 * way, or for good. The real kernel, and a clock that goes on when nothing else is to be done.
 */
@NeedsRoot
@NeedsTun
@NeedsProgram("ip")
@Timeout(300)
class RepairFaultKernelTest {
    private static final long MINUTE_NANOS = 60_000_000_000L;
    private static final int LOOPBACK = 1;

    private final List<String> told = new ArrayList<>();
    private Namespace namespace;
    private Device tun;
    private FaultyNetlink netlink;
    private LinuxRoutes host;
    private KeptRoutes kept;
    private RouteRepair repair;
    private long nowNanos = MINUTE_NANOS;

    @BeforeEach
    void capture() throws Exception {
        namespace = Namespace.open("faults");
        TestNet.ip(namespace, List.of("link set lo up", "tuntap add dev wltun0 mode tun",
                "tuntap add dev uplink0 mode tun"));
        tun = new Device(Integer.parseInt(ip("-o link show dev wltun0").split(":")[0]), "wltun0");
        call(() -> {
            host = LinuxRoutes.open(kernel -> {
                netlink = new FaultyNetlink(kernel);
                return netlink;
            });
            kept = new KeptRoutes(host, RoutePlan.nothing(RouteSettings.DEFAULT,
                    BypassSet.of(list("192.0.2.1", "2001:db8::1"))));
            kept.bringUp(tun);
            kept.reach(kept.plan().with(tun).at(Stage.CAPTURING));
            repair = new RouteRepair(kept, host, () -> nowNanos, new Told(), new EventLog());
            return null;
        });
    }

    private final class Told implements RouteListener {
        @Override
        public void bypassed(BypassSet added) {
            throw new AssertionError();
        }

        @Override
        public void failed(String reason) {
            told.add(reason);
        }

        @Override
        public void recovered() {
            told.add("recovered");
        }
    }

    @AfterEach
    void close() throws Exception {
        call(() -> {
            host.close();
            return null;
        });
        namespace.close();
    }

    @Test
    void aRepairIsDoneInTheEnd() throws Exception {
        Set<Claim> whole = kernel();
        damage();
        int requests = requestsOfRepair();
        assertEquals(whole, kernel());
        for (int failing = 0; failing < requests; failing++) {
            for (Fault fault : Fault.values()) {
                damage();
                failAt(fault, failing);
                repairAll();
                assertEquals(whole, kernel(), fault + " at " + failing);
                assertEquals(List.of(), told, fault + " at " + failing);
                assertTrue(fault.isOfLists() || netlink.struck() == 1, fault + " at " + failing);
            }
        }
    }

    @Test
    void ipv6ThatComesIsCapturedInTheEnd() throws Exception {
        Set<Claim> whole = kernel();
        withoutIpv6();
        sysctl("0");
        int requests = requestsOfRepair();
        assertEquals(whole, kernel());
        for (int failing = 0; failing < requests; failing++) {
            for (Fault fault : Fault.values()) {
                withoutIpv6();
                sysctl("0");
                failAt(fault, failing);
                repairAll();
                assertEquals(Set.of(Family.values()), kept.plan().families(), fault + " at " + failing);
                assertEquals(whole, kernel(), fault + " at " + failing);
            }
        }
    }

    private void withoutIpv6() throws Exception {
        netlink.heal();
        sysctl("1");
        repairAll();
        assertEquals(Set.of(Family.IPV4), kept.plan().families());
    }

    private void sysctl(String off) throws Exception {
        call(() -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/disable_ipv6"), off));
    }

    @ParameterizedTest
    @EnumSource
    void netlinkThatAnswersNothingForGoodIsAFailureThatIsSaid(Fault fault) throws Exception {
        Set<Claim> whole = kernel();
        damage();
        netlink.fail(fault, (number, message) -> true);
        looks(3);
        assertEquals(1, told.size(), told.toString());
        assertTrue(repair.troubles().getFirst().contains(told.getFirst()), repair.troubles().toString());
        netlink.heal();
        repairAll();
        assertEquals("recovered", told.getLast());
        assertEquals(whole, kernel());
    }

    @Test
    void whereThereIsNoWayIntoTheTunNothingGoesAroundIt() throws Exception {
        TestNet.ip(namespace, List.of("addr add 203.0.113.2/24 dev lo", "route add default via 203.0.113.1 dev lo"));
        damage();
        netlink.fail(Fault.ENOSPC, RepairFaultKernelTest::leadsIntoDevice);
        looks(4);
        assertTrue(told.getFirst().contains("ENOSPC"), told.toString());
        assertTrue(kernel().contains(new UnreachableRoute(13492, IpPrefix.ALL_IPV4)), kernel().toString());
        assertTrue(ip("route get 198.51.100.1").contains("No route to host"), ip("route get 198.51.100.1"));
    }

    private static boolean leadsIntoDevice(int number, MemorySegment message) {
        return nlmsghdr.nlmsg_type(message) == Linux.RTM_NEWROUTE()
                && rtmsg.rtm_type(message.asSlice(nlmsghdr.sizeof(), rtmsg.sizeof())) == Linux.RTN_UNICAST();
    }

    /** Takes away each third thing and all ways into the TUN, puts a route in the place of one, and changes the TUN. */
    private void damage() throws Exception {
        call(() -> {
            try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena);
                    LinuxRoutes routes = LinuxRoutes.open()) {
                List<Claim> ours = List.copyOf(kept.plan().claims());
                List<Step> taken = ours.stream().filter(claim -> claim instanceof DeviceRoute || ours.indexOf(claim) % 3 == 0)
                        .map(claim -> new Step(false, claim)).toList();
                assertEquals(taken, routes.apply(taken).done());
                socket.request("a foreign route", RouteEntry.unicast(13492, Linux.RTPROT_BOOT(),
                        InetAddress.ofLiteral("0.0.0.0"), 0, LOOPBACK, Optional.empty()).add());
                socket.request("another MTU", LinkEntry.sizes(tun.index(), 1400, 1000));
                return null;
            }
        });
    }

    private void failAt(Fault fault, int failing) {
        int at = netlink.requests() + failing;
        netlink.fail(fault, (number, message) -> number == at);
    }

    private int requestsOfRepair() throws Exception {
        int before = netlink.requests();
        repairAll();
        return netlink.requests() - before;
    }

    /** Looks, and again as long as there is something to be done. */
    private void repairAll() throws Exception {
        nowNanos += MINUTE_NANOS;
        looks(1);
        while (repair.waitNanos() != Long.MAX_VALUE) {
            nowNanos += repair.waitNanos();
            looks(1);
        }
    }

    private void looks(int times) throws Exception {
        for (int i = 0; i < times; i++) {
            call(() -> {
                repair.tend();
                return null;
            });
        }
    }

    private Set<Claim> kernel() throws Exception {
        return call(() -> {
            try (LinuxRoutes healthy = LinuxRoutes.open()) {
                return healthy.observe(Optional.of(tun));
            }
        });
    }

    private <T> T call(Callable<T> task) throws Exception {
        return namespace.call(task);
    }

    private String ip(String arguments) throws Exception {
        return TestNet.output(namespace, ("ip " + arguments).split(" "));
    }
}
