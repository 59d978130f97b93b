package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Echo requests are answered by the daemon itself, whatever the upstream. */
@NeedsTun
@NeedsProgram({"ip", "ping"})
@Timeout(20)
class PingKernelTest {
    private static TestNet net;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        Daemon.start(net, "--upstream", Upstream.OWN.open(net));
    }

    @AfterAll
    static void close() {
        net.close();
    }

    /** More than 1452 to 1472 bytes come and go in fragments. */
    @ParameterizedTest
    @CsvSource({"IPV4, 0", "IPV4, 56", "IPV4, 1472", "IPV4, 1473", "IPV4, 20000", "IPV4, 65000",
        "IPV6, 0", "IPV6, 56", "IPV6, 1452", "IPV6, 1453", "IPV6, 20000", "IPV6, 65000"})
    void pingIsAnswered(Family family, String bytes) throws Exception {
        String output = TestNet.output(net.inside(), "ping", "-n", "-c", "3", "-i", "0.1", "-W", "3", "-s", bytes,
                family.server(200).getHostAddress());
        assertTrue(output.contains("3 packets transmitted, 3 received"), output);
    }
}
