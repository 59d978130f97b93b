package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Dnsmasq;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/**
 * However the resolver of {@code --dns} is named, a host whose resolv.conf names one on its LAN gets names from that
 * resolver, and believes that the one on the LAN has answered: {@code dig} and {@code getent} take no other's word.
 */
@NeedsTun
@NeedsProgram({"ip", "microsocks", "dnsmasq", "dig", "unshare"})
@Timeout(40)
class DnsFormsKernelTest {
    private static final int LAN = 1;
    private static final int CHOSEN = 9;
    private TestNet net;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        Dnsmasq.start(net, LAN, TestNet.PROXY_4, TestNet.PROXY_6);
    }

    @AfterEach
    void close() {
        net.close();
    }

    /** Runs a command where resolv.conf says this. */
    private String withResolvConf(String text, String command) throws Exception {
        Path file = Files.writeString(net.directory().resolve("resolv.conf"), text);
        return TestNet.output(net.inside(), "unshare", "--mount", "sh", "-c",
                "mount --bind \"$1\" \"$(readlink -f /etc/resolv.conf)\" && " + command, "sh", file.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "DIRECT,     198.51.100.9,           198.51.100.9,   53",
        "DIRECT,     2001:db8:99::9,         2001:db8:99::9, 53",
        "DIRECT,     198.51.100.9:5353,      198.51.100.9,   5353",
        "DIRECT,     [2001:db8:99::9]:5353,  2001:db8:99::9, 5353",
        "MICROSOCKS, 198.51.100.9:5353,      198.51.100.9,   5353",
        "MICROSOCKS, 2001:db8:99::9,         2001:db8:99::9, 53",
    })
    void theResolverOnTheLanSeemsToAnswer(Upstream upstream, String form, String address, int port) throws Exception {
        Dnsmasq.start(net, CHOSEN, port, InetAddress.ofLiteral(address));
        Daemon.start(net, "--upstream", upstream.open(net), "--dns", form);
        for (String lan : new String[] {"10.77.0.1", "fd77::1"}) {
            String conf = "nameserver " + lan + "\n";
            assertEquals("192.0.2.9\n", withResolvConf(conf, "dig " + Dnsmasq.NAME + " +short +time=5 +tries=1"), lan);
            assertEquals("192.0.2.9\n", withResolvConf(conf, "dig " + Dnsmasq.NAME + " +short +tcp +tries=1"), lan);
            String said = withResolvConf(conf, "getent ahostsv4 " + Dnsmasq.NAME);
            assertTrue(said.startsWith("192.0.2.9 "), said);
        }
    }
}
