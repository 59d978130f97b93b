package wireleap.tun.events;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.policy.IpPrefix;

@Timeout(10)
class EventLogTest {
    private static final Event EVENT = new Event.StateChanged("activating", "active", "");
    private static final long FOREVER = Long.MAX_VALUE;

    private final EventLog log = new EventLog(() -> Instant.EPOCH);

    private static Event bypassChange(int entries) {
        List<IpPrefix> added = IntStream.range(0, entries)
                .mapToObj(i -> IpPrefix.parse("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255))).toList();
        return new Event.BypassChanged("\"v\"", "a test", added, List.of());
    }

    private List<Long> numbersAfter(long number) throws InterruptedException {
        return log.awaitAfter(number, 0).stream().map(EventLog.Entry::number).toList();
    }

    @Test
    void eventsAreNumberedFromOneInTheirOrder() throws Exception {
        Event second = new Event.Repaired("rule", "was gone");
        log.publish(EVENT);
        log.publish(second);
        assertEquals(List.of(new EventLog.Entry(1, Instant.EPOCH, EVENT),
                new EventLog.Entry(2, Instant.EPOCH, second)), log.awaitAfter(0, 0));
    }

    @Test
    void aReaderGetsOnlyWhatItHasNot() throws Exception {
        for (int i = 0; i < 5; i++) {
            log.publish(EVENT);
        }
        assertEquals(List.of(4L, 5L), numbersAfter(3));
    }

    @Test
    void nothingComesOfWaitingInVain() throws Exception {
        log.publish(EVENT);
        assertEquals(List.of(), log.awaitAfter(1, 1));
    }

    @Test
    void anEventWakesAllWhoWait() throws Exception {
        CountDownLatch started = new CountDownLatch(8);
        List<CompletableFuture<Integer>> readers = IntStream.range(0, 8).mapToObj(i -> {
            CompletableFuture<Integer> read = new CompletableFuture<>();
            Thread.startVirtualThread(() -> {
                started.countDown();
                try {
                    read.complete(log.awaitAfter(0, FOREVER).size());
                } catch (InterruptedException e) {
                    read.completeExceptionally(e);
                }
            });
            return read;
        }).toList();
        started.await();
        log.publish(EVENT);
        for (CompletableFuture<Integer> reader : readers) {
            assertEquals(1, reader.get());
        }
    }

    @Test
    void theOldestGoWhenThereAreTooMany() throws Exception {
        for (int i = 0; i < EventLog.MAX_EVENTS + 3; i++) {
            log.publish(EVENT);
        }
        assertEquals(LongStream.rangeClosed(4, EventLog.MAX_EVENTS + 3).boxed().toList(), numbersAfter(0));
    }

    @Test
    void theOldestGoWhenTheyAreTooHeavy() throws Exception {
        log.publish(EVENT);
        log.publish(bypassChange(EventLog.MAX_WEIGHT / 2));
        log.publish(bypassChange(EventLog.MAX_WEIGHT / 2));
        assertEquals(List.of(3L), numbersAfter(0));
    }

    @Test
    void aWeightThatHasGoneMakesRoom() throws Exception {
        log.publish(bypassChange(EventLog.MAX_WEIGHT - 2));
        log.publish(EVENT);
        log.publish(EVENT);
        log.publish(bypassChange(EventLog.MAX_WEIGHT - 4));
        assertEquals(List.of(2L, 3L, 4L), numbersAfter(0));
    }

    @Test
    void theLastIsKeptHoweverHeavy() throws Exception {
        log.publish(bypassChange(EventLog.MAX_WEIGHT));
        assertEquals(List.of(1L), numbersAfter(0));
    }

    @Test
    void closingEndsAllWaiting() throws Exception {
        CompletableFuture<List<EventLog.Entry>> read = new CompletableFuture<>();
        Thread reader = Thread.startVirtualThread(() -> {
            try {
                read.complete(log.awaitAfter(0, FOREVER));
            } catch (InterruptedException e) {
                read.completeExceptionally(e);
            }
        });
        log.close();
        assertEquals(List.of(), read.get());
        reader.join();
        assertTrue(log.isClosed());
    }
}
