package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.netlink.AddressEntry;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.RouteEntry;
import wireleap.tun.os.linux.netlink.RouteEvent;
import wireleap.tun.os.linux.netlink.RouteEvent.AddressChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.EventsLost;
import wireleap.tun.os.linux.netlink.RouteEvent.LinkChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RouteChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RuleChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.SysctlChanged;
import wireleap.tun.os.linux.netlink.RuleEntry;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;

/** Which of the kernel's news are of interest. */
class LinuxWatchTest {
    private static final int CARRIES = Linux.IFF_UP() | Linux.IFF_LOWER_UP();
    private static final int MAIN = Linux.RT_TABLE_MAIN();

    private static List<String> told(RouteEvent event) {
        List<String> told = new ArrayList<>();
        new LinuxWatch(RouteSettings.DEFAULT, new HostWatcher() {
            @Override
            public void changed() {
                told.add("changed");
            }

            @Override
            public void addressGone(IpPrefix address) {
                told.add(address + " is gone");
            }

            @Override
            public void waysChanged() {
                told.add("ways");
            }
        }, 0).tell(event);
        return told;
    }

    @Test
    void afterLostNewsAllMayHaveChanged() {
        assertEquals(List.of("changed", "ways"), told(new EventsLost()));
    }

    @Test
    void rulesAndSysctlsMatter() {
        RuleEntry any = new RuleEntry(true, 7, 0, false, 0, 0, "", Optional.empty(), 0, OptionalLong.empty(),
                OptionalInt.empty(), RuleEntry.Action.LOOKUP, MAIN, 0, -1);
        assertEquals(List.of("changed"), told(new RuleChanged(any, false)));
        assertEquals(List.of("changed"), told(new SysctlChanged()));
    }

    @Test
    void ofRoutesOnlyDefaultsAndThoseOfOurTablesMatter() {
        assertEquals(List.of("ways"), told(route(MAIN, "0.0.0.0", 0)));
        assertEquals(List.of("changed"), told(route(77, "::", 0)));
        assertEquals(List.of("changed"), told(route(13_492, "192.0.2.1", 32)));
        assertEquals(List.of("changed"), told(route(13_493, "::", 0)));
        assertEquals(List.of(), told(route(MAIN, "192.0.2.1", 32)));
    }

    @Test
    void anAddressThatIsGoneIsTold() {
        AddressEntry address = new AddressEntry(2, InetAddress.ofLiteral("192.0.2.1"), 24, 0);
        assertEquals(List.of("changed", "192.0.2.1 is gone"), told(new AddressChanged(address, true)));
        assertEquals(List.of("changed"), told(new AddressChanged(address, false)));
    }

    @Test
    void aLinkThatNoLongerCarriesIsNoWay() {
        assertEquals(List.of(), told(link("eth0", CARRIES, false)));
        assertEquals(List.of("ways"), told(link("eth0", Linux.IFF_UP(), false)));
        assertEquals(List.of("ways"), told(link("eth0", CARRIES, true)));
        assertEquals(List.of("changed"), told(link("wltun0", CARRIES, false)));
    }

    private static RouteChanged route(int table, String destination, int length) {
        return new RouteChanged(RouteEntry.throwing(table, 3, InetAddress.ofLiteral(destination), length), true);
    }

    private static LinkChanged link(String name, int flags, boolean gone) {
        return new LinkChanged(new LinkEntry(2, name, "", flags, 1500, 1000), gone);
    }
}
