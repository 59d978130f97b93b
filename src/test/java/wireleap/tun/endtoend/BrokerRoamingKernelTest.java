package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Broker;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;

/** The host's address changes under the connection to a broker that all flows share. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(120)
class BrokerRoamingKernelTest {
    @Test
    void flowsAreResetAndTheNextOnesHaveANewConnection() throws Exception {
        try (var net = TestNet.open();
                var daemon = Daemon.start(net, "--upstream", Broker.of(Broker.Server.GO, net).start());
                var flow = Flow.open(net, TestNet.SERVER_4)) {
            carriesAByte(flow);
            TestNet.ip(net.inside(), List.of("addr del 10.77.0.2/24 dev veth0", "addr add 10.77.0.3/24 dev veth0",
                    "route replace default via 10.77.0.1"));
            assertEquals("Connection reset", assertThrows(IOException.class,
                    () -> flow.near().read(ByteBuffer.allocate(1)), daemon::log).getMessage());
            daemon.await("reaching its broker again", () -> {
                try (var next = Flow.open(net, TestNet.SERVER_4)) {
                    carriesAByte(next);
                    return true;
                }
            });
        }
    }

    private static void carriesAByte(Flow flow) throws IOException {
        flow.near().write(ByteBuffer.wrap(new byte[] {42}));
        ByteBuffer heard = ByteBuffer.allocate(1);
        assertEquals(1, flow.far().read(heard));
        assertEquals(42, heard.get(0));
    }
}
