package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Gauge;
import wireleap.tun.tcp.TcpEnd;
import wireleap.tun.tcp.TcpState;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.upstream.SocketError;

/** What one end of a TCP flow does, and what the other end sees of it. */
@ParameterizedClass(name = "peeks: {0}")
@ValueSource(booleans = {true, false})
final class StackTcpTest {
    private static final long SECOND = 1_000_000_000L;

    private final boolean peeks;
    private World world;
    private final Target target = new Target();

    StackTcpTest(boolean peeks) {
        this.peeks = peeks;
        world = World.direct(peeks);
    }

    @AfterEach
    void nothingIsLeft() {
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    private void listen() {
        world.net.listen(0, World.TARGET, 80, () -> target);
    }

    private SimClient open() {
        listen();
        return world.client(1000).open();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void echoComesBackAndBothEndsClose(boolean socks) {
        world = socks ? World.socks(peeks) : world;
        world.net.listen(0, World.TARGET, 80, SimServer::echo);
        SimClient client = world.client(1000).sends(3_000_000, true).open();
        world.settle();
        assertEquals(3_000_000, client.received);
        assertTrue(client.sawEnd);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
        assertEquals(0, world.stack.tcpFlows());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ipv6EchoComesBackAndBothEndsClose(boolean socks) {
        world = socks ? World.socks(peeks) : world;
        world.net.listen(World.TARGET6_HI, 1, 80, SimServer::echo);
        SimClient client = world.client6(1000).sends(3_000_000, true).open();
        world.settle();
        assertEquals(3_000_000, client.received);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
    }

    @Test
    void synIsNotAnsweredBeforeTheUpstreamIsConnected() {
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        SimClient client = open();
        world.run(10 * SECOND);
        assertEquals(TcpState.SYN_SENT, client.connection.state());
        assertEquals(0, world.count(Counter.PACKETS_OUT));
    }

    @Test
    void retransmittedSynsDialOnce() {
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        open();
        world.run(10 * SECOND);
        assertTrue(world.count(Counter.PACKETS_IN) > 2);
        assertEquals(1, world.count(Counter.UPSTREAM_DIALS));
    }

    @Test
    void refusedTargetIsAReset() {
        SimClient client = world.client(1000).open();
        world.run(SECOND / 2);
        assertTrue(client.wasReset());
    }

    @Test
    void silentTargetIsAResetAfterTwentySeconds() {
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        SimClient client = open();
        world.run(19 * SECOND);
        assertFalse(client.connection.closed());
        world.run(2 * SECOND);
        assertTrue(client.wasReset());
    }

    @ParameterizedTest
    @MethodSource("unreachable")
    void unreachableTargetIsTheErrorOfThatNameQuotingTheSyn(int socketError, int type, int code) {
        world.net.fail(0, World.TARGET, 80, socketError);
        world.client(1000).open();
        world.run(SECOND / 2);
        byte[] packet = world.others.getFirst();
        assertArrayEquals(new byte[] {1, (byte) type, (byte) code}, new byte[] {packet[9], packet[20], packet[21]});
        MemorySegment quote = MemorySegment.ofArray(Arrays.copyOfRange(packet, 28, packet.length));
        assertEquals((int) World.CLIENT, Bytes.i32(quote, 12));
        assertEquals((int) World.TARGET, Bytes.i32(quote, 16));
        assertEquals(1000 << 16 | 80, Bytes.i32(quote, 20));
        assertEquals(0, world.count(Counter.TCP_RESET_REFUSED));
        assertEquals(0, world.stack.tcpFlows());
    }

    static Stream<Arguments> unreachable() {
        return Stream.of(Arguments.of(SocketError.NET_UNREACHABLE, 3, 0),
                Arguments.of(SocketError.HOST_UNREACHABLE, 3, 1),
                Arguments.of(SocketError.NO_PERMISSION, 3, 13));
    }

    @Test
    void expiredTtlSaidByTheProxyIsTimeExceeded() {
        world = World.socks(peeks);
        world.manners.reply = 6;
        world.client(1000).open();
        world.run(SECOND / 2);
        assertEquals(11, world.others.getFirst()[20]);
    }

    @Test
    void socketsThatCannotBeMadeAreAReset() {
        world.net.exhausted(true);
        SimClient client = world.client(1000).open();
        world.run(SECOND / 2);
        assertTrue(client.wasReset());
    }

    @Test
    void proxyThatIsGoneIsAReset() {
        world = World.socks(peeks);
        world.net.fail(0, World.PROXY, 1080, SocketError.REFUSED);
        SimClient client = world.client(1000).open();
        world.run(SECOND / 2);
        assertTrue(client.wasReset());
    }

    @Test
    void clientMaySendAfterTheTargetHasEnded() {
        target.says(1000).finishes();
        SimClient client = open();
        world.run(SECOND);
        assertTrue(client.sawEnd);
        client.say(500_000, true);
        world.settle();
        assertEquals(500_000, target.received);
        assertTrue(target.sawEnd);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
    }

    @Test
    void targetMaySendAfterTheClientHasEnded() {
        target.says(500_000).finishes().waitsForEnd();
        SimClient client = open();
        client.say(1000, true);
        world.settle();
        assertEquals(1000, target.received);
        assertEquals(500_000, client.received);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
    }

    @Test
    void targetThatResetsIsAResetAfterAllThatItSaid() {
        target.says(50_000).resets();
        SimClient client = open();
        world.settle();
        assertEquals(50_000, client.received);
        assertFalse(client.sawEnd);
        assertTrue(client.wasReset());
    }

    @Test
    void clientThatResetsIsAResetForTheTarget() {
        SimClient client = open();
        world.run(SECOND);
        client.connection.abort(world.net.nowNanos());
        world.settle();
        assertTrue(target.sawReset);
        assertFalse(target.sawEnd);
    }

    @Test
    void clientThatResetsWhileDiallingEndsTheDial() {
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        SimClient client = open();
        world.run(SECOND);
        byte[] reset = Packets.tcp(World.CLIENT, 1000, World.TARGET, 80, client.lastSeq + 1, 0, Packets.RST);
        world.inject(reset);
        assertEquals(0, world.stack.tcpFlows());
        assertEquals(0, world.net.openLinks());
    }

    @Test
    void targetThatEndsAndThenResetsIsAnEndAndThenAReset() {
        target.says(10_000).finishes();
        SimClient client = open();
        world.run(SECOND);
        target.link.serverReset();
        client.say(300_000, false);
        world.settle();
        assertEquals(10_000, client.received);
        assertTrue(client.wasReset());
    }

    @Test
    void targetThatResetsAfterItsEndIsAResetForASilentClient() {
        target.says(10_000).finishes();
        SimClient client = open();
        world.run(SECOND);
        target.link.serverReset();
        world.run(SECOND);
        assertTrue(client.sawEnd);
        assertTrue(client.wasReset());
    }

    @Test
    void answerOfATargetThatDoesNotTakeTheRequestIsDelivered() {
        SimClient client = open();
        client.reads = 0;
        client.say(5_000_000, false);
        target.says(40_000).waitsForEnd().resetsAfter(100_000);
        world.run(5 * SECOND);
        client.readAll();
        world.settle();
        assertEquals(40_000, client.received);
        assertTrue(client.wasReset());
    }

    @Test
    void stalledTargetStopsTheClientAndLosesNothing() {
        SimClient client = open();
        world.run(SECOND);
        target.link.serverStall(true);
        client.say(10_000_000, true);
        world.run(60 * SECOND);
        assertTrue(client.connection.sndNxt() < 2_000_000);
        assertTrue(world.slab.usedBytes() <= (1 << 20) + (128 << 10));
        target.link.serverStall(false);
        world.settle();
        assertEquals(10_000_000, target.received);
        assertTrue(target.sawEnd);
    }

    @Test
    void stalledClientStopsTheTargetAndLosesNothing() {
        target.says(10_000_000).finishes();
        SimClient client = world.client(1000);
        client.reads = 100_000;
        listen();
        client.open();
        world.run(60 * SECOND);
        assertTrue(client.received > 90_000);
        assertTrue(world.slab.usedBytes() <= (1 << 20) + (128 << 10));
        client.readAll();
        world.run(200 * SECOND);
        assertEquals(10_000_000, client.received);
        client.say(0, true);
        world.settle();
        assertEquals(TcpEnd.CLEAN, client.connection.end());
    }

    @Test
    void idleFlowOwnsNoMemory() {
        target.says(100_000);
        SimClient client = open();
        client.say(100_000, false);
        long before = world.slab.usedBytes();
        world.run(SECOND);
        assertEquals(100_000, client.received);
        assertEquals(100_000, target.received);
        assertEquals(before, world.slab.usedBytes());
    }

    @Test
    void clientThatIsGoneLeavesItsBytesOnTheirWay() {
        SimClient client = open();
        world.run(SECOND);
        target.link.serverStall(true);
        client.say(500_000, true);
        target.link.serverFinish();
        world.run(10 * SECOND);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
        assertEquals(1, world.stack.tcpFlows());
        target.link.serverStall(false);
        world.settle();
        assertEquals(500_000, target.received);
        assertTrue(target.sawEnd);
        assertEquals(0, world.stack.tcpFlows());
    }

    private void leaveBytesOnTheirWay() {
        SimClient client = open();
        world.run(SECOND);
        target.link.serverStall(true);
        client.say(500_000, true);
        target.link.serverFinish();
        world.run(10 * SECOND);
        assertEquals(1, world.counters.value(Gauge.FLOWS_DRAINING));
    }

    @Test
    void upstreamThatTakesNothingOfThemForAMinuteIsReset() {
        leaveBytesOnTheirWay();
        world.run(70 * SECOND);
        assertEquals(0, world.stack.tcpFlows());
        assertEquals(1, world.count(Counter.TCP_DRAIN_TIMED_OUT));
        assertTrue(target.sawReset);
    }

    @Test
    void upstreamThatTakesSomeOfThemIsNotReset() {
        leaveBytesOnTheirWay();
        for (int i = 0; i < 3; i++) {
            world.run(40 * SECOND);
            target.link.serverStall(false);
            world.run(1_000_000);
            target.link.serverStall(true);
            assertEquals(1, world.stack.tcpFlows());
        }
        target.link.serverStall(false);
        world.settle();
        assertEquals(500_000, target.received);
        assertEquals(0, world.count(Counter.TCP_DRAIN_TIMED_OUT));
    }

    @Test
    void portOfAClientThatIsGoneCanBeUsedAnew() {
        clientThatIsGoneLeavesItsBytesOnTheirWayUntil(() -> {
            Target second = new Target().says(10).finishes();
            world.net.listen(0, World.TARGET, 80, () -> second);
            SimClient again = world.client(1000).sends(20, true).open();
            world.run(SECOND);
            assertEquals(10, again.received);
        });
    }

    private void clientThatIsGoneLeavesItsBytesOnTheirWayUntil(Runnable then) {
        SimClient client = open();
        world.run(SECOND);
        target.link.serverStall(true);
        client.say(500_000, true);
        target.link.serverFinish();
        world.run(10 * SECOND);
        then.run();
        target.link.serverStall(false);
        world.settle();
        assertEquals(500_000, target.received);
    }

    @Test
    void timeWaitGivesWayToAYoungerSyn() {
        target.says(10).finishes();
        SimClient client = open();
        world.run(SECOND);
        client.say(0, true);
        world.run(SECOND / 10);
        assertEquals(1, world.stack.tcpFlows());
        Target second = new Target().says(20).finishes();
        world.net.listen(0, World.TARGET, 80, () -> second);
        SimClient again = world.client(1000).open(client.lastSeq + 1_000_000);
        world.run(SECOND / 2);
        assertEquals(20, again.received);
    }

    @Test
    void newlyBypassedFlowIsResetAtBothEnds() {
        SimClient client = open();
        world.run(SECOND);
        world.stack.resetMatching((hi, lo) -> lo == World.TARGET, world.net.nowNanos());
        world.run(SECOND);
        assertTrue(client.wasReset());
        assertTrue(target.sawReset);
        assertEquals(1, world.count(Counter.TCP_RESET_BYPASSED));
        assertEquals(0, world.stack.tcpFlows());
    }

    @Test
    void newlyBypassedDialIsReset() {
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        SimClient client = open();
        world.run(SECOND);
        world.stack.resetMatching((hi, lo) -> lo == World.TARGET, world.net.nowNanos());
        world.run(SECOND);
        assertTrue(client.wasReset());
    }

    @Test
    void otherFlowsAreNotReset() {
        SimClient client = open();
        world.run(SECOND);
        world.stack.resetMatching((hi, lo) -> lo == World.TARGET + 1, world.net.nowNanos());
        world.run(SECOND);
        assertTrue(client.isEstablished());
    }

    @Test
    void earlyAcceptAnswersBeforeTheUpstream() {
        world = new World(1, World.settings().withManners(true, true), 4 << 20, false, peeks);
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        SimClient client = open();
        world.run(SECOND);
        assertTrue(client.isEstablished());
    }

    @Test
    void earlyAcceptLosesNothingOfWhatComesBeforeTheUpstream() {
        world = new World(1, World.settings().withManners(true, true), 4 << 20, false, peeks);
        world.net.listen(0, World.TARGET, 80, SimServer::echo);
        SimClient client = world.client(1000).sends(300_000, true).open();
        world.settle();
        assertEquals(300_000, client.received);
        assertEquals(TcpEnd.CLEAN, client.connection.end());
    }

    @Test
    void earlyAcceptOfARefusedTargetIsAReset() {
        world = new World(1, World.settings().withManners(true, true), 4 << 20, false, peeks);
        SimClient client = world.client(1000).sends(300_000, true).open();
        world.settle();
        assertTrue(client.wasReset());
    }

    @Test
    void clientThatVanishesEndsTheFlow() {
        target.says(10_000_000);
        SimClient client = open();
        world.run(SECOND / 100);
        world.lossPerMille = 1000;
        world.run(600 * SECOND);
        assertTrue(target.sawReset);
        assertEquals(0, world.stack.tcpFlows());
        client.connection.forget();
    }

    @Test
    void fatFlowDoesNotStarveAThinOne() {
        Target fat = new Target().says(20_000_000);
        world.net.listen(0, World.TARGET, 80, () -> fat);
        world.client(1000).open();
        world.run(SECOND / 50);
        world.net.listen(0, World.TARGET, 81, SimServer::echo);
        SimClient thin = world.add(new SimClient(world, 0, World.CLIENT, 1001, 0, World.TARGET, 81));
        thin.sends(100, false).open();
        world.run(SECOND / 50);
        assertEquals(100, thin.received);
    }
}
