package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.testing.HostState;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** The real kernel, judged by the ip program; the TUN is ip's, too, and nobody reads from it. */
@NeedsRoot
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class RouteKeeperKernelTest {
    private static final long GENEROUS_NANOS = 5_000_000_000L;

    private TestNet net;
    private RouteKeeper keeper;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
    }

    @AfterEach
    void close() throws Exception {
        if (keeper != null) {
            keeper.close();
        }
        net.close();
    }

    @Test
    void ipv4RulesAreAsDrawn() throws Exception {
        running(settings(List.of(1000L, 1001L), false));
        assertEquals("""
                0: from all lookup local
                13488: from all fwmark 0x574c/0xffff goto 13499 proto 157
                13489: from 10.13.49.0 iif lo lookup 13493 proto 157
                13490: from all iif lo uidrange 1000-1000 goto 13499 proto 157
                13490: from all iif lo uidrange 1001-1001 goto 13499 proto 157
                13491: from all lookup main suppress_prefixlength 0 proto 157
                13492: from 0.0.0.0 iif lo lookup 13492 proto 157
                13499: from all nop proto 157
                32766: from all lookup main
                32767: from all lookup default
                """, ip("-4 rule"));
    }

    @Test
    void ipv6RulesAreAsDrawn() throws Exception {
        running(settings(List.of(1000L), false));
        assertEquals("""
                0: from all lookup local
                13488: from all fwmark 0x574c/0xffff goto 13499 proto 157
                13489: from fd13:490:574c:: iif lo lookup 13493 proto 157
                13490: from all iif lo uidrange 1000-1000 goto 13499 proto 157
                13491: from all lookup main suppress_prefixlength 0 proto 157
                13492: from ::/1 iif lo goto 13499 proto 157
                13493: from 8000::/1 iif lo goto 13499 proto 157
                13494: from all iif lo lookup 13492 proto 157
                13499: from all nop proto 157
                32766: from all lookup main
                """, ip("-6 rule"));
    }

    @Test
    void withDnsQueriesToTheLanAreNotTheUsers() throws Exception {
        running(settings(List.of(), true));
        assertTrue(ip("-4 rule").contains(
                "13491: not from all dport 53 lookup main suppress_prefixlength 0 proto 157\n"));
        assertTrue(ip("-6 rule").contains(
                "13491: not from all dport 53 lookup main suppress_prefixlength 0 proto 157\n"));
    }

    @Test
    void tablesAreAsDrawn() throws Exception {
        running(RouteSettings.DEFAULT, "198.51.100.1", "10.0.0.0/8", "2001:db8:99::/64");
        assertEquals("""
                default dev wltun0 proto 157 scope link linkdown
                throw 10.0.0.0/8 proto 157
                throw 169.254.0.0/16 proto 157
                throw 198.51.100.1 proto 157
                throw 224.0.0.0/4 proto 157
                throw 255.255.255.255 proto 157
                """, ip("-4 route show table 13492"));
        assertEquals("default dev wltun0 proto 157 scope link linkdown\n", ip("-4 route show table 13493"));
        assertEquals("""
                throw 2001:db8:99::/64 dev lo proto 157 metric 1024 pref medium
                throw fe80::/10 dev lo proto 157 metric 1024 pref medium
                throw ff00::/8 dev lo proto 157 metric 1024 pref medium
                default dev wltun0 proto 157 metric 1024 linkdown pref medium
                """, ip("-6 route show table 13492"));
        assertEquals("default dev wltun0 proto 157 metric 1024 linkdown pref medium\n",
                ip("-6 route show table 13493"));
    }

    @Test
    void tunHasOneAddressAFamilyAndNoLinkLocal() throws Exception {
        running(RouteSettings.DEFAULT);
        String link = ip("addr show dev wltun0");
        assertTrue(link.contains("mtu 1500") && link.contains("qlen 1000"), link);
        assertEquals(List.of("10.13.49.0/31", "fd13:490:574c::/127"), Stream.of(link.split("\n")).map(String::strip)
                .filter(line -> line.startsWith("inet")).map(line -> line.split(" ")[1]).toList());
        assertTrue(link.contains("nodad") && !link.contains("tentative"), link);
        assertEquals("2\n", TestNet.output(net.inside(), "cat", "/proc/sys/net/ipv4/conf/wltun0/rp_filter"));
    }

    @ParameterizedTest
    @CsvSource({
        "203.0.113.1, wltun0",
        "198.51.100.1, veth0",
        "198.51.100.2, wltun0",
        "203.0.113.1 mark 0x574c, veth0",
        "203.0.113.1 mark 0x1574c, veth0",
        "203.0.113.1 mark 0x574d, wltun0",
        "10.77.0.99, veth0",
        "203.0.113.1 from 10.77.0.2, veth0",
        "198.51.100.1 from 10.13.49.0, wltun0",
        "203.0.113.1 uid 1000, veth0",
        "203.0.113.1 uid 1001, wltun0",
        "224.0.0.251, veth0",
        "255.255.255.255, veth0",
        "169.254.1.1, veth0",
        "127.0.0.1, lo",
        "2001:db8:bad::1, wltun0",
        "2001:db8:99::1, veth0",
        "2001:db8:99::2, wltun0",
        "2001:db8:bad::1 mark 0x574c, veth0",
        "fd77::99, veth0",
        "2001:db8:bad::1 from fd77::2, veth0",
        "2001:db8:99::1 from fd13:490:574c::, wltun0",
        "2001:db8:bad::1 uid 1000, veth0",
        "2001:db8:bad::1 uid 1001, wltun0",
        "ff02::fb, veth0",
        "fe80::1, veth0",
        "::1, lo",
    })
    void everyPacketGoesItsWay(String packet, String device) throws Exception {
        running(settings(List.of(1000L), false), "198.51.100.1", "2001:db8:99::1");
        assertEquals(device, way(packet));
    }

    @ParameterizedTest
    @CsvSource({
        "203.0.113.1, wltun0",
        "198.51.100.1, Network is unreachable",
        "203.0.113.1 mark 0x574c, Network is unreachable",
        "10.77.0.99, veth0",
        "2001:db8:bad::1, wltun0",
        "2001:db8:99::1, Network is unreachable",
        "2001:db8:bad::1 mark 0x574c, Network is unreachable",
        "fd77::99, veth0",
    })
    void withoutADefaultInMainNothingFallsThrough(String packet, String device) throws Exception {
        change("route del default", "-6 route del default");
        running(RouteSettings.DEFAULT, "198.51.100.1", "2001:db8:99::1");
        assertEquals(device, way(packet));
    }

    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.1", "2001:db8:bad::1"})
    void nothingIsCapturedBeforeTheLastStage(String packet) throws Exception {
        keeper = start(RouteSettings.DEFAULT);
        keeper.prepare();
        keeper.deviceUp(tun());
        assertEquals("veth0", way(packet));
    }

    @ParameterizedTest
    @ValueSource(strings = {"203.0.113.1", "203.0.113.0/24", "2001:db8:bad::1", "2001:db8:bad::/48"})
    void answeredEditIsTheKernels(String entry) throws Exception {
        running(RouteSettings.DEFAULT);
        String packet = entry.replaceFirst("0/24|::/48", entry.contains(":") ? "::1" : "1");
        apply(new BypassEdit.Add(list(entry)));
        assertEquals("veth0", way(packet));
        apply(new BypassEdit.Remove(IpPrefix.parse(entry)));
        assertEquals("wltun0", way(packet));
    }

    @Test
    void stopLeavesTheHostAsItWas() throws Exception {
        change("rule add pref 100 from 192.0.2.0/24 lookup 77", "route add throw 9.9.9.9 table 77",
                "-6 rule add pref 13480 iif lo lookup 77");
        HostState before = HostState.of(net.inside());
        running(settings(List.of(1000L), true), "203.0.113.1", "2001:db8:bad::/48");
        keeper.release();
        change("link del wltun0");
        assertEquals(before.toString(), HostState.of(net.inside()).toString());
    }

    @Test
    void refusalUndoesAllOfTheEditAndIsToldInTheKernelsWords() throws Exception {
        running(RouteSettings.DEFAULT, "1.1.1.1");
        change("route add unreachable 2.2.2.2 table 13492");
        HostState before = HostState.of(net.inside());
        BypassEdit edit = new BypassEdit.Replace(list("3.3.3.3", "2.2.2.2", "4.4.4.4", "2001:db8::1"));
        assertEquals("ip route add throw 2.2.2.2 table 13492: EEXIST (17), File exists",
                assertThrows(RouteRefusedException.class, () -> apply(edit)).getMessage());
        assertEquals(before.toString(), HostState.of(net.inside()).toString());
        assertEquals("[1.1.1.1]", keeper.snapshot().set().toString());
    }

    @Test
    void routeThatSomebodyTookAwayMayBeRemoved() throws Exception {
        running(RouteSettings.DEFAULT, "1.1.1.1", "2001:db8::1");
        change("route del throw 1.1.1.1 table 13492", "-6 route del 2001:db8::1 table 13492");
        assertEquals(BypassSet.EMPTY, apply(new BypassEdit.Clear()).set());
    }

    @Test
    void whatAKilledDaemonLeftIsSweptAndItsListAdopted() throws Exception {
        HostState before = HostState.of(net.inside());
        running(settings(List.of(1000L), true), "9.9.9.9", "2001:db8::1", "1.2.3.0/24");
        keeper.close();
        change("link del wltun0");
        keeper = start(RouteSettings.DEFAULT, "5.5.5.5");
        keeper.prepare();
        assertEquals("[5.5.5.5, 1.2.3.0/24, 9.9.9.9, 2001:db8::1]", keeper.snapshot().set().toString());
        assertEquals("""
                0: from all lookup local
                13488: from all fwmark 0x574c/0xffff goto 13499 proto 157
                13499: from all nop proto 157
                32766: from all lookup main
                32767: from all lookup default
                """, ip("-4 rule"));
        keeper.release();
        assertEquals(before.toString(), HostState.of(net.inside()).toString());
    }

    @Test
    void withIpv6SwitchedOffIpv4Works() throws Exception {
        net.inside().call(() -> sysctl("net/ipv6/conf/all/disable_ipv6", "1"));
        running(RouteSettings.DEFAULT, "198.51.100.1", "2001:db8:99::1");
        assertEquals(Set.of(Family.IPV4), keeper.families());
        assertEquals("[198.51.100.1, 2001:db8:99::1, 2001:db8:99::2]",
                apply(new BypassEdit.Add(list("2001:db8:99::2"))).set().toString());
        assertEquals("wltun0", way("203.0.113.1"));
        assertEquals("veth0", way("198.51.100.1"));
        assertTrue(!ip("-6 rule").contains("157") && !ip("-6 route show table all").contains("157"));
    }

    @Test
    void ipv6OfAHostThatHasItIsCapturedThoughNewDevicesHaveNone() throws Exception {
        net.inside().call(() -> sysctl("net/ipv6/conf/default/disable_ipv6", "1"));
        running(RouteSettings.DEFAULT);
        assertEquals(Set.of(Family.values()), keeper.families());
        assertEquals("wltun0", way("2001:db8:99::1"));
    }

    @Test
    void ipv6ThatNoDeviceHasIsNotCapturedThoughItIsNotOffForAll() throws Exception {
        net.inside().call(() -> sysctl("net/ipv6/conf/default/disable_ipv6", "1"));
        net.inside().call(() -> sysctl("net/ipv6/conf/veth0/disable_ipv6", "1"));
        running(RouteSettings.DEFAULT);
        assertEquals(Set.of(Family.IPV4), keeper.families());
    }

    @Test
    void ipv6ThatOneDeviceHasThoughItIsOffForAllIsCaptured() throws Exception {
        net.inside().call(() -> sysctl("net/ipv6/conf/all/disable_ipv6", "1"));
        net.inside().call(() -> sysctl("net/ipv6/conf/veth0/disable_ipv6", "0"));
        change("addr add fd77::2/64 dev veth0 nodad", "-6 route add default via fd77::1");
        running(RouteSettings.DEFAULT);
        assertEquals(Set.of(Family.values()), keeper.families());
        assertEquals("wltun0", way("2001:db8:bad::1"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void tenThousandEntriesAreFast(boolean ipv4) throws Exception {
        running(RouteSettings.DEFAULT);
        List<IpPrefix> first = many(ipv4, 0);
        List<IpPrefix> second = many(ipv4, 5_000);
        long applied = nanos(new BypassEdit.Replace(first));
        long replaced = nanos(new BypassEdit.Replace(second));
        change("route add unreachable " + (ipv4 ? "11.0.0.0/8" : "3fff::/20") + " table 13492");
        long start = System.nanoTime();
        assertThrows(RouteRefusedException.class, () -> apply(new BypassEdit.Replace(Stream.concat(
                many(ipv4, 20_000).stream(), list(ipv4 ? "11.0.0.0/8" : "3fff::/20").stream()).toList())));
        long undone = System.nanoTime() - start;
        assertEquals(second, keeper.snapshot().set().entries());
        long cleared = nanos(new BypassEdit.Clear());
        System.out.printf("10,000 of %s: applied %d ms, half of them replaced %d ms, refused at the last and undone"
                + " %d ms, cleared %d ms%n", ipv4 ? "IPv4" : "IPv6", applied / 1_000_000, replaced / 1_000_000,
                undone / 1_000_000, cleared / 1_000_000);
        assertTrue(Stream.of(applied, replaced, undone, cleared).allMatch(nanos -> nanos < GENEROUS_NANOS));
    }

    private long nanos(BypassEdit edit) throws Exception {
        long start = System.nanoTime();
        apply(edit);
        return System.nanoTime() - start;
    }

    private static List<IpPrefix> many(boolean ipv4, int from) {
        return IntStream.range(from, from + 10_000).mapToObj(i -> ipv4 ? IpPrefix.ipv4(0x2000_0000 + i * 7, 32)
                : new IpPrefix(0x2001_0db8_0000_0000L, i * 7L + 2, 128)).toList();
    }

    private void running(RouteSettings settings, String... bypass) throws Exception {
        keeper = start(settings, bypass);
        keeper.prepare();
        keeper.deviceUp(tun());
        keeper.capture();
    }

    private RouteKeeper start(RouteSettings settings, String... bypass) throws Exception {
        BypassSet set = BypassSet.of(list(bypass));
        return net.inside().call(() ->
                RouteKeeper.start(settings, set, LinuxRoutes::open, added -> { }, new EventLog()));
    }

    private int tun() throws Exception {
        change("tuntap add dev wltun0 mode tun");
        return Integer.parseInt(ip("-o link show dev wltun0").split(":")[0]);
    }

    private BypassControl.Snapshot apply(BypassEdit edit) throws Exception {
        return keeper.apply(edit, Optional.empty(), "a test");
    }

    /** The device that a packet would leave by, or why there is none. */
    private String way(String packet) throws Exception {
        String answer = ip("route get " + packet);
        return answer.contains(" dev ") ? answer.replaceFirst("(?s).* dev (\\S+).*", "$1")
                : answer.replaceFirst("RTNETLINK answers: ", "").strip();
    }

    private void change(String... commands) throws Exception {
        for (String command : commands) {
            assertEquals("", ip(command));
        }
    }

    /** What ip prints, blanks reduced to one. */
    private String ip(String arguments) throws Exception {
        String printed = TestNet.output(net.inside(), ("ip " + arguments).split(" "));
        return printed.replace("\t", " ").replaceAll(" +", " ").replace(" \n", "\n");
    }

    private static boolean sysctl(String name, String value) throws Exception {
        Files.writeString(Path.of("/proc/sys", name), value);
        return true;
    }

    private static List<IpPrefix> list(String... entries) {
        return Stream.of(entries).map(IpPrefix::parse).toList();
    }

    private static RouteSettings settings(List<Long> users, boolean capturesDns) {
        RouteSettings byDefault = RouteSettings.DEFAULT;
        return new RouteSettings(byDefault.ruleBase(), byDefault.mark(), byDefault.tunName(), byDefault.ipv4Address(),
                byDefault.ipv6Address(), byDefault.mtu(), byDefault.transmitQueuePackets(), users, capturesDns,
                false, List.of(), false);
    }
}
