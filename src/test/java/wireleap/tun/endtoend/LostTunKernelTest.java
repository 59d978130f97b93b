package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
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
            daemon.stop();
            assertEquals(2, daemon.log().split("the TUN was deleted by somebody", -1).length, daemon.log());
        }
    }
}
