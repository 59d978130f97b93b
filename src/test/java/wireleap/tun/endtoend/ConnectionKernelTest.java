package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.util.ArrayList;
import java.util.concurrent.Future;
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

/** How connections begin, by each upstream: what an application sees is what happened outside. */
@NeedsTun
@NeedsProgram({"ip", "danted", "microsocks"})
@Timeout(30)
@ParameterizedClass
@EnumSource
class ConnectionKernelTest {
    private static final int FLOWS = 200;
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
    void itGoesThroughTheTun(Family family) throws Exception {
        long before = net.packetsIntoTun();
        Flow.open(net, family.server()).close();
        assertTrue(net.packetsIntoTun() > before, daemon::log);
    }

    @ParameterizedTest
    @EnumSource
    void refusedIsRefused(Family family) throws Exception {
        int port;
        try (var gone = net.listen(family.server())) {
            port = gone.socket().getLocalPort();
        }
        var error = assertThrows(ConnectException.class, () -> net.dial(new InetSocketAddress(family.server(), port)));
        assertTrue(error.getMessage().contains("refused"), error::getMessage);
    }

    @ParameterizedTest
    @EnumSource
    void unreachableIsUnreachable(Family family) {
        var target = new InetSocketAddress(family.unreachable(), 80);
        var error = assertThrows(SocketException.class, () -> net.dial(target));
        assertTrue(error.getMessage().matches("No route to host|Network is unreachable"), error::getMessage);
    }

    @ParameterizedTest
    @EnumSource
    void twoHundredFlowsAtOnceAreCarried(Family family) throws Exception {
        var flows = new ArrayList<Flow>();
        var sent = new ArrayList<Future<String>>();
        var received = new ArrayList<Future<String>>();
        try (var server = net.listen(family.server())) {
            for (int i = 0; i < FLOWS; i++) {
                flows.add(Flow.open(net, server));
            }
            for (int i = 0; i < FLOWS; i++) {
                var flow = flows.get(i);
                int seed = i;
                received.add(net.inside().fork(() -> Sha256.receive(flow.near())));
                sent.add(net.outside().fork(() -> {
                    String digest = Sha256.send(flow.far(), 100_000 + seed, seed);
                    flow.far().shutdownOutput();
                    return digest;
                }));
            }
            for (int i = 0; i < FLOWS; i++) {
                assertEquals(sent.get(i).get(20, TimeUnit.SECONDS), received.get(i).get(20, TimeUnit.SECONDS));
            }
        } finally {
            for (var flow : flows) {
                flow.close();
            }
        }
    }
}
