package wireleap.tun.flow;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.flow.LoopBreaker.Verdict;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.SipHash;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.upstream.SocketError;

/** Flows that come back, and many that only look so. */
final class LoopBreakerTest {
    private static final long SECOND = 1_000_000_000L;
    private static final int LIMIT = LoopBreaker.MOST_UNHEARD;
    private static final int AT_ONCE = LoopBreaker.MOST_AT_ONCE;

    private final List<String> told = new ArrayList<>();
    private final LoopBreaker breaker =
            new LoopBreaker((hi, lo, port) -> told.add(hi + " " + lo + " " + port), new SipHash(1, 2));

    private Verdict judge(long nowNanos) {
        return breaker.judge(0, World.TARGET, 80, nowNanos);
    }

    private int enter(int flows) {
        int place = LoopBreaker.NOWHERE;
        for (int i = 0; i < flows; i++) {
            place = breaker.enters(0, World.TARGET, 80, 0);
        }
        return place;
    }

    @Test
    void soManyFlowsMayBeginAtOnceAndNoMore() {
        enter(AT_ONCE);
        assertEquals(Verdict.ADMIT, judge(0));
        enter(1);
        assertEquals(Verdict.WAIT, judge(0));
        assertEquals(Verdict.WAIT, judge(SECOND / 2));
        assertEquals(List.of(), told);
    }

    @Test
    void soManyFlowsMayHearNothingForLong() {
        enter(LIMIT);
        assertEquals(Verdict.ADMIT, judge(0));
        assertEquals(Verdict.ADMIT, judge(20 * SECOND));
    }

    @Test
    void afterASecondOfSilenceFlowsAreRefusedForTenAndThatIsToldOnce() {
        int place = enter(LIMIT + 1);
        judge(0);
        assertEquals(Verdict.REFUSE, judge(SECOND));
        assertTrue(breaker.isRefused(place, SECOND));
        for (int i = 0; i <= LIMIT; i++) {
            breaker.leaves(place);
        }
        assertEquals(Verdict.REFUSE, judge(10 * SECOND));
        assertEquals(List.of("0 " + World.TARGET + " 80"), told);
        assertEquals(Verdict.ADMIT, judge(12 * SECOND));
        assertFalse(breaker.isRefused(place, 12 * SECOND));
    }

    @Test
    void oneFlowThatHearsSomethingSpeaksForTheOthers() {
        int place = enter(AT_ONCE + 2);
        assertEquals(Verdict.WAIT, judge(0));
        breaker.hears(place, SECOND / 2);
        assertEquals(Verdict.ADMIT, judge(SECOND / 2));
        assertEquals(Verdict.ADMIT, judge(SECOND));
        assertEquals(Verdict.ADMIT, judge(2 * SECOND));
        assertEquals(Verdict.REFUSE, judge(3 * SECOND));
    }

    @Test
    void flowsThatEndDoNotCount() {
        int place = enter(LIMIT + 1);
        judge(0);
        breaker.leaves(place);
        assertEquals(Verdict.ADMIT, judge(SECOND));
    }

    @Test
    void otherDestinationsAreNotConcerned() {
        enter(LIMIT + 1);
        judge(0);
        assertEquals(Verdict.ADMIT, breaker.judge(0, World.TARGET, 81, SECOND));
        assertEquals(Verdict.ADMIT, breaker.judge(0, World.TARGET + 1, 80, SECOND));
    }

    @Test
    void whereNoneIsLookedForAllAreAdmitted() {
        LoopBreaker off = new LoopBreaker(LoopWatch.NONE, new SipHash(1, 2));
        for (int i = 0; i <= LIMIT; i++) {
            assertEquals(LoopBreaker.NOWHERE, off.enters(0, World.TARGET, 80, 0));
        }
        assertEquals(Verdict.ADMIT, off.judge(0, World.TARGET, 80, SECOND));
    }

    private World world() {
        return new World(1, World.settings().withLoopWatch((hi, lo, port) -> told.add("tcp or udp " + port)), 16 << 20,
                false);
    }

    @Test
    void synsToADestinationThatIsSilentAreDroppedThenReset() {
        World world = world();
        world.net.fail(0, World.TARGET, 80, SocketError.AGAIN);
        for (int i = 0; i < AT_ONCE + 5; i++) {
            world.inject(Packets.tcp(World.CLIENT, 5000 + i, World.TARGET, 80, 1, 0, Packets.SYN));
        }
        assertEquals(4, world.count(Counter.DROP_LOOP_SUSPECTED));
        world.run(SECOND);
        world.inject(Packets.tcp(World.CLIENT, 6000, World.TARGET, 80, 1, 0, Packets.SYN));
        assertEquals(1, world.count(Counter.TCP_RESET_LOOP));
        assertEquals(List.of("tcp or udp 80"), told);
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    @Test
    void aCrowdThatIsConnectedIsWelcome() {
        World world = world();
        world.net.listen(0, World.TARGET, 80, SimServer::echo);
        List<SimClient> clients = new ArrayList<>();
        for (int i = 0; i < 3 * AT_ONCE; i++) {
            clients.add(world.client(1000 + i).open());
        }
        world.run(3 * SECOND);
        assertEquals(3L * AT_ONCE, world.stack.tcpFlows());
        assertEquals(0, world.count(Counter.TCP_RESET_LOOP));
        assertEquals(World.NOTHING, world.leftAfterClose());
    }

    @Test
    void datagramsThatComeBackAreRefused() {
        World world = world();
        for (int i = 0; i < AT_ONCE + 5; i++) {
            world.inject(Packets.udp(0, World.CLIENT, 5000 + i, 0, World.TARGET, 80, new byte[1]));
        }
        assertEquals(4, world.count(Counter.DROP_LOOP_SUSPECTED));
        world.run(SECOND);
        world.inject(Packets.udp(0, World.CLIENT, 6000, 0, World.TARGET, 80, new byte[1]));
        world.inject(Packets.udp(0, World.CLIENT, 5000, 0, World.TARGET, 80, new byte[1]));
        assertEquals(2, world.count(Counter.DROP_UDP_LOOP));
        assertEquals(List.of("tcp or udp 80"), told);
        assertEquals(World.NOTHING, world.leftAfterClose());
    }
}
