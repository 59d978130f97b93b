package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** A broker that is not there when the daemon starts; that one is found when it comes, BrokerKernelTest shows. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
class AbsentBrokerKernelTest {
    private static TestNet net;
    private static Daemon daemon;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", "h2c://10.77.0.1:13490/broker");
    }

    @AfterAll
    static void close() {
        net.close();
    }

    @Test
    void nothingPreventsActive() throws Exception {
        assertTrue(daemon.api().read("/state").body().contains("\"active\""));
    }

    @Test
    void flowsAreReset() {
        for (int i = 0; i < 3; i++) {
            assertThrows(ConnectException.class, () -> net.dial(new InetSocketAddress(TestNet.SERVER_4, 80)));
        }
    }

    @Test
    void datagramsAreRefused() throws Exception {
        for (int i = 0; i < 3; i++) {
            try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress("0.0.0.0", 0))) {
                near.connect(new InetSocketAddress(TestNet.SERVER_4, 9));
                near.write(ByteBuffer.allocate(1));
                assertThrows(PortUnreachableException.class, () -> near.read(ByteBuffer.allocate(1)));
            }
        }
    }
}
