package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** Flows whose reader does not read: they cost bounded memory, and nobody else anything. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class SlowReaderKernelTest {
    private static final int STALLED = 100;
    private static final long MEMORY_BYTES = 16 << 20;
    /** What the heap and compiled code may grow by meanwhile. */
    private static final long SLACK_BYTES = 48 << 20;
    private TestNet net;
    private Daemon daemon;
    private final List<Flow> stalled = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", Upstream.OWN.open(net), "--memory", "16M");
    }

    @AfterEach
    void close() throws Exception {
        for (var flow : stalled) {
            flow.close();
        }
        net.close();
    }

    private void open(int flows) throws Exception {
        for (int i = 0; i < flows; i++) {
            stalled.add(Flow.open(net, Family.values()[i % 2].server()));
        }
    }

    /** Writes into each until none takes any more; so many bytes are under way then. */
    private static long stuff(List<SocketChannel> writers) throws Exception {
        var block = ByteBuffer.allocateDirect(256 << 10);
        long total = 0;
        for (var writer : writers) {
            writer.configureBlocking(false);
        }
        for (int idleTurns = 0; idleTurns < 5; Thread.sleep(50)) {
            long before = total;
            for (var writer : writers) {
                total += Math.max(0, writer.write(block.clear()));
            }
            idleTurns = total == before ? idleTurns + 1 : 0;
        }
        return total;
    }

    private void assertOthersAreCarried() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            var received = net.inside().fork(() -> Sha256.receive(flow.near()));
            String sent = Sha256.send(flow.far(), 8 << 20, 3);
            flow.far().shutdownOutput();
            assertEquals(sent, received.get(20, TimeUnit.SECONDS));
        }
    }

    private void assertBounded(long before, long underWay) throws Exception {
        long grown = daemon.residentBytes() - before;
        assertTrue(grown < MEMORY_BYTES + SLACK_BYTES, "grew by " + grown + " bytes with " + underWay + " under way");
    }

    @Test
    void clientsThatDoNotReadCostBoundedMemoryAndNobodyElse() throws Exception {
        long before = daemon.residentBytes();
        open(STALLED);
        long underWay = stuff(stalled.stream().map(Flow::far).toList());
        assertOthersAreCarried();
        assertBounded(before, underWay);
    }

    @Test
    void serversThatDoNotReadCostBoundedMemoryAndNobodyElse() throws Exception {
        long before = daemon.residentBytes();
        open(STALLED);
        long underWay = stuff(stalled.stream().map(Flow::near).toList());
        assertOthersAreCarried();
        assertBounded(before, underWay);
    }

    @Test
    void aReaderThatBeginsLateMissesNothing() throws Exception {
        open(1);
        var flow = stalled.getFirst();
        var sent = net.outside().fork(() -> {
            String digest = Sha256.send(flow.far(), 32 << 20, 4);
            flow.far().shutdownOutput();
            return digest;
        });
        Thread.sleep(500);
        String received = Sha256.receive(flow.near());
        assertEquals(sent.get(20, TimeUnit.SECONDS), received);
    }
}
