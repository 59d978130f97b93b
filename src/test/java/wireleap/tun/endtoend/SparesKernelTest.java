package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

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

/** Connections that are made in advance, to servers of others. */
@NeedsTun
@NeedsProgram({"ip", "ss", "danted", "microsocks"})
@Timeout(60)
@ParameterizedClass
@EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "DIRECT")
class SparesKernelTest {
    private static final int FLOWS = 50;
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

    private static void useMany() throws Exception {
        for (int i = 0; i < FLOWS; i++) {
            try (var flow = Flow.open(net, TestNet.SERVER_4)) {
                flow.near().write(ByteBuffer.allocate(7));
                assertEquals(7, flow.far().read(ByteBuffer.allocate(9)), daemon::log);
            }
        }
    }

    @Test
    void theyCarryFlows() throws Exception {
        useMany();
        assertTrue(daemon.stat("upstream", "sparesUsed") > FLOWS / 2, daemon::log);
        assertEquals(0, daemon.stat("upstream", "sparesLost"), daemon::log);
        assertEquals(0, daemon.stat("refusals", "failed"), daemon::log);
    }

    @Test
    void noneIsLeftWhereNobodyDials() throws Exception {
        useMany();
        daemon.await("without connections to its server", () -> TestNet.output(net.inside(), "ss", "-Htn", "state", "established",
            "dport = :" + upstream.address().getPort()).isEmpty());
        assertTrue(daemon.stat("upstream", "sparesUnused") > 0, daemon::log);
    }
}
