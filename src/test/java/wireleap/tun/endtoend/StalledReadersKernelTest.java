package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.os.SocketSettings;
import wireleap.tun.os.linux.LinuxSockets;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;

/** A thousand readers that do not read, each with more under way than its own kernel takes: the rest waits in sockets. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(60)
class StalledReadersKernelTest {
    private static final int STALLED = 1_000;
    /** More than a reader's kernel takes that does not read; all of it together is a sixth of what rings would need. */
    private static final int UNDER_WAY = 256 << 10;
    private static final int SLAB = 16 << 20;
    private static final Pattern USED = Pattern.compile("\"slab\":\\{\"usedBytes\":(\\d+)");
    private final List<Flow> stalled = new ArrayList<>();
    /** What has been written into each: the position. */
    private final List<ByteBuffer> underWay = new ArrayList<>();
    private TestNet net;
    private Daemon daemon;

    @BeforeEach
    void open() throws Exception {
        try (var arena = Arena.ofConfined()) {
            var sockets = new LinuxSockets(arena, SocketSettings.PLAIN);
            assumeTrue(sockets.peeks(false) && sockets.peeks(true), "needs a kernel with SO_PEEK_OFF for TCP, 6.11");
        }
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", "direct", "--memory", "16M");
        for (int i = 0; i < STALLED; i++) {
            stalled.add(Flow.open(net, Family.values()[i % 2].server()));
        }
        stuff();
    }

    @AfterEach
    void close() throws Exception {
        for (var flow : stalled) {
            flow.close();
        }
        if (net != null) {
            net.close();
        }
    }

    /** Writes into each until it has taken so much, or takes no more. */
    private void stuff() throws Exception {
        var zeros = ByteBuffer.allocateDirect(UNDER_WAY);
        for (var flow : stalled) {
            flow.far().configureBlocking(false);
            underWay.add(zeros.duplicate());
        }
        for (int idleTurns = 0; idleTurns < 20; Thread.sleep(50)) { // longer than any timeout of TCP's
            long written = 0;
            for (int i = 0; i < STALLED; i++) {
                written += stalled.get(i).far().write(underWay.get(i));
            }
            idleTurns = written == 0 ? idleTurns + 1 : 0;
        }
    }

    private long slabUsed() throws Exception {
        var stats = daemon.api().read("/stats").body();
        var matcher = USED.matcher(stats);
        assertTrue(matcher.find(), stats);
        return Long.parseLong(matcher.group(1));
    }

    @Test
    void theyCostNoMemoryForBytesInFlight() throws Exception {
        assertTrue(slabUsed() < SLAB / 16, slabUsed() + " bytes used");
    }

    @Test
    void newFlowIsCarriedAllTheSame() throws Exception {
        try (var flow = Flow.open(net, TestNet.SERVER_4)) {
            var received = net.inside().fork(() -> Sha256.receive(flow.near()));
            String sent = Sha256.send(flow.far(), 8 << 20, 3);
            flow.far().shutdownOutput();
            assertEquals(sent, received.get(20, TimeUnit.SECONDS));
        }
    }

    @Test
    void theyMissNothingWhenTheyReadAfterAll() throws Exception {
        for (int i = 0; i < 20; i++) {
            stalled.get(i).far().shutdownOutput();
            var taken = ByteBuffer.allocate(UNDER_WAY + 1);
            int came = 0;
            while (came >= 0) {
                came = stalled.get(i).near().read(taken);
            }
            assertEquals(underWay.get(i).position(), taken.position());
        }
    }
}
