package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** Somebody deletes the TUN while the daemon runs. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
class LostTunKernelTest {
    @ParameterizedTest
    @ValueSource(strings = {"1", "3"})
    void aDaemonThatHasLostItsTunSaysSoOnce(String queues) throws Exception {
        try (var net = TestNet.open();
                var daemon = Daemon.start(net, "--upstream", "direct", "--queues", queues)) {
            TestNet.ip(net.inside(), List.of("link del wltun0"));
            daemon.await("failed", () -> daemon.api().read("/state").body().contains("\"failed\""));
            daemon.await("word of it", () -> daemon.log().contains("the TUN was deleted by somebody"));
            daemon.stop();
            assertEquals(2, daemon.log().split("the TUN was deleted by somebody", -1).length, daemon.log());
        }
    }

    @Test
    void withTheTunGoneNothingGoesAroundIt() throws Exception {
        try (var net = TestNet.open(); var daemon = Daemon.start(net, "--upstream", "direct", "--bypass", "198.51.100.9")) {
            TestNet.ip(net.inside(), List.of("link del wltun0"));
            for (String captured : List.of("198.51.100.1", "2001:db8:99::1")) {
                daemon.await("no way to " + captured, () -> way(net, captured).contains("unreachable")
                        || way(net, captured).contains("No route to host"));
            }
            assertTrue(way(net, "198.51.100.9").contains("dev veth0"), way(net, "198.51.100.9"));
        }
    }

    private static String way(TestNet net, String address) throws IOException, InterruptedException {
        return TestNet.output(net.inside(), "ip", "route", "get", address);
    }
}
