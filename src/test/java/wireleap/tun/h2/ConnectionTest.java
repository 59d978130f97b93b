package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.h2.Bench.SECOND;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;

/** A connection's life: its greeting, its silence, its end, and floods. Its rules are in {@link Rfc9113Test}. */
class ConnectionTest {
    private final Bench bench = new Bench();

    @Test
    void theConnectionBeginsWithPrefaceSettingsAndAWideWindow() {
        bench.connected();
        List<Peer.Got> frames = bench.peer().frames;
        // ENABLE_PUSH 0, MAX_CONCURRENT_STREAMS 0, INITIAL_WINDOW_SIZE 16384, MAX_FRAME_SIZE 65536,
        // MAX_HEADER_LIST_SIZE 16384: RFC 9113 section 6.5.2
        assertArrayEquals(Peer.hex("0002 00000000 0003 00000000 0004 00004000 0005 00010000 0006 00004000"),
                frames.get(0).payload());
        assertEquals(0x7fff_ffff - 65_535, frames.get(1).number(0));
    }

    @Test
    void settingsAreAcknowledged() {
        bench.connected();
        assertEquals(1, bench.peer().all(Frame.SETTINGS).stream().filter(got -> got.has(Frame.ACK)).count());
    }

    @Test
    void aPingIsAnsweredWithItsBytes() {
        bench.connected();
        bench.peer().send(Frame.PING, 0, 0, Peer.hex("0102030405060708"));
        bench.run(SECOND);
        Peer.Got answer = bench.peer().all(Frame.PING).getFirst();
        assertTrue(answer.has(Frame.ACK));
        assertArrayEquals(Peer.hex("0102030405060708"), answer.payload());
    }

    @Test
    void aSilentConnectionIsAskedAfterTenSeconds() {
        bench.connected();
        bench.run(11 * SECOND);
        assertEquals(1, bench.peer().all(Frame.PING).size());
    }

    @Test
    void aPingWithoutAnAnswerEndsTheConnection() {
        Caller caller = bench.connected();
        bench.run(21 * SECOND);
        assertEquals(SocketError.RESET, caller.end);
    }

    @Test
    void aPingThatFindsNoRoomEndsTheConnectionAsIfItWasNotAnswered() {
        int most = 0;
        for (Bench probe = stuffed(most); probe.log.size() < 2; most++) {
            ping(probe);
        }
        Bench full = stuffed(most - 1);
        full.run(21 * SECOND);
        assertEquals(List.of("upstream up", "lost 1: a PING was not answered in time"), full.log);
    }

    /** Towards a peer that reads nothing: no room for payload, and answers to so many PINGs wait besides. */
    private static Bench stuffed(int pings) {
        Bench stuffed = new Bench();
        stuffed.net.buffers(4 << 10);
        stuffed.maker = () -> {
            Peer peer = new Peer();
            peer.settings = new int[] {4, 1 << 20}; // INITIAL_WINDOW_SIZE
            return peer;
        };
        Caller caller = stuffed.connected();
        stuffed.peer().widen(0, 1 << 20);
        stuffed.run(SECOND);
        stuffed.peer().link.serverStall(true);
        caller.say(new byte[1 << 19]);
        for (int i = 0; i < pings; i++) {
            ping(stuffed);
        }
        return stuffed;
    }

    private static void ping(Bench bench) {
        bench.peer().send(Frame.PING, 0, 0, new byte[8]);
        bench.run(SECOND / 200);
    }

    @Test
    void aPingWithAnAnswerKeepsTheConnection() {
        Caller caller = bench.connected();
        for (int i = 0; i < 6; i++) {
            bench.run(11 * SECOND);
            List<Peer.Got> pings = bench.peer().all(Frame.PING);
            assertEquals(i + 1, pings.size());
            bench.peer().send(Frame.PING, Frame.ACK, 0, pings.getLast().payload());
        }
        assertEquals(1, caller.end);
    }

    @Test
    void aConnectionWithoutStreamsIsClosedAfterAMinute() {
        bench.connected().stream.reset();
        for (int i = 0; i < 7; i++) {
            bench.run(10 * SECOND);
            bench.peer().send(Frame.PING, Frame.ACK, 0, new byte[8]);
        }
        assertEquals(ErrorCode.NO_ERROR, bench.peer().goaway());
        assertTrue(bench.peer().ended);
        assertEquals(List.of("upstream up"), bench.log);
    }

    @Test
    void paddingIsTakenAwayAndGivenBackToTheWindow() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        for (int i = 0; i < 200; i++) {
            bench.peer().send(Frame.DATA, Frame.PADDED, 1, Peer.join(Peer.hex("ff 6f 6b"), new byte[255]));
            bench.run(SECOND / 50);
        }
        assertEquals("ok".repeat(200), caller.text());
    }

    @Test
    void aGracefulGoawayLetsItsStreamsComeToTheirEnd() {
        Caller caller = bench.connected();
        Peer leaving = bench.peer();
        leaving.numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.NO_ERROR);
        bench.run(SECOND);
        bench.connected();
        leaving.headers(1, false, ":status: 200");
        leaving.data(1, true, "to the end");
        bench.run(SECOND);
        assertEquals("to the end 0, 2 connections",
                caller.text() + " " + caller.end + ", " + bench.peers.size() + " connections");
    }

    @Test
    void aConnectionThatWasToldToGoIsClosedBehindItsLastStream() {
        Caller caller = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.NO_ERROR);
        bench.run(SECOND);
        caller.stream.reset();
        bench.run(SECOND);
        assertTrue(bench.peer().ended);
    }

    @Test
    void theLastFlowOfAConnectionThatWasToldToGoMakesWayForTheNext() {
        Caller last = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.NO_ERROR);
        bench.run(SECOND);
        last.stream.reset();
        Caller next = bench.call();
        bench.run(SECOND);
        assertEquals("1 NONE", next.connected + " " + next.refusal());
    }

    @Test
    void aConnectionThatIsLostBehindAGoawayWithAnErrorHasFailedOnce() {
        Caller covered = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.ENHANCE_YOUR_CALM);
        bench.run(SECOND);
        bench.peer().link.serverReset();
        bench.run(SECOND);
        assertEquals(List.of("upstream up", "lost 0: GOAWAY ENHANCE_YOUR_CALM"), bench.log);
        assertEquals("1 " + SocketError.RESET, bench.count(Counter.UPSTREAM_CONNECTIONS_FAILED) + " " + covered.end);
    }

    /** Some of these floods end with it, some before it, some are none. */
    @ParameterizedTest
    @ValueSource(ints = {1000, 1001, 1002, 1003, 1004, 1005, 1006})
    void aGoawayThatIsOneFrameTooManyIsNotHeard(int before) {
        bench.connected();
        for (int i = 0; i < before; i++) {
            bench.peer().send(Frame.PING, Frame.ACK, 0, new byte[8]);
        }
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.INTERNAL_ERROR);
        bench.run(SECOND / 10);
        boolean flood = bench.peer().goaway() == ErrorCode.ENHANCE_YOUR_CALM;
        assertEquals("2 lines, " + flood, bench.log.size() + " lines, " + bench.log.get(1).contains("a flood of"));
    }

    @Test
    void aGoawayWithAnErrorIsSaidOnceAndItsStreamsGoOn() {
        Caller covered = bench.connected();
        Caller lost = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.ENHANCE_YOUR_CALM);
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.ENHANCE_YOUR_CALM);
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, true, "to the end");
        bench.run(SECOND);
        covered.stream.close();
        bench.run(SECOND);
        assertEquals("to the end 0, " + SocketError.RESET, covered.text() + " " + covered.end + ", " + lost.end);
        assertEquals(List.of("upstream up", "lost 1: GOAWAY ENHANCE_YOUR_CALM"), bench.log);
        assertTrue(bench.peer().ended);
    }

    @Test
    void behindAGoawayWithAnErrorTheBrokerIsLeftAloneForAWhile() {
        bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.ENHANCE_YOUR_CALM);
        bench.run(SECOND / 20);
        assertEquals(Refusal.FAILED, bench.call().refusal());
        bench.run(SECOND / 10);
        bench.connected();
        assertEquals(2, bench.peers.size());
    }

    @Test
    void aBrokerThatSendsEverybodyAwayIsTriedLessAndLessOften() {
        bench.maker = () -> new Peer() {
            @Override
            public void onOpen(wireleap.tun.upstream.SimLink opened) {
                super.onOpen(opened);
                numbers(Frame.GOAWAY, 0, 0, 0, ErrorCode.NO_ERROR);
            }
        };
        assertDialsAMinute();
    }

    @Test
    void aBrokerThatBreaksTheRulesIsTriedLessAndLessOften() {
        bench.maker = () -> new Peer() {
            @Override
            public void onOpen(wireleap.tun.upstream.SimLink opened) {
                super.onOpen(opened);
                send(Frame.PING, 0, 1, new byte[8]);
            }
        };
        assertDialsAMinute();
    }

    private void assertDialsAMinute() {
        int refused = 0;
        for (int i = 0; i < 600; i++) {
            Caller caller = bench.call();
            bench.run(SECOND / 10);
            refused += caller.connected == 0 ? 1 : 0;
        }
        assertTrue(bench.peers.size() >= 12 && bench.peers.size() <= 19, bench.peers.size() + " dials in a minute");
        assertEquals(bench.peers.size(), bench.log.stream().filter(line -> line.startsWith("lost ")).count());
        assertTrue(refused > 550, refused + " refused");
    }

    @Test
    void whatWasSentLastArrivesBeforeAConnectionThatWasToldToGoIsClosed() {
        bench.net.buffers(4 << 10);
        Caller caller = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.NO_ERROR);
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, true, "bye");
        bench.run(SECOND);
        bench.peer().link.serverStall(true);
        caller.say(new byte[40_000]);
        caller.finish();
        caller.stream.close();
        bench.run(SECOND / 10);
        bench.peer().link.serverStall(false);
        bench.run(SECOND);
        assertEquals("40000 true 0", bench.peer().data(1).length + " " + bench.peer().sawEnd(1) + " "
                + bench.peer().goaway());
        assertTrue(bench.peer().ended);
    }

    @Test
    void aPeerThatNeverReadsTheLastWordsIsNotWaitedFor() {
        bench.net.buffers(4 << 10);
        Caller caller = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.NO_ERROR);
        bench.run(SECOND);
        bench.peer().link.serverStall(true);
        caller.say(new byte[40_000]);
        caller.stream.reset();
        bench.run(SECOND / 2);
        int before = bench.net.openLinks();
        bench.run(SECOND);
        assertEquals("1 0", before + " " + bench.net.openLinks());
    }

    @Test
    void theReasonReachesAPeerWhoseLastFramesAreNotReadAnyMore() {
        bench.connected();
        bench.peer().send(Frame.PING, 0, 1, new byte[8]);
        for (int i = 0; i < 100; i++) {
            bench.peer().send(Frame.PING, 0, 0, new byte[8]);
        }
        bench.run(2 * SECOND);
        assertEquals(ErrorCode.PROTOCOL_ERROR, bench.peer().goaway());
        assertTrue(bench.peer().ended);
    }

    @Test
    void aGoawayResetsTheStreamsThatItDoesNotCover() {
        Caller covered = bench.connected();
        Caller lost = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.NO_ERROR);
        bench.run(SECOND);
        assertEquals("1 " + SocketError.RESET, covered.end + " " + lost.end);
    }

    @Test
    void windowsGivenBackInSmallPiecesAreNoFlood() {
        bench.maker = () -> new Peer() {
            @Override
            void on(Got got) {
                super.on(got);
                if (got.type() == Frame.DATA) {
                    for (int left = got.payload().length; left > 0; left -= 1024) {
                        widen(0, Math.min(left, 1024));
                        widen(got.stream(), Math.min(left, 1024));
                    }
                }
            }
        };
        Caller caller = bench.connected();
        caller.say(new byte[4 << 20]);
        bench.run(SECOND);
        assertEquals("0 bytes left, 8192 updates", caller.unsent() + " bytes left, "
                + bench.peer().data(1).length / 512 + " updates");
    }

    @Test
    void aByteAtATimeBothWaysIsNoFlood() {
        bench.maker = () -> new H2cTest.EchoPeer();
        Caller caller = bench.connected();
        for (int i = 0; i < 5000; i++) {
            caller.say("x");
            bench.run(SECOND / 10_000);
        }
        bench.run(SECOND);
        assertEquals("5000 1", caller.heard().length + " " + caller.end);
    }

    @Test
    void aHeaderTableThatShrinksAndGrowsBetweenTwoRequestsIsSaidToHaveShrunk() {
        bench.connected();
        bench.peer().settings(1, 0);
        bench.peer().settings(1, 4096);
        bench.run(SECOND);
        bench.connected();
        // RFC 7541 section 4.2: the smallest must be told
        assertEquals(0x20, bench.peer().all(Frame.HEADERS).getLast().payload()[0]);
    }

    @Test
    void aHeaderTableThatShrinksAndGrowsInOneFrameIsSaidToHaveShrunk() {
        bench.connected();
        bench.peer().settings(1, 100, 1, 1 << 20);
        bench.run(SECOND);
        bench.connected();
        byte[] block = bench.peer().all(Frame.HEADERS).getLast().payload();
        // RFC 7541 sections 5.1 and 6.3: 001, then 100 with a prefix of five bits: 31 + 69
        assertArrayEquals(Peer.hex("3f 45"), Arrays.copyOf(block, 2));
    }

    @Test
    void aHeaderTableThatStaysIsNotMentionedAgain() {
        bench.connected();
        bench.peer().settings(1, 0);
        bench.run(SECOND);
        bench.connected();
        bench.peer().settings(1, 0);
        bench.run(SECOND);
        bench.connected();
        assertNotEquals(0x20, bench.peer().all(Frame.HEADERS).getLast().payload()[0] & 0xe0);
    }

    @Test
    void aTableOfThePeersThatShrinksForgets() {
        Caller caller = bench.connected();
        // literal with indexing "x: y"; in the next block, behind a size update to 0, that entry: section 4.3
        bench.peer().send(Frame.HEADERS, Frame.END_HEADERS, 1, Peer.hex("88 40 01 78 01 79"));
        bench.peer().send(Frame.HEADERS, Frame.END_HEADERS | Frame.END_STREAM, 1, Peer.hex("20 be"));
        bench.run(SECOND);
        assertEquals(ErrorCode.COMPRESSION_ERROR, bench.peer().goaway());
        assertEquals(SocketError.RESET, caller.end);
    }

    @Test
    void aHeaderTableOfNoSizeIsKeptTo() {
        bench.maker = () -> {
            Peer peer = new Peer();
            peer.settings = new int[] {1, 0};
            return peer;
        };
        bench.connected();
        // RFC 7541 section 6.3: a size update to 0 comes first
        assertEquals(0x20, bench.peer().all(Frame.HEADERS).getFirst().payload()[0]);
    }

    static List<Arguments> floods() {
        return List.of(
                flood("PING", peer -> peer.send(Frame.PING, 0, 0, new byte[8])),
                flood("answers to PING", peer -> peer.send(Frame.PING, Frame.ACK, 0, new byte[8])),
                flood("SETTINGS", peer -> peer.settings(0x7777, 1)),
                flood("RST_STREAM of closed streams", peer -> peer.numbers(Frame.RST_STREAM, 0, 3, 0)),
                flood("PRIORITY", peer -> peer.send(Frame.PRIORITY, 0, 1, new byte[5])),
                flood("empty DATA", peer -> peer.data(1, false, "")),
                flood("DATA of padding alone", peer -> peer.send(Frame.DATA, Frame.PADDED, 1, (byte) 0)),
                flood("WINDOW_UPDATE of the connection", peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 0, 1)),
                flood("WINDOW_UPDATE of a stream", peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 1, 1)),
                flood("unknown frames", peer -> peer.send(0x99, 0, 0)),
                flood("informational responses", peer -> peer.headers(1, false, ":status: 100")),
                flood("WINDOW_UPDATE of closed streams", peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 3, 1)));
    }

    private static Arguments flood(String name, Consumer<Peer> what) {
        return Arguments.of(name, (Consumer<Peer>) peer -> {
            if (name.contains("DATA")) {
                peer.headers(1, false, ":status: 200");
            }
            for (int i = 0; i < 3000; i++) {
                what.accept(peer);
            }
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("floods")
    void aFloodEndsTheConnectionAndResetsItsFlows(String name, Consumer<Peer> what) {
        Caller caller = bench.connected();
        bench.connected().stream.reset();
        Caller other = bench.connected();
        what.accept(bench.peer());
        bench.run(SECOND / 2);
        assertEquals(ErrorCode.ENHANCE_YOUR_CALM, bench.peer().goaway());
        assertEquals(SocketError.RESET, other.end);
        assertTrue(caller.end <= 0);
        assertEquals(1, bench.log.stream().filter(line -> line.startsWith("lost ")).count(), bench.log.toString());
    }

    @Test
    void frequentPingsAreNoFlood() {
        Caller caller = bench.connected();
        for (int i = 0; i < 5000; i++) {
            bench.peer().send(Frame.PING, 0, 0, new byte[8]);
            bench.run(SECOND / 500);
        }
        assertEquals(1, caller.end);
    }

    @Test
    void anythingElseThanSettingsFirstIsNoBroker() {
        bench.maker = () -> {
            Peer peer = new Peer() {
                @Override
                public void onOpen(wireleap.tun.upstream.SimLink opened) {
                    link = opened;
                    send(Frame.PING, 0, 0, new byte[8]);
                }
            };
            peer.greets = false;
            return peer;
        };
        bench.call();
        bench.run(SECOND);
        assertEquals(ErrorCode.PROTOCOL_ERROR, bench.peer().goaway());
        assertEquals(List.of("upstream speaks another protocol"), bench.log);
    }
}
