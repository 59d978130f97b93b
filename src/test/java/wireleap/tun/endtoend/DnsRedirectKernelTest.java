package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Dnsmasq;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/**
 * With {@code --dns} all names come from that resolver, whoever is asked for them: {@code dig} takes answers only from
 * whom it has asked. There is another resolver on the LAN, and none at the other addresses.
 */
@NeedsTun
@NeedsProgram({"ip", "danted", "microsocks", "dnsmasq", "dig"})
@Timeout(40)
@ParameterizedClass
@EnumSource
class DnsRedirectKernelTest {
    private static final int LAN = 1;
    private static final int CHOSEN = 9;
    private static TestNet net;
    private static Daemon daemon;

    @Parameter
    Upstream upstream;

    @BeforeParameterizedClassInvocation
    static void open(Upstream upstream) throws Exception {
        net = TestNet.open();
        Dnsmasq.start(net, LAN, TestNet.PROXY_4, TestNet.PROXY_6);
        Dnsmasq.start(net, CHOSEN, Family.IPV4.server(CHOSEN));
        daemon = Daemon.start(net, "--upstream", upstream.open(net), "--dns", "198.51.100." + CHOSEN);
    }

    @AfterParameterizedClassInvocation
    static void close() {
        net.close();
    }

    private static String dig(String server, String... options) throws Exception {
        var command = new ArrayList<>(List.of("dig", "@" + server, Dnsmasq.NAME, "+short", "+time=5", "+tries=1"));
        command.addAll(List.of(options));
        return TestNet.output(net.inside(), command.toArray(String[]::new)).strip();
    }

    @ParameterizedTest
    @CsvSource({"10.77.0.1, +notcp", "10.77.0.1, +tcp", "fd77::1, +notcp", "fd77::1, +tcp", "198.51.100.1, +notcp",
        "198.51.100.1, +tcp", "2001:db8:99::1, +notcp", "2001:db8:99::1, +tcp", "203.0.113.9, +notcp",
        "198.51.100.9, +notcp"})
    void theChosenResolverAnswersForAll(String server, String option) throws Exception {
        assertEquals("192.0.2." + CHOSEN, dig(server, option));
    }

    @Test
    void aResolverOnTheBypassListIsAskedItself() throws Exception {
        daemon.api().write("POST", "/bypass", "[\"10.77.0.1\"]");
        try {
            assertEquals("192.0.2." + LAN, dig("10.77.0.1"));
        } finally {
            daemon.api().write("DELETE", "/bypass", "");
        }
        assertEquals("192.0.2." + CHOSEN, dig("10.77.0.1"));
    }
}
