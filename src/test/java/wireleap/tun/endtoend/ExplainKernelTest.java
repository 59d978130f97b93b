package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.client.BypassClient;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** What the packaged program's {@code explain} says is what {@code ip route get} says, also when others meddle. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
class ExplainKernelTest {
    private static TestNet net;
    private static Daemon daemon;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", "direct", "--bypass", "198.51.100.9", "--bypass", "2001:db8:99::8/125");
    }

    @AfterAll
    static void close() {
        net.close();
    }

    private static Map<String, Object> explained(String address) throws Exception {
        return new BypassClient(daemon.socket()).explain(address);
    }

    private static Map<?, ?> kernel(Map<String, Object> explained) {
        return (Map<?, ?>) explained.get("kernel");
    }

    /** A word that follows another in what {@code ip route get} says; the default where it says none. */
    private static String said(String address, String word, String usual) throws Exception {
        String route = " " + TestNet.output(net.inside(), "ip", "route", "get", address);
        return route.contains(" " + word + " ") ? route.replaceFirst("(?s).* " + word + " (\\S+) .*", "$1") : usual;
    }

    @ParameterizedTest
    @CsvSource({"198.51.100.1, tun, captured", "2001:db8:99::1, tun, captured", "203.0.113.9, tun, captured",
        "198.51.100.9, around, bypass entry 198.51.100.9", "2001:db8:99::9, around, bypass entry 2001:db8:99::8/125",
        "10.77.0.1, around, 'left to this host''s own routes'", "fd77::1, around, 'left to this host''s own routes'",
        "10.77.0.2, around, 'left to this host''s own routes'", "127.0.0.1, around, 'left to this host''s own routes'",
        "224.0.0.251, around, never captured: 224.0.0.0/4"})
    void theKernelIsQuotedAndAgrees(String address, String way, String why) throws Exception {
        Map<String, Object> explained = explained(address);
        assertEquals(said(address, "dev", "-"), kernel(explained).get("device"), explained::toString);
        assertEquals(said(address, "table", "main"), kernel(explained).get("table"), explained::toString);
        assertEquals(Map.of("way", way, "why", why), explained.get("plan"));
        assertEquals(true, explained.get("agree"), explained::toString);
    }

    @Test
    void theRuleIsOneThatTheKernelHas() throws Exception {
        Object rule = kernel(explained("198.51.100.1")).get("rule");
        assertEquals("pref 13492 iif lo from 0.0.0.0 lookup 13492", rule);
        assertTrue(TestNet.output(net.inside(), "ip", "rule").contains("13492:\tfrom 0.0.0.0 iif lo lookup 13492"));
    }

    @ParameterizedTest
    @CsvSource({"-4, 198.51.100.1", "-6, 2001:db8:99::1"})
    void aForeignRuleBeforeOursIsNamedAndNotAgreedWith(String family, String address) throws Exception {
        TestNet.output(net.inside(), "ip", family, "rule", "add", "pref", "77", "iif", "lo", "lookup", "main");
        try {
            Map<String, Object> explained = explained(address);
            assertEquals("veth0", said(address, "dev", "-"));
            assertEquals("veth0", kernel(explained).get("device"), explained::toString);
            assertEquals("pref 77 iif lo lookup main", kernel(explained).get("rule"));
            assertEquals(false, explained.get("agree"));
        } finally {
            TestNet.output(net.inside(), "ip", family, "rule", "del", "pref", "77");
        }
        assertEquals(true, explained(address).get("agree"));
    }

    @Test
    void aForeignRuleThatTakesWhatIsBypassedIsNotAgreedWith() throws Exception {
        TestNet.ip(net.inside(), List.of("rule add pref 78 to 198.51.100.9 lookup 13493"));
        try {
            assertEquals(false, explained("198.51.100.9").get("agree"));
        } finally {
            TestNet.ip(net.inside(), List.of("rule del pref 78"));
        }
    }

    @Test
    void theCommandSaysItInLinesAndFailsWhereTheyDoNotAgree() throws Exception {
        Process agreeing = daemon.command(net, "explain", "198.51.100.1");
        assertEquals(List.of("rule     pref 13492 iif lo from 0.0.0.0 lookup 13492", "table    13492",
                "entry    default dev wltun0", "device   wltun0", "plan     into the TUN (captured)", "agree    yes"),
                agreeing.inputReader().lines().toList());
        assertEquals(0, agreeing.waitFor());
        TestNet.ip(net.inside(), List.of("rule add pref 79 to 198.51.100.2 lookup main"));
        try {
            Process shadowed = daemon.command(net, "explain", "198.51.100.2");
            assertEquals("agree    no", shadowed.inputReader().lines().toList().getLast());
            assertEquals(1, shadowed.waitFor());
        } finally {
            TestNet.ip(net.inside(), List.of("rule del pref 79"));
        }
    }
}
