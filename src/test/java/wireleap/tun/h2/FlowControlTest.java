package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.h2.Bench.SECOND;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.upstream.SocketError;

/** Windows, limits, and who comes when: streams beside one another. */
class FlowControlTest {
    private static final int MAX_CONCURRENT_STREAMS = 3;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final int MAX_FRAME_SIZE = 5;

    private final Bench bench = new Bench();

    private void settings(int... settings) {
        bench.maker = () -> {
            Peer peer = new Peer();
            peer.settings = settings;
            return peer;
        };
    }

    @Test
    void noMoreIsSentThanTheStreamsWindow() {
        bench.connected().say(new byte[100_000]);
        bench.peer().widen(0, 1 << 20);
        bench.run(SECOND);
        assertEquals(65_535, bench.peer().data(1).length);
    }

    @Test
    void aStreamGoesOnWhenItsWindowIsWidened() {
        bench.connected().say(new byte[100_000]);
        bench.peer().widen(0, 1 << 20);
        bench.run(SECOND);
        bench.peer().widen(1, 1 << 20);
        bench.run(SECOND);
        assertEquals(100_000, bench.peer().data(1).length);
    }

    @Test
    void aChangeOfTheInitialWindowMovesOpenStreams() {
        Caller caller = bench.connected();
        bench.peer().widen(0, 1 << 20);
        caller.say(new byte[100_000]);
        bench.run(SECOND);
        bench.peer().windows.merge(1, 10_000L, Long::sum);
        bench.peer().settings(INITIAL_WINDOW_SIZE, 75_535);
        bench.run(SECOND);
        assertEquals(75_535, bench.peer().data(1).length);
    }

    @Test
    void aWindowMayBecomeNegative() {
        Caller caller = bench.connected();
        bench.peer().widen(0, 1 << 20);
        caller.say(new byte[65_535]);
        bench.run(SECOND);
        bench.peer().settings(INITIAL_WINDOW_SIZE, 10);
        caller.say(new byte[1000]);
        bench.peer().numbers(Frame.WINDOW_UPDATE, 0, 1, 65_525);
        bench.run(SECOND);
        assertEquals(65_535, bench.peer().data(1).length);
        bench.peer().widen(1, 400);
        bench.run(SECOND);
        assertEquals(65_935, bench.peer().data(1).length);
    }

    @Test
    void framesAreNoLargerThanThePeerAllows() {
        settings(MAX_FRAME_SIZE, 16_384);
        bench.connected().say(new byte[60_000]);
        bench.run(SECOND);
        assertEquals(16_384, bench.peer().all(Frame.DATA).stream().mapToInt(got -> got.payload().length).max()
                .orElse(0));
    }

    /** A peer that gives windows back when so much of them is used up. */
    private static final class LazyPeer extends Peer {
        private final long connectionWindow;
        private final long connectionUse;
        private final long streamUse;
        private final Map<Integer, Long> used = new HashMap<>();

        LazyPeer(int connectionWindow, long connectionUse, int streamWindow, long streamUse) {
            this.connectionWindow = connectionWindow;
            this.connectionUse = connectionUse;
            this.streamUse = streamUse;
            settings = new int[] {INITIAL_WINDOW_SIZE, streamWindow};
            initialWindow = streamWindow;
        }

        @Override
        public void onOpen(wireleap.tun.upstream.SimLink opened) {
            super.onOpen(opened);
            if (connectionWindow > 65_535) {
                widen(0, (int) connectionWindow - 65_535);
            }
        }

        @Override
        void on(Got got) {
            super.on(got);
            if (got.type() == Frame.DATA) {
                use(0, connectionUse, got.payload().length);
                use(got.stream(), streamUse, got.payload().length);
            }
        }

        private void use(int stream, long most, int bytes) {
            long now = used.merge(stream, (long) bytes, Long::sum);
            if (now >= most) {
                widen(stream, (int) now);
                used.put(stream, 0L);
            }
        }
    }

    static List<Arguments> lazyPeers() {
        int window = 65_535;
        return List.of(
                lazy("all of both windows", window, window, window, window),
                lazy("half of both windows", window, window / 2, window, window / 2),
                lazy("all of the connection's, each byte of the stream's", window, window, window, 1),
                lazy("each byte of the connection's, all of the stream's", window, 1, window, window),
                lazy("all of a wide window of the connection", 1 << 20, 1 << 20, 1 << 16, 1),
                lazy("half of a window of the stream that is far wider", 1 << 18, 1 << 12, 1 << 24, 1 << 23),
                lazy("all of a small window of the stream", 1 << 20, 1, 1000, 1000));
    }

    private static Arguments lazy(String name, int connectionWindow, long connectionUse, int streamWindow,
                                  long streamUse) {
        return Arguments.of(name, (Supplier<Peer>) () -> new LazyPeer(connectionWindow, connectionUse, streamWindow,
                streamUse));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lazyPeers")
    void noPeerStopsAnUploadThatGivesWindowsBackOnlyWhenTheyAreUsed(String name, Supplier<Peer> peer) {
        bench.maker = peer;
        Caller caller = bench.connected();
        caller.say(new byte[2 << 20]);
        bench.run(20 * SECOND);
        assertEquals(0, caller.unsent());
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lazyPeers")
    void noPeerStopsUploadsBesideOneAnother(String name, Supplier<Peer> peer) {
        bench.maker = peer;
        List<Caller> callers = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            callers.add(bench.call());
        }
        bench.run(SECOND);
        callers.forEach(caller -> caller.say(new byte[400_000]));
        bench.run(20 * SECOND);
        assertEquals(0, callers.stream().mapToInt(Caller::unsent).sum());
    }

    @Test
    void theRestOfAWindowThatIsGivenBackWhenAllIsUsedIsUsedHoweverSmall() {
        bench.maker = () -> new LazyPeer(65_535, 65_535, 1 << 20, 1 << 20);
        Caller caller = bench.connected();
        caller.say(new byte[65_000]);
        bench.run(SECOND);
        caller.say(new byte[2000]);
        bench.run(SECOND);
        assertEquals(0, caller.unsent());
    }

    /** A caller of whom the peer has taken some, and given the windows back at once. */
    private Caller taken() {
        Caller caller = bench.connected();
        caller.say(new byte[4096]);
        bench.run(SECOND / 10);
        bench.peer().widen(0, 4096);
        bench.peer().widen(1, 4096);
        bench.run(SECOND / 10);
        return caller;
    }

    @Test
    void aFrameBecomesSmallerAsSoonAsThePeerSaysSo() {
        Caller caller = bench.connected();
        bench.peer().maxFrame = 20_000;
        bench.peer().settings(MAX_FRAME_SIZE, 20_000);
        bench.run(SECOND);
        caller.say(new byte[40_000]);
        bench.run(SECOND);
        assertEquals(20_000, bench.peer().all(Frame.DATA).getFirst().payload().length);
        bench.peer().settings(MAX_FRAME_SIZE, 16_384);
        bench.run(SECOND);
        bench.peer().maxFrame = 16_384; // the acknowledgement has come
        caller.say(new byte[20_000]);
        bench.run(SECOND);
        assertEquals(60_000, bench.peer().data(1).length);
    }

    @Test
    void aTargetThatTakesNothingLeavesTheOthersTheirShareOfTheConnection() {
        Caller stuck = taken();
        Caller other = bench.connected();
        stuck.say(new byte[1 << 20]);
        bench.run(SECOND);
        other.say(new byte[1000]);
        bench.run(SECOND);
        assertEquals(1000, bench.peer().data(3).length);
        assertTrue(stuck.unsent() > 0);
    }

    @Test
    void whatTheOthersTakeIsSentAgainAndAgainBesideAStuckOne() {
        Caller stuck = taken();
        Caller other = bench.connected();
        stuck.say(new byte[1 << 20]);
        bench.run(SECOND);
        other.say(new byte[500_000]);
        for (int i = 0; i < 100 && other.unsent() > 0; i++) {
            int before = bench.peer().data(3).length;
            bench.run(SECOND / 10);
            int taken = bench.peer().data(3).length - before;
            if (taken > 0) {
                bench.peer().widen(0, taken);
                bench.peer().widen(3, taken);
            }
        }
        assertEquals(0, other.unsent());
    }

    @Test
    void oneFlowAloneUsesTheWholeWindowAsItIsGivenBack() {
        Caller caller = bench.connected();
        caller.say(new byte[300_000]);
        for (int i = 0; i < 40 && caller.unsent() > 0; i++) {
            int before = bench.peer().data(1).length;
            bench.run(SECOND / 10);
            int taken = bench.peer().data(1).length - before;
            bench.peer().widen(0, Math.max(1, taken));
            bench.peer().widen(1, Math.max(1, taken));
        }
        assertEquals(0, caller.unsent());
    }

    @Test
    void aConnectionWithoutAWindowMakesTheNextFlowTakeAnother() {
        bench.connected().say(new byte[1 << 20]);
        bench.run(SECOND);
        bench.connected();
        bench.run(SECOND);
        bench.connected();
        assertEquals(2, bench.peers.size());
    }

    @Test
    void flowsShareALinkThatIsTheBrake() {
        Map<Integer, Integer> sent = new HashMap<>();
        settings(INITIAL_WINDOW_SIZE, 1 << 24);
        List<Caller> callers = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            callers.add(bench.connected());
        }
        bench.peer().initialWindow = 1 << 24;
        bench.peer().windows.replaceAll((id, window) -> 1L << 24);
        bench.peer().widen(0, 1 << 26);
        bench.run(SECOND);
        bench.peer().link.serverStall(true);
        callers.forEach(caller -> caller.say(new byte[1 << 20]));
        bench.run(SECOND);
        while (sent.values().stream().mapToInt(Integer::intValue).sum() < 3 << 20) {
            bench.peer().frames.clear();
            bench.peer().link.serverStall(false);
            bench.run(SECOND / 1000);
            bench.peer().link.serverStall(true);
            bench.run(SECOND / 1000);
            bench.peer().all(Frame.DATA).forEach(got -> sent.merge(got.stream(), got.payload().length, Integer::sum));
        }
        int most = sent.values().stream().mapToInt(Integer::intValue).max().orElse(0);
        int least = sent.size() < 10 ? 0 : sent.values().stream().mapToInt(Integer::intValue).min().orElse(0);
        assertTrue(most - least <= 256 << 10, sent.toString());
    }

    @Test
    void theWindowTowardsUsIsGivenBackAsTheFlowLetsGo() {
        Caller caller = bench.connected();
        caller.discards = false;
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, new byte[16_384]);
        bench.run(SECOND);
        int before = bench.peer().all(Frame.WINDOW_UPDATE, 1).size();
        caller.readOn();
        bench.run(SECOND);
        assertEquals("0 1", before + " " + bench.peer().all(Frame.WINDOW_UPDATE, 1).size());
    }

    @Test
    void theRoomOfAFrameThatIsStillComingIsNotPromisedAgain() {
        Caller caller = bench.connected();
        caller.discards = false;
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, new byte[4_000]);
        bench.peer().link.serverSend(Arrays.copyOf(Peer.frame(Frame.DATA, 0, 1, new byte[12_384]), 10));
        bench.run(SECOND);
        caller.readOn();
        bench.run(SECOND);
        assertEquals("4001 bytes, no update", caller.heard().length + " bytes, "
                + (bench.peer().all(Frame.WINDOW_UPDATE, 1).isEmpty() ? "no update" : "an update"));
    }

    @Test
    void theWindowTowardsUsGrowsWithUseToAMebibyte() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        int window = Connection.FIRST_STREAM_WINDOW;
        for (int i = 0; i < 40; i++) {
            for (int left = window; left > 0; left -= 16_384) {
                bench.peer().data(1, false, new byte[Math.min(left, 16_384)]);
            }
            int updates = bench.peer().all(Frame.WINDOW_UPDATE, 1).size();
            bench.run(SECOND / 10);
            window = bench.peer().all(Frame.WINDOW_UPDATE, 1).stream().skip(updates).mapToInt(got -> got.number(0)).sum();
        }
        assertTrue(window > 512 << 10 && window <= 1 << 20, window + " bytes");
        assertEquals(1, caller.end);
    }

    @Test
    void withLittleMemoryTheWindowStaysSmall() {
        Bench poor = new Bench(1, SECOND, 1 << 20);
        poor.connected();
        poor.peer().headers(1, false, ":status: 200");
        for (int i = 0; i < 20; i++) {
            poor.peer().data(1, false, new byte[8192]);
            poor.run(SECOND / 10);
        }
        assertTrue(poor.peer().all(Frame.WINDOW_UPDATE, 1).stream().allMatch(got -> got.number(0) <= 65_536));
    }

    @Test
    void whatFindsNoMemoryWaitsUntilThereIsSome() {
        Bench poor = new Bench(1, SECOND, 1 << 20);
        Caller caller = poor.connected();
        long all = take(poor);
        poor.peer().headers(1, false, ":status: 200");
        poor.peer().data(1, true, "patient");
        poor.run(SECOND / 10);
        assertEquals("", caller.text());
        poor.slab.free(all, 4096);
        poor.run(SECOND / 2);
        assertEquals("patient 0", caller.text() + " " + caller.end);
    }

    @Test
    void manyStreamsWithoutMemoryHoldTheOthersUpNoLongerThanOne() {
        Bench poor = new Bench(1, SECOND, 1 << 20);
        Caller rich = poor.connected();
        rich.discards = false;
        poor.peer().headers(1, false, ":status: 200");
        poor.peer().data(1, false, "some");
        List<Caller> without = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            without.add(poor.connected());
        }
        take(poor);
        for (int i = 0; i < 10; i++) {
            poor.peer().headers(3 + 2 * i, false, ":status: 200");
            poor.peer().data(3 + 2 * i, false, "too much");
        }
        poor.peer().data(1, true, "thing");
        poor.run(SECOND / 2);
        assertEquals("something 0", rich.text() + " " + rich.end);
        assertEquals(10, poor.count(Counter.UPSTREAM_STREAMS_NO_MEMORY));
    }

    @Test
    void whatFindsNoMemoryForLongIsResetAndTheOthersGoOn() {
        Bench poor = new Bench(1, SECOND, 1 << 20);
        Caller caller = poor.connected();
        Caller other = poor.connected();
        take(poor);
        poor.peer().headers(1, false, ":status: 200");
        poor.peer().data(1, false, "too much");
        poor.peer().headers(3, true, ":status: 404");
        poor.run(3 * SECOND);
        assertEquals(SocketError.RESET + " " + SocketError.RESET, caller.end + " " + other.end);
        assertEquals(1, poor.count(Counter.UPSTREAM_STREAMS_NO_MEMORY));
    }

    /** Takes all of the slab, and says where the last block is. */
    private static long take(Bench poor) {
        long last = -1;
        for (long at = poor.slab.allocate(4096); at >= 0; at = poor.slab.allocate(4096)) {
            last = at;
        }
        return last;
    }

    @Test
    void aStreamThatWaitsForItsShareMakesTheNextFlowTakeAnotherConnection() {
        taken().say(new byte[1 << 20]);
        bench.run(SECOND);
        assertTrue(bench.peer().windows.get(0) > 0);
        bench.connected();
        bench.run(SECOND);
        bench.connected();
        assertEquals(2, bench.peers.size());
    }

    @Test
    void fourFifthsOfTheStreamsAllowedCallForAnotherConnection() {
        settings(MAX_CONCURRENT_STREAMS, 10);
        for (int i = 0; i < 16; i++) {
            bench.connected();
        }
        // the ninth finds no other yet, and the first not full
        assertEquals(List.of(9, 7), bench.peers.stream().map(peer -> peer.all(Frame.HEADERS).size()).toList());
    }

    @Test
    void aCrowdIsSpreadOverAsManyConnectionsAsItNeeds() {
        settings(MAX_CONCURRENT_STREAMS, 100);
        List<Caller> callers = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            callers.add(bench.call());
        }
        bench.run(10 * SECOND);
        assertEquals(2000, callers.stream().mapToInt(caller -> caller.connected).sum());
        assertTrue(bench.peers.stream().allMatch(peer -> peer.all(Frame.HEADERS).size() <= 100));
    }

    @Test
    void aLowerLimitOfStreamsHoldsForNewOnes() {
        bench.connected();
        bench.peer().settings(MAX_CONCURRENT_STREAMS, 1);
        bench.run(SECOND);
        bench.connected();
        assertEquals(2, bench.peers.size());
    }

    @Test
    void whereNoStreamIsAllowedNoneIsOpened() {
        settings(MAX_CONCURRENT_STREAMS, 0);
        Caller caller = bench.call();
        bench.run(SECOND);
        assertEquals("0 1 FAILED", caller.connected + " " + caller.refused + " " + caller.refusal());
        assertEquals(1, bench.peers.size());
    }

    @Test
    void aStreamThatEndsMakesRoomForAnother() {
        settings(MAX_CONCURRENT_STREAMS, 1);
        bench.connected().stream.reset();
        bench.run(SECOND);
        bench.connected();
        assertEquals(1, bench.peers.size());
    }
}
