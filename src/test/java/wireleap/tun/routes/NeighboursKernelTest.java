package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** Other programs' routes and rules beside ours, and very many of ours. The kernel's, judged by the ip program. */
@NeedsRoot
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class NeighboursKernelTest {
    private static final long PATIENCE_NANOS = 10_000_000_000L;
    private static final int MOST = BypassSet.MAX_ENTRIES;

    private TestNet net;
    private RouteKeeper keeper;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        change("tuntap add dev wg0 mode tun", "addr add 10.9.0.2/24 dev wg0", "link set wg0 up",
                "route add default dev wg0 table 51820");
    }

    @AfterEach
    void close() throws Exception {
        if (keeper != null) {
            keeper.close();
        }
        net.close();
    }

    @Test
    void wireGuardsRulesBehindOursAreForWhatWeLeaveAlone() throws Exception {
        wireGuard(32_764);
        capture();
        assertEquals("wltun0", way("203.0.113.1"));
        assertEquals("wg0", way("203.0.113.1 mark 0x574c"));
        assertEquals("wg0", way("203.0.113.1 from 10.77.0.2"));
        assertEquals("veth0", way("203.0.113.1 from 10.77.0.2 mark 0xca6c"));
        assertEquals(List.of(), keeper.troubles());
    }

    @Test
    void wireGuardsRulesBeforeOursStayAndAreTold() throws Exception {
        capture();
        wireGuard(100);
        await("a warning", () -> keeper.troubles().toString().contains("rule not pref 101 fwmark 0xca6c/0xffffffff lookup 51820"));
        assertEquals("wg0", way("203.0.113.1"));
        change("rule del pref 101");
        await("no warning", () -> keeper.troubles().isEmpty());
        assertEquals("wltun0", way("203.0.113.1"));
    }

    @Test
    void wireGuardsRulesBeforeOursAreToldThoughRootIsBypassed() throws Exception {
        capture(new RouteSettings(13_488, RouteSettings.DEFAULT.mark(), "wltun0", RouteSettings.DEFAULT.ipv4Address(),
                RouteSettings.DEFAULT.ipv6Address(), 1500, 1000, List.of(0L), false, false, List.of(), false));
        change("rule add pref 100 fwmark 0xca6c lookup 51820", "rule del pref 13491");
        await("our rule", () -> ip("rule").contains("13491:"));
        assertEquals(List.of(), keeper.troubles());
        change("rule add pref 101 lookup 51820");
        await("a warning", () -> keeper.troubles().toString().contains("rule pref 101 lookup 51820"));
    }

    /** The kernel keeps what stands behind the length, ip-rule(8) shows it, and many hosts with two uplinks have it so. */
    @Test
    void ruleFromAnAddressWithTheLengthOfItsNetworkDoesNotMatter() throws Exception {
        change("rule add pref 200 from 192.168.1.10/24 lookup 100");
        capture();
        change("rule add pref 201 from 192.168.2.10/24 lookup 100", "-6 rule add pref 202 from 2001:db8:77::7/64 lookup 100",
                "rule del pref 13491");
        await("our rule", () -> ip("rule").contains("13491:"));
        assertEquals("wltun0", way("203.0.113.1"));
        assertEquals(List.of(), keeper.troubles());
    }

    @Test
    void whatABridgeForwardsIsLeftAlone() throws Exception {
        change("tuntap add dev docker0 mode tap", "addr add 172.17.0.1/16 dev docker0", "link set docker0 up");
        net.inside().call(() -> Files.writeString(Path.of("/proc/sys/net/ipv4/ip_forward"), "1"));
        capture();
        assertEquals("veth0", way("203.0.113.1 from 172.17.0.2 iif docker0"));
        assertEquals("docker0", way("172.17.0.9"));
        assertEquals("wltun0", way("203.0.113.1"));
    }

    @Test
    void networkdThatFlushesWhatIsForeignToItGetsItAllBack() throws Exception {
        capture("198.51.100.7", "2001:db8:99::7");
        String before = ours();
        for (int i = 0; i < 3; i++) {
            change("rule del pref 13499", "rule del pref 13488", "rule del pref 13491", "-6 rule del pref 13494",
                    "route flush proto 157 table all", "-6 route flush proto 157 table all", "addr flush dev wltun0");
            await("all of ours", () -> ours().equals(before));
        }
    }

    @Test
    void secondDaemonInANamespaceOfItsOwnIsNotMet() throws Exception {
        capture();
        String before = ours();
        TestNet.ip(net.outside(), List.of("tuntap add dev wltun0 mode tun"));
        int index = Integer.parseInt(TestNet.output(net.outside(), "ip", "-o", "link", "show", "dev", "wltun0").split(":")[0]);
        RouteKeeper other = net.outside().call(() -> RouteKeeper.start(RouteSettings.DEFAULT, BypassSet.EMPTY,
                LinuxRoutes::open, added -> { }, new EventLog()));
        other.prepare();
        other.deviceUp(index);
        other.capture();
        other.release();
        other.close();
        assertEquals(before, ours());
        assertEquals(0, keeper.repairs());
    }

    @Test
    void asManyEntriesAsThereMayBeAreAppliedReplacedAndClearedSoon() throws Exception {
        capture();
        List<IpPrefix> first = many(0);
        List<IpPrefix> second = new ArrayList<>(first.subList(MOST / 100, MOST));
        second.addAll(many(MOST).subList(0, MOST / 100));
        long applied = nanos(new BypassEdit.Replace(first));
        long usedBytes = usedBytes();
        long replaced = nanos(new BypassEdit.Replace(second));
        change("rule del pref 13491");
        long start = System.nanoTime();
        await("a repair", () -> keeper.repairs() > 0);
        long repaired = System.nanoTime() - start;
        long cleared = nanos(new BypassEdit.Clear());
        System.out.printf("%d entries of both families: applied %d ms, 1 %% replaced %d ms, a rule repaired beside them %d ms,"
                + " cleared %d ms; %d KiB of heap in use%n", MOST, applied / 1_000_000, replaced / 1_000_000,
                repaired / 1_000_000, cleared / 1_000_000, usedBytes >> 10);
        assertTrue(Math.max(applied, Math.max(replaced, cleared)) < PATIENCE_NANOS);
    }

    private static long usedBytes() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private static List<IpPrefix> many(int from) {
        return IntStream.range(from, from + MOST).mapToObj(i -> i % 2 == 0 ? IpPrefix.ipv4(0x2000_0000 + i * 7, 32)
                : new IpPrefix(0x2001_0db8_0000_0000L, i * 7L + 2, 128)).toList();
    }

    private long nanos(BypassEdit edit) throws Exception {
        long start = System.nanoTime();
        keeper.apply(edit, Optional.empty(), "a test");
        return System.nanoTime() - start;
    }

    /** What wg-quick(8) makes, at two preferences from this one on. */
    private void wireGuard(int preference) throws Exception {
        change("rule add pref " + preference + " lookup main suppress_prefixlength 0",
                "rule add pref " + (preference + 1) + " not fwmark 0xca6c lookup 51820");
    }

    private void capture(String... bypass) throws Exception {
        capture(RouteSettings.DEFAULT, bypass);
    }

    private void capture(RouteSettings settings, String... bypass) throws Exception {
        BypassSet list = BypassSet.of(List.of(bypass).stream().map(IpPrefix::parse).toList());
        keeper = net.inside().call(() -> RouteKeeper.start(settings, list, LinuxRoutes::open, added -> { },
                new EventLog()));
        keeper.prepare();
        change("tuntap add dev wltun0 mode tun");
        keeper.deviceUp(Integer.parseInt(ip("-o link show dev wltun0").split(":")[0]));
        keeper.capture();
    }

    private String ours() throws Exception {
        return ip("-4 rule") + ip("-6 rule") + ip("-4 route show table 13492") + ip("-6 route show table 13492")
                + ip("-4 route show table 13493") + ip("-6 route show table 13493") + ip("addr show dev wltun0");
    }

    private String way(String packet) throws Exception {
        String answer = ip("route get " + packet);
        return answer.contains(" dev ") ? answer.replaceFirst("(?s).* dev (\\S+).*", "$1") : answer.strip();
    }

    /** Something that comes true. */
    private interface Condition {
        boolean holds() throws Exception;
    }

    private void await(String what, Condition condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.holds()) {
            assertTrue(System.nanoTime() < deadline, () -> what + " does not come: " + keeper.troubles());
            Thread.sleep(10);
        }
    }

    private void change(String... commands) throws Exception {
        for (String command : commands) {
            assertEquals("", ip(command));
        }
    }

    private String ip(String arguments) throws Exception {
        return TestNet.output(net.inside(), ("ip " + arguments).split(" "));
    }
}
