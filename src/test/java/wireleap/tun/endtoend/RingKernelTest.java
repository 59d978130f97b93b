package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.ConnectException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.Stalled;
import wireleap.tun.testing.TestNet;

/** The daemon on a kernel whose sockets cannot be peeked at by position, or made to believe so. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class RingKernelTest {
    /** Half of the memory; a ring of 16 KiB for each reader would be all of it. */
    private static final long FEW_BYTES = 8 << 20;
    private static final int BYTES = 64 << 20;
    private static final int STALLED = 1_000;
    private TestNet net;
    private Daemon daemon;

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
    }

    private void start(String... options) throws Exception {
        var image = Daemon.launcher().getParent().getParent();
        var java = List.of(image.resolve("runtime/bin/java").toString(), "@" + image.resolve("lib/java.options"),
                "-Dwireleap.tun.peek=false", "-m");
        daemon = Daemon.launch(net, java, Path.of("wireleap.tun/wireleap.tun.Main"), net.directory().resolve("ring.sock"),
                options);
        daemon.awaitActive();
    }

    @AfterEach
    void close() {
        net.close();
    }

    @ParameterizedTest
    @EnumSource
    void bytesComeDownWhole(Family family) throws Exception {
        start("--upstream", "direct");
        try (var flow = Flow.open(net, family.server())) {
            var received = net.inside().fork(() -> Sha256.receive(flow.near()));
            String sent = Sha256.send(flow.far(), BYTES, 7);
            flow.far().shutdownOutput();
            assertEquals(sent, received.get(30, TimeUnit.SECONDS));
        }
    }

    private void assertGoesOn(Flow flow) throws Exception {
        var received = net.inside().fork(() -> Sha256.receive(flow.near()));
        String sent = Sha256.send(flow.far(), 1 << 20, 3);
        flow.far().shutdownOutput();
        assertEquals(sent, received.get(20, TimeUnit.SECONDS), daemon::log);
    }

    @Test
    void aThousandReadersThatDoNotReadCostLittleMemory() throws Exception {
        start("--upstream", "direct", "--memory", "16M");
        long before = daemon.stat("slab", "usedBytes");
        var flows = Stalled.open(net, STALLED);
        Stalled.stuff(flows.stream().map(Flow::far).toList());
        // What the kernel of a full reader drops within the window that it gave waits to be sent again; few do that.
        long taken = daemon.stat("slab", "usedBytes") - before;
        assertTrue(taken < FEW_BYTES, () -> taken + " bytes are held for readers that do not read");
        try (var young = Flow.open(net, TestNet.SERVER_4)) {
            assertGoesOn(young);
        }
        for (var flow : flows) {
            flow.close();
        }
    }

    @Test
    void aThousandServersThatDoNotReadLeaveMemoryToAnOldFlowAndNoneToANewOne() throws Exception {
        start("--upstream", "direct", "--memory", "4M");
        try (var old = Flow.open(net, TestNet.SERVER_4)) {
            var flows = Stalled.open(net, STALLED);
            Stalled.stuff(flows.stream().map(Flow::near).toList());
            assertThrows(ConnectException.class, () -> Flow.open(net, TestNet.SERVER_4));
            assertEquals(1, daemon.stat("resets", "noMemory"));
            assertGoesOn(old);
            for (var flow : flows) {
                flow.close();
            }
        }
    }
}
