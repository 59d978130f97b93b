package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** A proxy that is not there when the daemon starts. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
class AbsentUpstreamKernelTest {
    private TestNet net;
    private Daemon daemon;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", "socks5://10.77.0.1:1080");
    }

    @AfterEach
    void close() {
        net.close();
    }

    @Test
    void flowsAreRefusedMeanwhile() {
        assertThrows(ConnectException.class, () -> net.dial(new InetSocketAddress(TestNet.SERVER_4, 80)));
    }

    @Test
    void theLogNamesTheUpstream() throws Exception {
        daemon.await("worried", () -> daemon.log().contains("10.77.0.1:1080"));
    }

    @Test
    void flowsAreCarriedOnceItIsThere() throws Exception {
        assertThrows(IOException.class, () -> net.dial(new InetSocketAddress(TestNet.SERVER_4, 80)));
        Upstream.OWN.open(net);
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            assertEquals(TestNet.PROXY_4, flow.far().socket().getInetAddress());
        }
    }

    @Test
    void nothingPreventsActive() throws Exception {
        assertTrue(daemon.api().read("/state").body().contains("\"active\""));
    }
}
