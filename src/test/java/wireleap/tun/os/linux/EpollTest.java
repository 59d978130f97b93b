package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.os.Poller.EDGE_TRIGGERED;
import static wireleap.tun.os.Poller.ENDED;
import static wireleap.tun.os.Poller.READABLE;
import static wireleap.tun.os.Poller.WRITABLE;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.testing.HeapAllocation;

class EpollTest {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_LONG, 1);
    private Epoll epoll;
    private Fd first;
    private Fd second;

    @BeforeEach
    void open() throws ErrnoException {
        epoll = new Epoll(arena, 8);
        first = Fd.of("eventfd", LinuxSys.eventfd(0, Linux.EFD_NONBLOCK()));
        second = Fd.of("eventfd", LinuxSys.eventfd(0, Linux.EFD_NONBLOCK()));
    }

    @AfterEach
    void close() {
        epoll.close();
        first.close();
        second.close();
        arena.close();
    }

    @Test
    void nothingReadyAndNoTimeIsZero() {
        epoll.add(first.number(), READABLE, 1);
        assertEquals(0, epoll.await(0));
    }

    @Test
    void readinessComesWithItsDatum() {
        epoll.add(first.number(), READABLE, 0x0123_4567_89ab_cdefL);
        Sys.write(first.number(), one, 0, 8);
        assertEquals(1, epoll.await(Long.MAX_VALUE));
        assertEquals(0x0123_4567_89ab_cdefL, epoll.datum(0));
        assertEquals(READABLE, epoll.events(0));
    }

    @Test
    void severalAreToldAtOnce() {
        epoll.add(first.number(), READABLE, 10);
        epoll.add(second.number(), READABLE, 20);
        Sys.write(first.number(), one, 0, 8);
        Sys.write(second.number(), one, 0, 8);
        assertEquals(2, epoll.await(0));
        assertEquals(30, epoll.datum(0) + epoll.datum(1));
    }

    @Test
    void levelTriggeredReadinessIsToldAgain() {
        epoll.add(first.number(), READABLE, 1);
        Sys.write(first.number(), one, 0, 8);
        epoll.await(0);
        assertEquals(1, epoll.await(0));
    }

    @Test
    void edgeTriggeredReadinessIsToldOnce() {
        epoll.add(first.number(), READABLE | EDGE_TRIGGERED, 1);
        Sys.write(first.number(), one, 0, 8);
        epoll.await(0);
        assertEquals(0, epoll.await(0));
    }

    @Test
    void aModifiedDescriptorIsToldForWhatItIsWatchedForNow() {
        epoll.add(first.number(), READABLE, 1);
        epoll.modify(first.number(), WRITABLE, 2);
        assertEquals(1, epoll.await(0));
        assertEquals(2, epoll.datum(0));
        assertEquals(WRITABLE, epoll.events(0));
    }

    @Test
    void aRemovedDescriptorIsNotTold() {
        epoll.add(first.number(), WRITABLE, 1);
        epoll.remove(first.number());
        assertEquals(0, epoll.await(0));
    }

    @Test
    void addingTwiceIsAnErrorAsAValue() {
        epoll.add(first.number(), READABLE, 1);
        assertEquals(Errno.EEXIST, Errno.of(-epoll.add(first.number(), READABLE, 1)));
    }

    @Test
    void theEndOfTheOtherSideIsTold() throws ErrnoException {
        try (SocketPair pair = new SocketPair()) {
            epoll.add(pair.left().number(), READABLE, 1);
            pair.right().close();
            epoll.await(Long.MAX_VALUE);
            assertEquals(READABLE | ENDED, epoll.events(0) & (READABLE | ENDED));
        }
    }

    @Test
    void wakingBeforeTheWaitEndsIt() {
        epoll.wake();
        assertEquals(0, epoll.await(Long.MAX_VALUE));
    }

    @Test
    void wakingFromAnotherThreadEndsTheWait() throws InterruptedException {
        Thread thread = Thread.ofPlatform().start(epoll::wake);
        assertEquals(0, epoll.await(Long.MAX_VALUE));
        thread.join();
    }

    @Test
    void everyWakeEndsAWait() {
        for (int i = 0; i < 3; i++) {
            epoll.wake();
            assertEquals(0, epoll.await(Long.MAX_VALUE));
        }
    }

    @Test
    void oneWakeEndsOneWait() {
        epoll.wake();
        epoll.await(0);
        long before = System.nanoTime();
        epoll.await(2_000_000);
        assertTrue(System.nanoTime() - before >= 2_000_000);
    }

    @Test
    void wakingHidesNobodyElse() {
        epoll.wake();
        epoll.add(first.number(), WRITABLE, 7);
        assertEquals(1, epoll.await(Long.MAX_VALUE));
        assertEquals(7, epoll.datum(0));
    }

    @Test
    void wakingAClosedPollerIsNothing() {
        epoll.close();
        epoll.wake();
    }

    @Test
    void aWaitIsNeverShorterThanAsked() {
        long before = System.nanoTime();
        epoll.await(1_500_000);
        assertTrue(System.nanoTime() - before >= 1_500_000);
    }

    @Test
    void aTurnAllocatesNothingOnTheHeapWhenWarm() {
        int fd = first.number();
        epoll.add(fd, WRITABLE, 1);
        assertEquals(0, HeapAllocation.leastOf(200, () -> {
            for (int i = 0; i < 10_000; i++) {
                epoll.modify(fd, WRITABLE | EDGE_TRIGGERED, i);
                epoll.wake();
                for (int j = epoll.await(0) - 1; j >= 0; j--) {
                    assertEquals(i, epoll.datum(j));
                    assertEquals(WRITABLE, epoll.events(j));
                }
            }
        }));
    }
}
