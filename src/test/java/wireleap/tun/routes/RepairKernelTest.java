package wireleap.tun.routes;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsRoot;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** Somebody else changes what is ours, with the ip program, and it comes back; on the real kernel. */
@NeedsRoot
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class RepairKernelTest {
    /**
     * It has to be back in half a second (LookoutTest says exactly when); the machine may be five times too slow:
     * {@code -Drepair.millis=500}.
     */
    private static final long PATIENCE_NANOS = Long.getLong("repair.millis", 2_500) * 1_000_000;

    private TestNet net;
    private RouteKeeper keeper;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        keeper = net.inside().call(() -> RouteKeeper.start(RouteSettings.DEFAULT,
                BypassSet.of(list("198.51.100.7", "2001:db8:99::7")), LinuxRoutes::open, added -> { }, new EventLog()));
        keeper.prepare();
        TestNet.ip(net.inside(), List.of("tuntap add dev wltun0 mode tun"));
        keeper.deviceUp(Integer.parseInt(ip("-o link show dev wltun0").split(":")[0]));
        keeper.capture();
    }

    @AfterEach
    void close() throws Exception {
        keeper.close();
        net.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-4", "-6"})
    void everyRuleComesBack(String family) throws Exception {
        List<String> rules = ip(family + " rule").lines().filter(line -> line.contains("proto 157")).toList();
        assertTrue(rules.size() > 4, rules.toString());
        for (String rule : rules) {
            comesBack(family + " rule del pref " + rule.substring(0, rule.indexOf(':')));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-4", "-6"})
    void everyRouteComesBack(String family) throws Exception {
        for (int table : List.of(13492, 13493)) {
            for (String route : ip(family + " route show table " + table).lines().toList()) {
                String[] words = route.split(" ");
                String target = words[0].equals("throw") ? "throw " + words[1] : words[0];
                comesBack(family + " route del " + target + " table " + table);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "addr del 10.13.49.0/31 dev wltun0",
        "addr del fd13:490:574c::/127 dev wltun0",
        "addr flush dev wltun0",
        "addr add 192.0.2.1/24 dev wltun0",
        "link set wltun0 mtu 1400",
        "link set wltun0 txqueuelen 7",
        "link set wltun0 down",
        "-4 route flush table 13492",
        "-6 route flush table 13492",
        "-4 route replace default via 10.77.0.1 table 13492",
        "-6 route replace default via fd77::1 table 13492",
        "-4 route replace unreachable 198.51.100.7 table 13492",
        "-6 route replace unreachable 2001:db8:99::7 table 13492",
        "-6 route add default via fd77::1 table 13492 metric 1",
    })
    void whatSomebodyChangedComesBack(String change) throws Exception {
        comesBack(change);
    }

    @Test
    void flushedRulesComeBack() throws Exception {
        String before = state();
        change("-4 rule flush", "-6 rule flush",
                "-4 rule add pref 32766 lookup main", "-4 rule add pref 32767 lookup default",
                "-6 rule add pref 32766 lookup main");
        awaitState(before);
    }

    @Test
    void ruleThatSomebodyMadeHisOwnIsOursAgain() throws Exception {
        String before = state();
        change("rule del pref 13491", "rule add pref 13491 lookup main suppress_prefixlength 0");
        awaitState(before);
    }

    @Test
    void looseReversePathFilterComesBack() throws Exception {
        sysctl("net/ipv4/conf/wltun0/rp_filter", "1");
        awaitText("2", () -> read("net/ipv4/conf/wltun0/rp_filter").strip());
    }

    @Test
    void ipv6ThatGoesAndComesHasItsRoutesAgain() throws Exception {
        String before = state();
        sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        awaitText("[IPv4]", () -> keeper.families().toString());
        sysctl("net/ipv6/conf/all/disable_ipv6", "0");
        awaitText("true", () -> "" + keeper.families().contains(Family.IPV6));
        TestNet.ip(net.inside(), List.of("addr add fd77::2/64 dev veth0 nodad", "route add default via fd77::1"));
        awaitState(before);
    }

    @Test
    void ipv6ThatOneDeviceHasThoughItIsOffForAllIsCaptured() throws Exception {
        String before = state();
        sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        awaitText("[IPv4]", () -> keeper.families().toString());
        sysctl("net/ipv6/conf/veth0/disable_ipv6", "0");
        TestNet.ip(net.inside(), List.of("addr add fd77::2/64 dev veth0 nodad", "route add default via fd77::1"));
        awaitState(before);
        assertTrue(ip("route get 2001:db8:bad::1").contains("dev wltun0"), ip("route get 2001:db8:bad::1"));
    }

    @Test
    void aChangeOfWhichTheNewsAreLostComesBack() throws Exception {
        String before = state();
        List<String> flood = new ArrayList<>(List.of("rule del pref 13491"));
        for (int i = 0; i < 30_000; i++) {
            flood.add("route add throw 240." + i / 65_536 + "." + i / 256 % 256 + "." + i % 256 + " table 77");
        }
        TestNet.ip(net.inside(), flood);
        awaitState(before);
    }

    @Test
    void whatIsNotOursIsLeftAlone() throws Exception {
        TestNet.ip(net.inside(), List.of("rule add pref 13480 fwmark 0x99 lookup 77", "rule add pref 13492 fwmark 0x98 lookup 77",
                "route add 192.0.2.0/24 via 10.77.0.1 table 13492", "route add 192.0.2.0/24 via 10.77.0.1 table 77"));
        String before = state();
        comesBack("rule del pref 13491");
        assertEquals(before, state());
    }

    @Test
    void whatIsRepairedIsCounted() throws Exception {
        comesBack("rule del pref 13491");
        awaitText("1", () -> "" + keeper.repairs());
    }

    private void comesBack(String change) throws Exception {
        String before = state();
        change(change);
        awaitState(before);
    }

    private void change(String... commands) throws Exception {
        for (String command : commands) {
            assertEquals("", ip(command));
        }
    }

    private void awaitState(String wanted) throws Exception {
        awaitText(wanted, this::state);
    }

    /** Something that can be asked. */
    private interface Question {
        String ask() throws Exception;
    }

    private static void awaitText(String wanted, Question question) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        String seen = question.ask();
        while (!seen.equals(wanted) && System.nanoTime() < deadline) {
            Thread.sleep(10);
            seen = question.ask();
        }
        assertEquals(wanted, seen);
    }

    /** All that is ours, and the rules of others. Whether a link has a carrier is not for us to say. */
    private String state() throws Exception {
        StringBuilder state = new StringBuilder();
        for (String part : List.of("-4 rule", "-6 rule", "-4 route show table 13492", "-6 route show table 13492",
                "-4 route show table 13493", "-6 route show table 13493", "addr show dev wltun0")) {
            state.append("# ").append(part).append('\n').append(ip(part).replace(" linkdown", ""));
        }
        return state.toString();
    }

    private String ip(String arguments) throws Exception {
        return TestNet.output(net.inside(), ("ip " + arguments).split(" "));
    }

    private String read(String sysctl) throws Exception {
        return net.inside().call(() -> Files.readString(Path.of("/proc/sys", sysctl)));
    }

    private void sysctl(String name, String value) throws Exception {
        net.inside().call(() -> Files.writeString(Path.of("/proc/sys", name), value));
    }

    private static List<IpPrefix> list(String... entries) {
        return Stream.of(entries).map(IpPrefix::parse).toList();
    }
}
