package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Poller;
import wireleap.tun.upstream.Direct;

class EventLoopTest {
    private final SimDevice device = new SimDevice();
    private final SimPoller poller = new SimPoller();
    private final SimSockets sockets = new SimSockets();
    private final CompletableFuture<Throwable> death = new CompletableFuture<>();
    private final EventLoop loop = new EventLoop("loop of a test", LoopWorld.settings(), device, poller, sockets,
        Arena.ofAuto().allocate(8 << 20, 4096),
        (links, slab, counters) -> new Direct(links, LoopWorld.PATIENCE, counters),
        Neighbours.among(List.of(poller), MemorySegment.NULL).getFirst(), 1, death::complete);
    private final LoopClient client = new LoopClient(device, 1000);

    EventLoopTest() {
        poller.waits = true;
    }

    @AfterEach
    void stop() throws InterruptedException {
        loop.stop();
    }

    private static <T> T soon(CompletableFuture<T> future)
            throws InterruptedException, ExecutionException, TimeoutException {
        return future.get(30, TimeUnit.SECONDS);
    }

    private CompletableFuture<Thread> post() {
        var ran = new CompletableFuture<Thread>();
        assertTrue(loop.post((stack, nowNanos) -> ran.complete(Thread.currentThread())));
        return ran;
    }

    /** A client has sent a SYN, and the loop dials for it. */
    private void dial() throws Exception {
        client.open(System.nanoTime());
        var dialled = new CompletableFuture<Void>();
        sockets.onConnect = () -> dialled.complete(null);
        device.tap = (memory, offset, length) -> client.take(memory, offset, length, System.nanoTime());
        loop.post((stack, nowNanos) -> poller.ready(SimDevice.FD, Poller.READABLE));
        soon(dialled);
    }

    @Test
    void tasksRunOnTheLoopsThread() throws Exception {
        loop.start();
        assertNotSame(Thread.currentThread(), soon(post()));
    }

    @Test
    void aTaskPostedBeforeTheStartRunsAfterIt() throws Exception {
        var ran = post();
        loop.start();
        soon(ran);
    }

    @Test
    void aTaskForALoopThatHasEndedIsRefused() throws Exception {
        loop.start();
        loop.stop();
        assertFalse(loop.post((stack, nowNanos) -> { }));
    }

    @Test
    void whatWasStoppedDidNotDie() throws Exception {
        loop.start();
        soon(post());
        loop.stop();
        assertFalse(death.isDone());
    }

    @Test
    void stopResetsFlowsAndClosesAllButTheDevice() throws Exception {
        loop.start();
        dial();
        loop.stop();
        assertTrue(client.connection.closed());
        assertTrue(sockets.open.isEmpty());
        assertTrue(poller.closed);
        assertFalse(device.closed);
        assertEquals(0, loop.tcpFlows());
    }

    @Test
    void stopBeforeTheStartClosesThePoller() throws Exception {
        loop.stop();
        assertTrue(poller.closed);
    }

    @Test
    void stopAgainIsNothing() throws Exception {
        loop.start();
        loop.stop();
        loop.stop();
        assertFalse(death.isDone());
    }

    @Test
    void deathIsToldAndTheDeviceStaysOpen() throws Exception {
        loop.start();
        soon(post());
        loop.post((stack, nowNanos) -> poller.awaitError = -Errno.EBADF.number());
        assertTrue(soon(death).getMessage().contains("EBADF"));
        assertFalse(device.closed);
    }

    @Test
    void deathResetsFlowsAndClosesTheSocketsAndThePoller() throws Exception {
        loop.start();
        dial();
        loop.post((stack, nowNanos) -> poller.awaitError = -Errno.EBADF.number());
        soon(death);
        assertTrue(client.connection.closed());
        assertTrue(sockets.open.isEmpty());
        assertTrue(poller.closed);
    }

    @Test
    void aLoopThatCannotBeginTellsItsDeath() throws Exception {
        poller.addError = -Errno.ENOSPC.number();
        loop.start();
        assertTrue(soon(death).getMessage().contains("ENOSPC"));
        assertTrue(poller.closed);
    }
}
