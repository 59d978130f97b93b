package wireleap.tun.endtoend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.client.BypassClient;
import wireleap.tun.testing.Daemon;
import wireleap.tun.testing.Family;
import wireleap.tun.testing.Flow;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.Sha256;
import wireleap.tun.testing.TestNet;
import wireleap.tun.testing.Upstream;

/** A TUN of several queues, to which the kernel deals packets as it likes. */
@NeedsTun
@NeedsProgram("ip")
@Timeout(30)
@ParameterizedClass
@CsvSource({"2, OWN", "4, DIRECT"})
class QueuesKernelTest {
    private static final int TARGETS = 200;
    private static final int LARGE_BYTES = 20_000;
    private static TestNet net;
    private static Daemon daemon;

    @Parameter(0)
    int queues;

    @Parameter(1)
    Upstream upstream;

    @BeforeParameterizedClassInvocation
    static void open(int queues, Upstream upstream) throws Exception {
        net = TestNet.open();
        daemon = Daemon.start(net, "--upstream", upstream.open(net), "--queues", Integer.toString(queues));
    }

    @AfterParameterizedClassInvocation
    static void close() throws Exception {
        net.close();
    }

    private static DatagramChannel near(Family family) throws Exception {
        return TestNet.datagrams(net.inside(), new InetSocketAddress(family == Family.IPV4 ? "0.0.0.0" : "::", 0));
    }

    private static DatagramChannel far(Family family, int number) throws Exception {
        return TestNet.datagrams(net.outside(), new InetSocketAddress(family.server(number), 0));
    }

    /** Receives one datagram and gives it back to where it came from, which is returned. */
    private static SocketAddress echo(DatagramChannel far) throws IOException {
        var buffer = ByteBuffer.allocate(65_535);
        var from = far.receive(buffer);
        far.send(buffer.flip(), from);
        return from;
    }

    /** Of each loop. */
    private static List<Long> stat(String group, String name) throws IOException, InterruptedException {
        var loops = (List<?>) new BypassClient(daemon.socket()).stats().get("loops");
        return loops.stream().map(loop -> ((Map<?, ?>) ((Map<?, ?>) loop).get(group)).get(name))
                .map(number -> ((Number) number).longValue()).toList();
    }

    @Test
    void theStateSaysHowMany() throws Exception {
        var tun = (Map<?, ?>) new BypassClient(daemon.socket()).state().get("tun");
        assertEquals(queues, tun.get("queues"));
    }

    @ParameterizedTest
    @EnumSource
    void everyByteOfManyFlowsArrivesBothWays(Family family) throws Exception {
        long bytes = 8 << 20;
        var flows = new ArrayList<Flow>();
        var received = new ArrayList<Future<String>>();
        var sent = new ArrayList<Future<String>>();
        try (var server = net.listen(family.server())) {
            for (int i = 0; i < 8; i++) {
                var flow = Flow.open(net, server);
                var seed = i;
                flows.add(flow);
                received.add(net.outside().fork(() -> Sha256.receive(flow.far())));
                received.add(net.inside().fork(() -> Sha256.receive(flow.near())));
                sent.add(net.inside().fork(() -> {
                    var digest = Sha256.send(flow.near(), bytes, seed);
                    flow.near().shutdownOutput();
                    return digest;
                }));
                sent.add(net.outside().fork(() -> {
                    var digest = Sha256.send(flow.far(), bytes, seed + 100);
                    flow.far().shutdownOutput();
                    return digest;
                }));
            }
            for (int i = 0; i < sent.size(); i++) {
                assertEquals(sent.get(i).get(20, TimeUnit.SECONDS), received.get(i).get(20, TimeUnit.SECONDS), daemon::log);
            }
        } finally {
            for (var flow : flows) {
                flow.close();
            }
        }
    }

    @Test
    void allLoopsHaveFlows() throws Exception {
        var flows = new ArrayList<Flow>();
        try (var server = net.listen(Family.IPV4.server())) {
            for (int i = 0; i < 64; i++) {
                flows.add(Flow.open(net, server));
            }
            daemon.await("at work with all loops",
                    () -> stat("flows", "established").stream().allMatch(established -> established > 0));
            assertEquals(queues, stat("flows", "established").size());
        } finally {
            for (var flow : flows) {
                flow.close();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void oneSocketSpeaksToManyTargets(Family family) throws Exception {
        var expected = new HashMap<SocketAddress, Integer>();
        var seen = new HashMap<SocketAddress, Integer>();
        var clients = new HashSet<SocketAddress>();
        var targets = new ArrayList<DatagramChannel>();
        long before = daemon.stat("sessions", "opened");
        try (var near = near(family)) {
            for (int i = 1; i <= TARGETS; i++) {
                var far = far(family, i);
                targets.add(far);
                near.send(ByteBuffer.allocate(4).putInt(0, i), far.getLocalAddress());
                expected.put(far.getLocalAddress(), i);
            }
            for (var far : targets) {
                clients.add(echo(far));
            }
            while (seen.size() < TARGETS) {
                var answer = ByteBuffer.allocate(4);
                var from = near.receive(answer);
                seen.put(from, answer.getInt(0));
            }
        } finally {
            for (var far : targets) {
                far.close();
            }
        }
        assertEquals(expected, seen);
        assertEquals(1, clients.size(), clients::toString);
        assertEquals(1, daemon.stat("sessions", "opened") - before);
    }

    @ParameterizedTest
    @EnumSource
    void anAnswerFromAnAddressNeverWrittenToArrives(Family family) throws Exception {
        for (int i = 0; i < 2 * queues; i++) {
            try (var near = near(family); var far = far(family, 1); var stranger = far(family, 77)) {
                near.send(ByteBuffer.allocate(1), far.getLocalAddress());
                stranger.send(ByteBuffer.allocate(7), echo(far));
                near.receive(ByteBuffer.allocate(1));
                assertEquals(stranger.getLocalAddress(), near.receive(ByteBuffer.allocate(64)));
            }
        }
    }

    /** The kernel has seen which queue the answers came from: most of what goes on comes in where it belongs. */
    @ParameterizedTest
    @EnumSource
    void afterAnAnswerHardlyAnythingIsGivenToAnotherLoop(Family family) throws Exception {
        int rounds = 50;
        long before = daemon.stat("loop", "given");
        try (var near = near(family); var far = far(family, 5); var other = far(family, 6)) {
            for (int i = 0; i < rounds; i++) {
                for (var target : new DatagramChannel[] {far, other}) {
                    near.send(ByteBuffer.allocate(10), target.getLocalAddress());
                    echo(target);
                    near.receive(ByteBuffer.allocate(10));
                }
            }
        }
        long given = daemon.stat("loop", "given") - before;
        assertTrue(given < rounds / 5, given + " of " + 2 * rounds + " were given");
    }

    @ParameterizedTest
    @EnumSource
    void fragmentsOfManySocketsArriveWhole(Family family) throws Exception {
        var random = new Random(1);
        for (int i = 0; i < 8 * queues; i++) {
            var payload = new byte[LARGE_BYTES];
            random.nextBytes(payload);
            var answer = ByteBuffer.allocate(65_535);
            try (var near = near(family); var far = far(family, i + 1)) {
                near.send(ByteBuffer.wrap(payload), far.getLocalAddress());
                echo(far);
                near.receive(answer);
            }
            assertEquals(ByteBuffer.wrap(payload), answer.flip());
        }
        assertTrue(stat("fragments", "reassembled").stream().filter(reassembled -> reassembled > 0).count() > 1,
                "only one loop puts fragments together");
    }

    @Test
    void flowsOfAllLoopsAreResetWhenTheirTargetIsBypassed() throws Exception {
        var target = Family.IPV4.server(9);
        var client = new BypassClient(daemon.socket());
        var flows = new ArrayList<Flow>();
        try (var server = net.listen(target)) {
            for (int i = 0; i < 32; i++) {
                flows.add(Flow.open(net, server));
            }
            client.add(List.of(target.getHostAddress()));
            for (var flow : flows) {
                var near = flow.near();
                assertThrows(IOException.class, () -> near.read(ByteBuffer.allocate(1)));
            }
        } finally {
            client.remove(target.getHostAddress());
            for (var flow : flows) {
                flow.close();
            }
        }
        assertTrue(stat("resets", "bypassed").stream().allMatch(resets -> resets > 0), "one loop has reset none");
    }
}
