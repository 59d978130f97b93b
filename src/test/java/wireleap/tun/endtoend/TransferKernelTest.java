package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Bulk: 256 MiB each way, both families, by each upstream that others wrote. */
@NeedsTun
@NeedsProgram({"ip", "danted", "microsocks"})
@Timeout(60)
@ParameterizedClass
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OWN")
class TransferKernelTest {
    private static final long BYTES = 256L << 20;
    private static final long SEED = 20_220_818;
    private static TestNet net;
    private static Daemon daemon;

    @Parameter
    Upstream upstream;

    @BeforeParameterizedClassInvocation
    static void open(Upstream upstream) throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", upstream.open(net));
    }

    @AfterParameterizedClassInvocation
    static void close() throws Exception {
        net.close();
    }

    @ParameterizedTest
    @EnumSource
    void everyByteGoesUp(Family family) throws Exception {
        try (var flow = Flow.open(net, family.server())) {
            var received = net.outside().fork(() -> Sha256.receive(flow.far()));
            String sent = Sha256.send(flow.near(), BYTES, SEED);
            flow.near().shutdownOutput();
            assertEquals(sent, received.get(20, TimeUnit.SECONDS), daemon::log);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyByteComesDown(Family family) throws Exception {
        try (var flow = Flow.open(net, family.server())) {
            var received = net.inside().fork(() -> Sha256.receive(flow.near()));
            String sent = Sha256.send(flow.far(), BYTES, SEED);
            flow.far().shutdownOutput();
            assertEquals(sent, received.get(20, TimeUnit.SECONDS), daemon::log);
        }
    }
}
