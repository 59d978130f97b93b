package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Poller;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

class SocketLinksTest {
    private static final int FIRST_FD = 100;

    private final SimSockets sockets = new SimSockets();
    private final SimPoller poller = new SimPoller();
    private final Counters counters = new Counters();
    private final SocketLinks links = new SocketLinks(sockets, poller, counters);
    private final List<String> told = new ArrayList<>();

    private Link connect(String name) {
        return links.connect(0, 1, 2, (events, nowNanos) -> told.add(name + " " + events + " at " + nowNanos));
    }

    private long datum(int fd) {
        return poller.data.get(fd);
    }

    @Test
    void socketsAreWatchedBothWaysByEdge() {
        connect("a");
        assertEquals(Poller.READABLE | Poller.WRITABLE | Poller.EDGE_TRIGGERED, poller.interests.get(FIRST_FD));
    }

    @ParameterizedTest
    @CsvSource({
        Poller.READABLE + "," + LinkOwner.READABLE,
        Poller.WRITABLE + "," + LinkOwner.WRITABLE,
        Poller.ENDED + "," + LinkOwner.READABLE,
        Poller.URGENT + "," + LinkOwner.READABLE,
        Poller.FAILED + "," + (LinkOwner.FAILED | LinkOwner.READABLE | LinkOwner.WRITABLE),
        (Poller.READABLE | Poller.WRITABLE) + "," + (LinkOwner.READABLE | LinkOwner.WRITABLE),
    })
    void readinessIsToldToTheOwner(int events, int expected) {
        connect("a");
        links.tell(datum(FIRST_FD), events, 7);
        assertEquals(List.of("a " + expected + " at 7"), told);
    }

    @Test
    void anEventFetchedBeforeItsSocketWasClosedReachesNobody() {
        var link = connect("a");
        var stale = datum(FIRST_FD);
        link.close();
        links.tell(stale, Poller.READABLE, 0);
        assertEquals(List.of(), told);
    }

    @Test
    void anEventOfAClosedSocketDoesNotReachTheOneThatHasItsSlotNow() {
        var link = connect("a");
        var stale = datum(FIRST_FD);
        link.close();
        connect("b");
        assertEquals((int) stale, (int) datum(FIRST_FD + 1), "the slot was to be used again");
        links.tell(stale, Poller.READABLE, 0);
        assertEquals(List.of(), told);
    }

    @Test
    void generationsOfASlotDiffer() {
        var seen = new HashSet<Long>();
        for (var fd = FIRST_FD; fd < FIRST_FD + 1000; fd++) {
            var link = connect("a");
            assertTrue(seen.add(datum(fd)));
            link.close();
        }
    }

    @Test
    void dataOfSocketsAreNeverTheDevicesOrThePollers() {
        connect("a").close();
        connect("b");
        assertTrue(datum(FIRST_FD) >= 0 && datum(FIRST_FD + 1) >= 0);
    }

    @Test
    void thousandsOfSocketsEachHaveTheirOwner() {
        var count = 5000;
        IntStream.range(0, count).forEach(i -> connect("s" + i));
        for (var i = 0; i < count; i += 7) {
            told.clear();
            links.tell(datum(FIRST_FD + i), Poller.READABLE, 0);
            assertEquals(List.of("s" + i + " " + LinkOwner.READABLE + " at 0"), told);
        }
    }

    @Test
    void slotsOfClosedSocketsAreUsedAgain() {
        for (var round = 0; round < 10; round++) {
            var open = IntStream.range(0, 1000).mapToObj(i -> connect("a")).toList();
            open.forEach(Link::close);
        }
        var slots = new HashSet<Integer>();
        poller.data.values().forEach(datum -> slots.add(datum.intValue()));
        assertEquals(1000, slots.size());
    }

    /** Opens and closes as many as rest before one is used again, from ports 100 on. */
    private void spendMany(String target) {
        IntStream.range(0, SpentPorts.RESTING).forEach(i -> connect(target).close());
    }

    @Test
    void streamFromAnAddressThatIsGoneFailsAndItsOwnerIsTold() {
        var link = connect("a");
        sockets.sourceLo = 99;
        connect("b");
        review(datum -> links.isFrom(datum, 0, LoopClient.TARGET));
        assertEquals(List.of("a 7 at 5"), told);
        assertEquals(SocketError.ADDRESS_GONE, link.connectResult());
        assertEquals(1, counters.value(Counter.UPSTREAM_WAYS_LOST));
    }

    @Test
    void streamThatWouldHaveAnotherAddressNowFails() {
        connect("a");
        sockets.sourceLo = 99;
        connect("b");
        review(links::hasMoved);
        assertEquals(List.of("a 7 at 5"), told);
        assertEquals(2, sockets.open.size(), "what asked for the address was to be closed");
    }

    @Test
    void streamStaysWhereThereIsNoWayForNow() {
        connect("a");
        sockets.openError = -Errno.ENETUNREACH.number();
        review(links::hasMoved);
        assertEquals(List.of(), told);
    }

    @Test
    void streamThatTookTheSlotOfOneInAReviewStays() {
        var link = connect("a");
        var review = new Review(links, datum -> true);
        link.close();
        connect("b");
        assertFalse(review.goOn(5));
        assertEquals(List.of(), told);
    }

    @Test
    void reviewOfManyStreamsPauses() {
        IntStream.range(0, Review.AT_ONCE + 1).forEach(i -> connect("a"));
        var review = new Review(links, datum -> true);
        assertTrue(review.goOn(5));
        assertEquals(Review.AT_ONCE, told.size());
        assertFalse(review.goOn(6));
        assertEquals(Review.AT_ONCE + 1, told.size());
    }

    private void review(LongPredicate isLost) {
        assertFalse(new Review(links, isLost).goOn(5));
    }

    @Test
    void portsRestBeforeTheyAreUsedAgain() {
        IntStream.range(0, SpentPorts.RESTING - 1).forEach(i -> connect("a").close());
        connect("a");
        assertEquals(List.of(), sockets.reused);
    }

    @Test
    void wherePortsAreManyTheOldestIsUsedAgain() {
        spendMany("a");
        connect("a").close();
        connect("a");
        assertEquals(List.of(FIRST_FD, FIRST_FD + 1), sockets.reused);
        assertEquals(2, counters.value(Counter.UPSTREAM_PORTS_REUSED));
    }

    @Test
    void portsOfAnotherTargetAreNotUsedAgain() {
        spendMany("a");
        links.connect(0, 1, 3, (events, nowNanos) -> { });
        assertEquals(List.of(), sockets.reused);
    }

    @Test
    void portsOfStreamsThatWereResetAreNotUsedAgain() {
        IntStream.range(0, SpentPorts.RESTING).forEach(i -> connect("a").reset());
        connect("a");
        assertEquals(List.of(), sockets.reused);
    }

    @Test
    void wherePortsAreUsedUpTheOldestIsUsedAgainAtOnce() {
        connect("a").close();
        sockets.connectError = -Errno.EADDRINUSE.number();
        assertEquals(0, connect("a").connectResult());
        assertEquals(List.of(FIRST_FD), sockets.reused);
    }

    @Test
    void usedUpPortsAreSaidToBe() {
        sockets.connectError = -Errno.EADDRINUSE.number();
        assertEquals(SocketError.NO_PORTS, connect("a").connectResult());
    }

    @Test
    void aPortThatTheKernelKeepsIsNoReasonToFail() {
        spendMany("a");
        sockets.reuseError = -Errno.EADDRNOTAVAIL.number();
        assertEquals(0, connect("a").connectResult());
    }

    @Test
    void aSocketThatCannotBeWatchedIsClosedAndSaysWhy() {
        poller.addError = -Errno.ENOSPC.number();
        assertEquals(SocketError.OTHER, connect("a").connectResult());
        assertTrue(sockets.open.isEmpty());
    }

    @Test
    void aLinkClosedTwiceIsABugThatIsSeen() {
        var link = connect("a");
        link.close();
        assertThrows(AssertionError.class, link::close);
    }

    @Test
    void closeAllClosesWhatIsOpen() {
        connect("a");
        connect("b").close();
        links.datagrams(true, (events, nowNanos) -> { });
        links.connectedDatagrams(0, 1, 2, (events, nowNanos) -> { });
        links.closeAll();
        assertTrue(sockets.open.isEmpty());
    }

    @Test
    void closeAllResetsStreamsSoThatNobodyTakesTheirEndForAnEnd() {
        connect("a");
        links.closeAll();
        assertEquals(1, sockets.wereReset.size());
    }
}
