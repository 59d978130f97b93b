package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.os.Errno;
import wireleap.tun.upstream.Direct;

class LoopsTest {
    private static final int PATIENCE_SECONDS = 30;

    private final List<SimPoller> pollers = List.of(new SimPoller(), new SimPoller());
    private final CountDownLatch death = new CountDownLatch(1);
    private final List<EventLoop> each = List.of(loop("a", pollers.get(0)), loop("b", pollers.get(1)));
    private final Loops loops = new Loops(each);

    private EventLoop loop(String name, SimPoller poller) {
        poller.waits = true;
        return new EventLoop(name, LoopWorld.settings(), new SimDevice(), poller, new SimSockets(),
            Arena.ofAuto().allocate(8 << 20, 4096),
            (links, slab, counters) -> new Direct(links, LoopWorld.PATIENCE, counters),
            Neighbours.among(List.of(poller), MemorySegment.NULL).getFirst(), 1, cause -> death.countDown());
    }

    @AfterEach
    void stop() throws InterruptedException {
        loops.stop();
    }

    private Set<String> threadsOfATask(int expected) throws InterruptedException {
        Set<String> threads = ConcurrentHashMap.newKeySet();
        var ran = new CountDownLatch(expected);
        loops.post((stack, nowNanos) -> {
            threads.add(Thread.currentThread().getName());
            ran.countDown();
        });
        assertTrue(ran.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
        return threads;
    }

    @Test
    void aTaskRunsOnEachLoopsThread() throws Exception {
        loops.start();
        assertEquals(Set.of("a", "b"), threadsOfATask(2));
    }

    @Test
    void stopEndsAll() throws Exception {
        loops.start();
        loops.stop();
        assertTrue(pollers.stream().allMatch(poller -> poller.closed));
        assertFalse(loops.post((stack, nowNanos) -> { }));
    }

    @Test
    void stopBeforeTheStartClosesThePollersOfAll() throws Exception {
        loops.stop();
        assertTrue(pollers.stream().allMatch(poller -> poller.closed));
    }

    @Test
    void aTaskThatOneLoopCannotTakeIsRunByTheOtherAndToldAsRefused() throws Exception {
        loops.start();
        each.getFirst().post((stack, nowNanos) -> pollers.getFirst().awaitError = -Errno.EBADF.number());
        assertTrue(death.await(PATIENCE_SECONDS, TimeUnit.SECONDS));
        each.getFirst().stop();
        assertEquals(Set.of("b"), threadsOfATask(1));
        assertFalse(loops.post((stack, nowNanos) -> { }));
    }

    @Test
    void countersAreEachLoopsOwnInTheOrderOfTheQueues() {
        each.getLast().counters().add(Counter.PACKETS_IN, 7);
        assertEquals(List.of("a", "b"), List.copyOf(loops.counters().keySet()));
        assertEquals(7, loops.counters().get("b").value(Counter.PACKETS_IN));
        assertEquals(0, loops.counters().get("a").value(Counter.PACKETS_IN));
    }
}
