package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Gauge;
import wireleap.tun.tcp.TcpEnd;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.upstream.SocketError;

/** Full tables, full memory, and what then gives way. */
@ParameterizedClass(name = "peeks: {0}")
@ValueSource(booleans = {true, false})
final class StackLimitsTest {
    private static final long SECOND = 1_000_000_000L;
    /** What the stack takes of a small slab: the scratch of datagrams, and the hot buffer. */
    private static final int SCRATCH = (192 << 10) + (8 << 10);

    private final boolean peeks;
    private World world;

    StackLimitsTest(boolean peeks) {
        this.peeks = peeks;
        world = World.direct(peeks);
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    private void limits(int maxFlows, int maxHalfOpen, int slabBytes) {
        world = new World(1, World.settings().withFlows(maxFlows, maxHalfOpen, 1 << 20), slabBytes, false,
                peeks);
        world.net.listen(0, World.TARGET, 80, SimServer::echo);
    }

    private List<SimClient> open(int count) {
        List<SimClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(world.client(1000 + i).open());
            world.run(SECOND / 100);
        }
        return clients;
    }

    @Test
    void oldestHalfOpenFlowsGiveWay() {
        limits(100, 3, 1 << 20);
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        List<SimClient> clients = open(5);
        assertEquals(List.of(true, true, false, false, false), clients.stream().map(SimClient::wasReset).toList());
        assertEquals(2, world.count(Counter.TCP_HALF_OPEN_EVICTED));
        assertEquals(5, world.count(Counter.TCP_FLOWS_OPENED));
        assertEquals(3, world.counters.value(Gauge.FLOWS_HALF_OPEN));
    }

    @Test
    void floodOfSynsCostsAnEstablishedFlowNothing() {
        limits(100, 3, 1 << 20);
        SimClient client = open(1).getFirst();
        world.net.fail(0, World.TARGET, 81, SocketError.AGAIN);
        for (int i = 0; i < 10_000; i++) {
            world.inject(Packets.tcp(World.CLIENT + 2 + i, 5000, World.TARGET, 81, i, 0, Packets.SYN));
        }
        client.say(100_000, true);
        world.run(SECOND);
        assertEquals(100_000, client.received);
        assertEquals(3, world.counters.value(Gauge.FLOWS_HALF_OPEN));
    }

    @Test
    void strangersWaitWhileManyFlowsAreHalfOpen() {
        limits(10_000, 1600, 1 << 20);
        world.net.fail(0, World.TARGET, 81, SocketError.AGAIN);
        for (int i = 0; i < 5000; i++) {
            world.inject(Packets.tcp(World.CLIENT + 2 + i, 5000, World.TARGET, 81, i, 0, Packets.SYN));
        }
        assertEquals(5000, world.count(Counter.DROP_TCP_STRANGER) + world.count(Counter.TCP_FLOWS_OPENED));
        assertTrue(world.count(Counter.UPSTREAM_DIALS) <= 100 + 256 + 1);
    }

    @Test
    void halfOpenFlowOwnsNoMemory() {
        limits(100, 100, 1 << 20);
        world.net.listen(0, World.TARGET, 80, () -> new Target().says(100_000));
        long before = world.slab.usedBytes();
        world.inject(Packets.tcp(World.CLIENT, 5000, World.TARGET, 80, 1, 0, Packets.SYN));
        world.run(SECOND);
        assertEquals(1, world.count(Counter.UPSTREAM_CONNECTED));
        assertEquals(before, world.slab.usedBytes());
    }

    @Test
    void fullTableIsAResetForNewFlows() {
        limits(3, 3, 1 << 20);
        List<SimClient> clients = open(4);
        assertEquals(List.of(false, false, false, true), clients.stream().map(SimClient::wasReset).toList());
        assertEquals(1, world.count(Counter.TCP_RESET_TABLE_FULL));
    }

    @Test
    void flowsInTimeWaitGiveWayInAFullTable() {
        limits(2, 2, 1 << 20);
        world.net.listen(0, World.TARGET, 80, () -> new Target().finishes());
        for (SimClient client : open(2)) {
            client.say(0, true);
        }
        world.run(SECOND / 100);
        assertEquals(2, world.stack.tcpFlows());
        assertTrue(world.client(2000).open().connection.sndUna() < 0);
        world.run(SECOND / 100);
        assertEquals(0, world.count(Counter.TCP_RESET_TABLE_FULL));
        assertEquals(1, world.count(Counter.TCP_TIME_WAIT_CUT));
    }

    @Test
    void fullMemoryIsAResetForNewFlows() {
        limits(100, 100, SCRATCH + (8 << 10));
        long block = world.slab.allocate(8 << 10);
        SimClient client = open(1).getFirst();
        assertTrue(client.wasReset());
        assertEquals(1, world.count(Counter.TCP_RESET_NO_MEMORY));
        world.slab.free(block, 8 << 10);
    }

    @Test
    void scarceMemoryLosesNothing() {
        limits(100, 100, SCRATCH + (64 << 10));
        world.net.buffers(8 << 10);
        List<SimClient> clients = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            clients.add(world.client(1000 + i).sends(300_000, true).open());
        }
        world.settle(130 * SECOND);
        for (SimClient client : clients) {
            if (client.connection.end() == TcpEnd.CLEAN) {
                assertEquals(300_000, client.received);
            } else {
                // a SYN that came while there was no memory at all
                assertFalse(client.isEstablished());
                assertEquals(0, client.received);
            }
        }
        assertTrue(clients.stream().filter(client -> client.received > 0).count() > 3);
    }

    /** The addresses of all blocks that were left. */
    private List<Long> takeAllMemory() {
        List<Long> blocks = new ArrayList<>();
        for (long block = world.slab.allocate(4 << 10); block >= 0; block = world.slab.allocate(4 << 10)) {
            blocks.add(block);
        }
        return blocks;
    }

    @Test
    void flowThatFoundNoMemoryForItsRingGoesOnWhenThereIsSome() {
        limits(100, 100, SCRATCH + (32 << 10));
        world.net.listen(0, World.TARGET, 80, () -> new Target().waitsForEnd().says(50_000).finishes());
        SimClient client = open(1).getFirst();
        List<Long> blocks = takeAllMemory();
        client.say(0, true);
        world.run(SECOND);
        assertEquals(peeks ? 50_000 : 0, client.received);
        blocks.forEach(block -> world.slab.free(block, 4 << 10));
        world.run(SECOND);
        assertEquals(50_000, client.received);
    }

    @Test
    void lastOfTheMemoryIsForFlowsThatAreThere() {
        limits(100, 100, 1 << 20);
        world.net.listen(0, World.TARGET, 81, () -> new Target().stalls());
        world.net.buffers(1 << 10);
        SimClient old = open(1).getFirst();
        int stalled = 0;
        while (world.count(Counter.TCP_RESET_NO_MEMORY) == 0) {
            world.add(new SimClient(world, 0, World.CLIENT, 3000 + stalled++, 0, World.TARGET, 81)).sends(100_000, false)
                    .open();
            world.run(SECOND);
        }
        assertTrue(world.slab.usedBytes() < world.slab.capacityBytes());
        old.say(100_000, true);
        world.run(20 * SECOND);
        assertEquals(100_000, old.received);
    }

    @Test
    void thousandsOfFlowsComeAndGo() {
        limits(1 << 14, 1 << 12, 4 << 20);
        List<SimClient> clients = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            clients.add(world.client(1000 + i).sends(i % 50 * 100, true).open());
        }
        world.settle();
        for (SimClient client : clients) {
            assertEquals(TcpEnd.CLEAN, client.connection.end());
            assertEquals(client.sends, client.received);
        }
        assertEquals(0, world.stack.tcpFlows());
    }
}
