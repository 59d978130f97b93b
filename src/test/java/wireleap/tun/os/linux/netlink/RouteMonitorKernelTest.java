package wireleap.tun.os.linux.netlink;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.ProcessBuilder.Redirect;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.demo.Namespace;
import wireleap.tun.os.linux.netlink.RouteEvent.AddressChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.EventsLost;
import wireleap.tun.os.linux.netlink.RouteEvent.LinkChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RouteChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RuleChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.SysctlChanged;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;

/** What the monitor hears of changes by the ip program, in a namespace of its own. */
@NeedsRoot
@NeedsProgram("ip")
@Timeout(30)
class RouteMonitorKernelTest {
    private static final int USUAL_BYTES = 1 << 20;

    private Namespace namespace;

    @BeforeEach
    void open() throws Exception {
        namespace = Namespace.open("monitor");
    }

    @AfterEach
    void close() {
        namespace.close();
    }

    @Test
    void eachKindOfChangeIsHeard() throws Exception {
        List<RouteEvent> events = heard(USUAL_BYTES, List.of("link set lo up", "addr add 192.0.2.1/32 dev lo",
                "route add throw 198.51.100.1 table 77", "rule add pref 7 lookup 77", "rule del pref 7"));
        assertTrue(events.stream().anyMatch(event -> event instanceof LinkChanged change && change.link().isUp()));
        assertTrue(events.stream().anyMatch(event -> event instanceof AddressChanged change && !change.gone()
                && change.address().address().getHostAddress().equals("192.0.2.1")));
        assertTrue(events.stream().anyMatch(event -> event instanceof RouteChanged change && !change.gone()
                && change.route().table() == 77 && change.route().isThrow()));
        assertEquals(List.of(false, true), events.stream().filter(RuleChanged.class::isInstance)
                .map(event -> ((RuleChanged) event).gone()).toList());
    }

    @Test
    void aPortThatLeavesItsBridgeIsNotGone() throws Exception {
        List<RouteEvent> events = heard(USUAL_BYTES, List.of("link add br0 type bridge", "link add va type veth peer name vb",
                "link set va master br0", "link set va nomaster"));
        assertTrue(events.stream().anyMatch(event -> event instanceof LinkChanged change
                && change.link().name().equals("va")), events.toString());
        assertTrue(events.stream().noneMatch(event -> event instanceof LinkChanged change && change.gone()),
                events.toString());
    }

    @Test
    void changedSysctlIsHeard() throws Exception {
        List<RouteEvent> events = namespace.call(() -> {
            try (Arena arena = Arena.ofConfined();
                    RouteMonitor monitor = RouteMonitor.open(arena, OptionalInt.empty(), USUAL_BYTES)) {
                Files.writeString(Path.of("/proc/sys/net/ipv4/conf/lo/rp_filter"), "2");
                return events(monitor);
            }
        });
        assertEquals(List.of(new SysctlChanged()), events);
    }

    @Test
    void tooManyChangesAtOnceAreToldAsLost() throws Exception {
        List<String> many = IntStream.range(0, 500).mapToObj(i -> "rule add pref " + (i + 1) + " lookup 77").toList();
        assertTrue(heard(1, many).contains(new EventsLost()));
    }

    private List<RouteEvent> heard(int receiveBufferBytes, List<String> changes) throws Exception {
        return namespace.call(() -> {
            try (Arena arena = Arena.ofConfined();
                    RouteMonitor monitor = RouteMonitor.open(arena, OptionalInt.empty(), receiveBufferBytes)) {
                Process ip = new ProcessBuilder("ip", "-batch", "-").inheritIO().redirectInput(Redirect.PIPE).start();
                try (var input = ip.outputWriter()) {
                    input.write(String.join("\n", changes));
                }
                assertEquals(0, ip.waitFor());
                return events(monitor);
            }
        });
    }

    private static List<RouteEvent> events(RouteMonitor monitor) throws Exception {
        List<RouteEvent> events = new ArrayList<>();
        monitor.wake();
        monitor.await(events::add);
        return events;
    }
}
