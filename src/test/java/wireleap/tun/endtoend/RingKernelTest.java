package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;

/** The daemon on a kernel whose sockets cannot be peeked at by position, or made to believe so. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class RingKernelTest {
    private static final int BYTES = 64 << 20;
    private TestNet net;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        var image = Daemon.launcher().getParent().getParent();
        var java = List.of(image.resolve("runtime/bin/java").toString(), "@" + image.resolve("lib/java.options"),
                "-Dwireleap.tun.peek=false", "-m");
        Daemon.launch(net, java, Path.of("wireleap.tun/wireleap.tun.Main"), net.directory().resolve("ring.sock"),
                "--upstream", "direct").awaitActive();
    }

    @AfterEach
    void close() {
        net.close();
    }

    @ParameterizedTest
    @EnumSource
    void bytesComeDownWhole(Family family) throws Exception {
        try (var flow = Flow.open(net, family.server())) {
            var received = net.inside().fork(() -> Sha256.receive(flow.near()));
            String sent = Sha256.send(flow.far(), BYTES, 7);
            flow.far().shutdownOutput();
            assertEquals(sent, received.get(30, TimeUnit.SECONDS));
        }
    }
}
