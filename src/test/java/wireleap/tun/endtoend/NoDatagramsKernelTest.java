package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** UDP with a proxy that has none: it is refused at once, and nothing of it gets around the tunnel. */
@NeedsTun
@NeedsProgram({"ip", "microsocks"})
@Timeout(20)
class NoDatagramsKernelTest {
    private static TestNet net;

    @BeforeAll
    static void open() throws Exception {
        net = TestNet.open();
        Daemon.start(net, "--upstream", Upstream.MICROSOCKS.open(net));
    }

    @AfterAll
    static void close() {
        net.close();
    }

    @ParameterizedTest
    @EnumSource
    void theApplicationIsToldSo(Family family) throws Exception {
        var any = family == Family.IPV4 ? "0.0.0.0" : "::";
        try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress(any, 0))) {
            near.connect(new InetSocketAddress(family.server(), 443));
            near.write(ByteBuffer.allocate(8));
            assertThrows(PortUnreachableException.class, () -> near.read(ByteBuffer.allocate(8)));
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingLeaks(Family family) throws Exception {
        var any = family == Family.IPV4 ? "0.0.0.0" : "::";
        try (var near = TestNet.datagrams(net.inside(), new InetSocketAddress(any, 0));
                var far = TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(), 0))) {
            for (int i = 0; i < 20; i++) {
                near.send(ByteBuffer.allocate(8), far.getLocalAddress());
                Thread.sleep(20);
            }
            far.configureBlocking(false);
            assertNull(far.receive(ByteBuffer.allocate(8)));
        }
    }
}
