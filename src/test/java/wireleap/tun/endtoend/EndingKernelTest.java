package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
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
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** How connections end, by each upstream that carries a half-close (microsocks does not). */
@NeedsTun
@NeedsProgram({"ip", "danted"})
@Timeout(30)
@ParameterizedClass
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "MICROSOCKS")
class EndingKernelTest {
    private static final long SOME_BYTES = 1 << 20;
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
    void aServerMayAnswerAfterTheClientHasEnded() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            flow.near().shutdownOutput();
            assertEquals(-1, flow.far().read(ByteBuffer.allocate(1)));
            var received = net.inside().fork(() -> Sha256.receive(flow.near()));
            String sent = Sha256.send(flow.far(), SOME_BYTES, 1);
            flow.far().close();
            assertEquals(sent, received.get(10, TimeUnit.SECONDS));
        }
    }

    @Test
    void aClientMayGoOnAfterTheServerHasEnded() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_6)) {
            flow.far().shutdownOutput();
            assertEquals(-1, flow.near().read(ByteBuffer.allocate(1)));
            var received = net.outside().fork(() -> Sha256.receive(flow.far()));
            String sent = Sha256.send(flow.near(), SOME_BYTES, 2);
            flow.near().close();
            assertEquals(sent, received.get(10, TimeUnit.SECONDS));
        }
    }
}
