package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.h2.Bench.SECOND;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.DatagramOwner;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.upstream.SocketError;

/** Datagrams: a stream for each target, a DATA frame for each datagram. */
class SessionTest {
    private static final long OTHER = SimNet.v4(198, 51, 100, 8);

    private final Bench bench = new Bench();
    private final Client client = new Client();

    /** A client's end of a session. */
    private final class Client implements DatagramOwner {
        private final MemorySegment buffer = MemorySegment.ofArray(new byte[DatagramSession.RECEIVE_BYTES]);
        private final DatagramMeta meta = new DatagramMeta();
        final List<String> heard = new ArrayList<>();
        final List<Integer> lengths = new ArrayList<>();
        DatagramSession session;
        int opened;
        int ended;
        /** Whether it closes its session as soon as there is something to hear. */
        boolean closes;
        /** Whether it hears what there is as soon as it is told, as if nothing else came in that turn. */
        boolean hasty = true;

        Client open() {
            session = bench.h2.datagrams(false, this, bench.net.nowNanos());
            bench.run(SECOND / 10);
            return this;
        }

        int send(long target, String text) {
            return send(target, text.getBytes(StandardCharsets.UTF_8), Math.max(1, text.length()));
        }

        int send(long target, byte[] bytes, int segmentBytes) {
            return session.send(0, target, 53, MemorySegment.ofArray(bytes), 0, bytes.length, segmentBytes, true);
        }

        @Override
        public void onOpened(long nowNanos) {
            opened++;
        }

        @Override
        public void onEnded(long nowNanos) {
            ended++;
        }

        @Override
        public void onReady(int events, long nowNanos) {
            if (closes) {
                session.close();
                return;
            }
            if (hasty) {
                hear();
            }
        }

        void hear() {
            for (int length = recv(); length != SocketError.AGAIN; length = recv()) {
                lengths.add(length);
                byte[] bytes = new byte[Math.min(length, 40)];
                MemorySegment.copy(buffer, java.lang.foreign.ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
                heard.add((meta.lo() & 0xff) + ":" + meta.port() + " " + new String(bytes, StandardCharsets.UTF_8));
            }
        }

        private int recv() {
            return session.recv(meta, buffer, 0, DatagramSession.RECEIVE_BYTES);
        }
    }

    @Test
    void aSessionIsOpenWhenAConnectionStands() {
        client.open();
        assertEquals("1 true", client.opened + " " + client.session.isOpen());
    }

    @Test
    void aSessionOnAConnectionThatStandsIsOpenFromTheStart() {
        bench.connected();
        client.session = bench.h2.datagrams(false, client, bench.net.nowNanos());
        assertTrue(client.session.isOpen());
    }

    @Test
    void withoutABrokerASessionEnds() {
        bench.net.fail(0, Bench.BROKER, Bench.PORT, SocketError.REFUSED);
        client.open();
        assertEquals("1 FAILED", client.ended + " " + client.session.refusal());
    }

    @Test
    void whileTheBrokerIsLeftAloneThereAreNoDatagrams() {
        bench.net.fail(0, Bench.BROKER, Bench.PORT, SocketError.REFUSED);
        bench.call();
        bench.run(SECOND / 20);
        assertFalse(bench.h2.carriesDatagrams(bench.net.nowNanos()));
    }

    @Test
    void aSessionIsRefusedAtOnceWhileTheBrokerIsLeftAlone() {
        bench.net.fail(0, Bench.BROKER, Bench.PORT, SocketError.REFUSED);
        bench.call();
        bench.run(SECOND / 20);
        assertEquals(Refusal.FAILED, bench.h2.datagrams(false, client, bench.net.nowNanos()).refusal());
    }

    @Test
    void eachTargetHasAStream() {
        client.open().send(Bench.TARGET, "a");
        client.send(OTHER, "b");
        client.send(Bench.TARGET, "c");
        bench.run(SECOND);
        assertEquals(List.of("wl-dial-target: 198.51.100.7:53", "wl-dial-target: 198.51.100.8:53"),
                bench.peer().all(Frame.HEADERS).stream().map(bench.peer()::headers).peek(lines ->
                        assertTrue(lines.contains("wl-dial-protocol: udp"))).map(List::getLast).toList());
    }

    @Test
    void eachDatagramIsAFrame() {
        client.open().send(Bench.TARGET, new byte[1200], 500);
        bench.run(SECOND);
        assertEquals(List.of(500, 500, 200),
                bench.peer().all(Frame.DATA).stream().map(got -> got.payload().length).toList());
    }

    @Test
    void anEmptyDatagramIsAnEmptyFrame() {
        client.open().send(Bench.TARGET, "");
        bench.run(SECOND);
        assertEquals(1, bench.peer().all(Frame.DATA).size());
    }

    @Test
    void aDatagramLargerThanAFrameIsNotSplit() {
        client.open();
        assertEquals(SocketError.MESSAGE_SIZE, client.send(Bench.TARGET, new byte[16_385], 16_385));
    }

    @Test
    void aDatagramWithoutAWindowIsGone() {
        client.open();
        for (int i = 0; i < 10; i++) {
            client.send(Bench.TARGET, new byte[16_000], 16_000);
        }
        assertEquals(SocketError.AGAIN, client.send(Bench.TARGET, new byte[16_000], 16_000));
    }

    @Test
    void eachFrameIsADatagramOfItsTarget() {
        client.open().send(Bench.TARGET, "a");
        client.send(OTHER, "b");
        bench.run(SECOND);
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().headers(3, false, ":status: 200");
        bench.peer().data(1, false, "one");
        bench.peer().data(3, false, "two");
        bench.peer().data(1, false, "");
        bench.peer().data(1, false, "three");
        bench.run(SECOND);
        assertEquals(List.of("7:53 one", "8:53 two", "7:53 ", "7:53 three"), client.heard.stream()
                .sorted((first, second) -> Integer.compare(order(first), order(second))).toList());
    }

    private static int order(String heard) {
        return List.of("7:53 one", "8:53 two", "7:53 ", "7:53 three").indexOf(heard);
    }

    @Test
    void anEmptyFrameThatEndsAStreamIsNoDatagram() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "one");
        bench.peer().data(1, true, "");
        bench.run(SECOND);
        assertEquals(List.of("7:53 one"), client.heard);
    }

    @Test
    void aClientThatClosesWhenItIsToldOfADatagramHarmsNothing() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        client.closes = true;
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "one");
        bench.run(SECOND);
        assertEquals(Bench.NOTHING, bench.leftAfterClose());
    }

    @Test
    void aDatagramIsFetchedWhileTheNextIsStillComing() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        client.hasty = false;
        bench.peer().headers(1, false, ":status: 200");
        byte[] next = Peer.frame(Frame.DATA, 0, 1, "the next one".getBytes(StandardCharsets.UTF_8));
        bench.peer().data(1, false, "one");
        bench.peer().link.serverSend(Arrays.copyOf(next, 14));
        bench.run(SECOND);
        client.hear();
        bench.peer().link.serverSend(Arrays.copyOfRange(next, 14, next.length));
        bench.run(SECOND);
        client.hear();
        assertEquals(List.of("7:53 one", "7:53 the next one"), client.heard);
    }

    @Test
    void theLargestDatagramArrivesWhole() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        bench.peer().headers(1, false, ":status: 200");
        for (int i = 0; i < 10; i++) {
            byte[] bytes = new byte[65_507];
            Arrays.fill(bytes, (byte) ('a' + i));
            bench.peer().data(1, false, bytes);
            bench.run(SECOND / 10);
        }
        assertEquals(java.util.Collections.nCopies(10, 65_507), client.lengths);
        assertEquals("7:53 " + "j".repeat(40), client.heard.getLast());
    }

    @Test
    void theSizeOfTheWindowIsGivenBack() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        bench.peer().headers(1, false, ":status: 200");
        for (int i = 0; i < 100; i++) {
            bench.peer().data(1, false, new byte[9_000]);
            bench.run(SECOND / 100);
        }
        assertEquals(100, client.heard.size());
    }

    @Test
    void aDatagramThatFindsNoMemoryIsDropped() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        List<Long> taken = new ArrayList<>();
        for (long at = bench.slab.allocate(4096); at >= 0; at = bench.slab.allocate(4096)) {
            taken.add(at);
        }
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "lost");
        bench.run(SECOND);
        taken.forEach(at -> bench.slab.free(at, 4096));
        bench.peer().data(1, false, "there");
        bench.run(SECOND);
        assertEquals(List.of("7:53 there"), client.heard);
        assertEquals(1, bench.count(Counter.DATAGRAMS_DOWN_NO_ROOM));
    }

    @Test
    void aTargetThatIsSilentForHalfAMinuteLosesItsStream() {
        client.open().send(Bench.TARGET, "a");
        bench.run(9 * SECOND);
        assertEquals(0, bench.peer().all(Frame.RST_STREAM).size());
        for (int i = 0; i < 3; i++) {
            bench.run(9 * SECOND);
            bench.peer().send(Frame.PING, 0, 0, new byte[8]);
        }
        assertEquals(1, bench.peer().all(Frame.RST_STREAM).size());
    }

    @Test
    void aStreamWithoutAWindowMakesRoomForAnother() {
        client.open();
        for (int i = 0; i < 10; i++) {
            client.send(Bench.TARGET, new byte[16_000], 16_000);
        }
        bench.peer().widen(0, 100_000);
        for (int i = 0; i < 40; i++) {
            client.send(Bench.TARGET, new byte[16_000], 16_000);
            bench.run(SECOND);
            bench.peer().send(Frame.PING, 0, 0, new byte[8]);
        }
        assertEquals(16_000, bench.peer().all(Frame.DATA, 3).getFirst().payload().length);
    }

    private void settings(int... settings) {
        bench.maker = () -> {
            Peer peer = new Peer();
            peer.settings = settings;
            return peer;
        };
    }

    @Test
    void aStreamThatNeverHadAWindowMakesRoomForAnother() {
        settings(4, 0); // INITIAL_WINDOW_SIZE
        client.open();
        assertEquals(SocketError.AGAIN, client.send(Bench.TARGET, "a"));
        for (int i = 0; i < 4; i++) {
            bench.run(9 * SECOND);
            bench.peer().send(Frame.PING, 0, 0, new byte[8]);
        }
        assertEquals(1, bench.peer().all(Frame.RST_STREAM, 1).size());
    }

    @Test
    void manyTargetsCallForAnotherConnectionBeforeThereIsNoRoom() {
        settings(3, 10); // MAX_CONCURRENT_STREAMS
        client.open();
        for (int i = 0; i < 20; i++) {
            client.send(SimNet.v4(203, 0, 113, i), "x");
            bench.run(SECOND / 100);
        }
        assertEquals(20, bench.peers.stream().mapToInt(peer -> peer.all(Frame.HEADERS).size()).sum());
    }

    @Test
    void aStreamThatEndsIsOpenedAgainByTheNextDatagram() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        bench.peer().headers(1, true, ":status: 200");
        bench.run(SECOND);
        client.send(Bench.TARGET, "b");
        bench.run(SECOND);
        assertArrayEquals(new byte[] {'b'}, bench.peer().data(3));
    }

    @Test
    void whatCameBeforeAStreamEndedIsStillHeard() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, true, "last words");
        bench.run(SECOND);
        assertEquals(List.of("7:53 last words"), client.heard);
    }

    @Test
    void aSessionOutlivesItsConnection() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        bench.peer().link.serverReset();
        bench.run(SECOND);
        client.send(Bench.TARGET, "lost");
        bench.run(SECOND);
        client.send(Bench.TARGET, "b");
        bench.run(SECOND);
        assertEquals(2, bench.peers.size());
        assertArrayEquals(new byte[] {'b'}, bench.peer().data(1));
    }

    @Test
    void aSessionThatIsClosedEndsItsStreams() {
        client.open().send(Bench.TARGET, "a");
        client.send(OTHER, "b");
        client.session.close();
        bench.run(SECOND);
        assertEquals(2, bench.peer().all(Frame.RST_STREAM).size());
    }

    @Test
    void manyTargetsTakeTurns() {
        client.open();
        for (int i = 0; i < 300; i++) {
            client.send(SimNet.v4(203, 0, i >> 8, i & 0xff), "x");
            bench.run(SECOND / 100);
        }
        assertEquals(300 - 256, bench.peers.stream().mapToInt(peer -> peer.all(Frame.RST_STREAM).size()).sum());
    }

    @Test
    void nothingIsLeftWhenItIsClosed() {
        client.open().send(Bench.TARGET, "a");
        bench.run(SECOND);
        bench.peer().headers(1, false, ":status: 200");
        client.session.close();
        assertEquals(Bench.NOTHING, bench.leftAfterClose());
    }
}
