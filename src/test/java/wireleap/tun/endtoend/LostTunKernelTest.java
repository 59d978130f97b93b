package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** Somebody deletes the TUN while the daemon runs. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
class LostTunKernelTest {
    @Test
    void aDaemonThatHasLostItsTunSaysSo() throws Exception {
        try (var net = TestNet.open(); var daemon = Daemon.start(net, "--upstream", "direct")) {
            TestNet.ip(net.inside(), List.of("link del wltun0"));
            daemon.await("failed", () -> daemon.api().read("/state").body().contains("\"failed\""));
            assertTrue(daemon.log().contains("the TUN was deleted by somebody"), daemon.log());
        }
    }
}
