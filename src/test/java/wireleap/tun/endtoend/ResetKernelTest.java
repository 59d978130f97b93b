package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.SocketException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Resets, by each upstream that carries them: dante and microsocks make an ordinary end of them. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
@ParameterizedClass
@EnumSource(names = {"DIRECT", "OWN"})
class ResetKernelTest {
    private static TestNet net;

    @Parameter
    Upstream upstream;

    @BeforeParameterizedClassInvocation
    static void open(Upstream upstream) throws Exception {
        net = TestNet.open();
        Daemon.start(net, "--upstream", upstream.open(net));
    }

    @AfterParameterizedClassInvocation
    static void close() throws Exception {
        net.close();
    }

    @Test
    void aResetFromInsideReachesTheServer() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            Flow.reset(flow.near());
            var error = assertThrows(SocketException.class, () -> flow.far().read(ByteBuffer.allocate(1)));
            assertEquals("Connection reset", error.getMessage());
        }
    }

    @Test
    void aResetFromOutsideReachesTheClient() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_6)) {
            Flow.reset(flow.far());
            var error = assertThrows(SocketException.class, () -> flow.near().read(ByteBuffer.allocate(1)));
            assertEquals("Connection reset", error.getMessage());
        }
    }
}
