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
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;

/** Frame by frame: what RFC 9113 asks of a client, and what it asks it not to take. */
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
    void anEmptyFrameOfPaddingAloneEndsTheStream() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "x");
        bench.peer().send(Frame.DATA, Frame.PADDED | Frame.END_STREAM, 1, Peer.hex("03 000000"));
        bench.run(SECOND);
        assertEquals("x 0", caller.text() + " " + caller.end);
    }

    @Test
    void headersMayHavePaddingPriorityAndContinuations() {
        Caller caller = bench.connected();
        byte[] block = bench.peer().block(":status: 200", "date: today");
        byte[] first = Peer.join(Peer.join(Peer.hex("02 00000000 10"), Arrays.copyOf(block, 1)), new byte[2]);
        bench.peer().send(Frame.HEADERS, Frame.PADDED | Frame.HAS_PRIORITY, 1, first);
        bench.peer().send(Frame.CONTINUATION, 0, 1, block[1]);
        bench.peer().send(Frame.CONTINUATION, Frame.END_HEADERS, 1, Arrays.copyOfRange(block, 2, block.length));
        bench.peer().data(1, true, "body");
        bench.run(SECOND);
        assertEquals("body", caller.text());
    }

    @Test
    void informationalResponsesArePassedOver() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 103");
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, true, "body");
        bench.run(SECOND);
        assertEquals("body", caller.text());
    }

    @Test
    void unknownFramesAreIgnored() {
        Caller caller = bench.connected();
        bench.peer().send(0xbe, 0xff, 1, new byte[50_000]);
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, true, "body");
        bench.run(SECOND);
        assertEquals("body", caller.text());
    }

    @Test
    void unknownSettingsAreIgnored() {
        bench.connected();
        bench.peer().settings(0x7777, 5);
        bench.run(SECOND);
        assertEquals(-1, bench.peer().goaway());
    }

    @Test
    void framesOfAStreamThatWeHaveResetAreIgnored() {
        Caller caller = bench.connected();
        bench.connected();
        caller.stream.reset();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "late");
        bench.peer().widen(1, 10);
        bench.peer().numbers(Frame.RST_STREAM, 0, 1, ErrorCode.CANCEL);
        bench.run(SECOND);
        assertEquals(-1, bench.peer().goaway());
    }

    @Test
    void trailersWithoutAnEndResetTheirStream() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().headers(1, false, "wl-status: {\"code\":200}");
        bench.run(SECOND);
        assertEquals(SocketError.RESET, caller.end);
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
    void sizeUpdatesOfThePeersTableAreTaken() {
        Caller caller = bench.connected();
        // RFC 7541 section 6.3: to 0, to 4096; then :status 200 of the static table
        bench.peer().send(Frame.HEADERS, Frame.END_HEADERS, 1, Peer.hex("20 3f e1 1f 88"));
        bench.peer().data(1, true, "body");
        bench.run(SECOND);
        assertEquals("body 0", caller.text() + " " + caller.end);
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

    static List<Arguments> malformedAnswers() {
        return List.of(
                malformed("a name in upper case", peer -> peer.headers(1, false, ":status: 200", "Upper: case")),
                malformed("a name with a blank", peer -> peer.headers(1, false, ":status: 200", "a b: c")),
                malformed("keep-alive", peer -> peer.headers(1, false, ":status: 200", "keep-alive: 5")),
                malformed("proxy-connection", peer -> peer.headers(1, false, ":status: 200", "proxy-connection: x")),
                malformed("upgrade", peer -> peer.headers(1, false, ":status: 200", "upgrade: h2c")),
                malformed("a value with an end of line", peer -> peer.headers(1, false, ":status: 200", "a: b\r\nc: d")),
                malformed("a value with NUL", peer -> peer.headers(1, false, ":status: 200", "a: b\0")),
                malformed("a value that begins with a blank", peer -> peer.headers(1, false, ":status: 200", "a:  b")),
                malformed("a value that ends with a tab", peer -> peer.headers(1, false, ":status: 200", "a: b\t")),
                malformed("no status", peer -> peer.headers(1, false, "a: b")),
                malformed("two states", peer -> peer.headers(1, false, ":status: 200", ":status: 200")),
                malformed("a status behind headers", peer -> peer.headers(1, false, "a: b", ":status: 200")),
                malformed("a content-length that is none", peer -> peer.headers(1, false, ":status: 200",
                        "content-length: 1x")),
                malformed("two content-lengths", peer -> peer.headers(1, false, ":status: 200", "content-length: 1",
                        "content-length: 2")),
                malformed("a body beyond its content-length", peer -> {
                    peer.headers(1, false, ":status: 200", "content-length: 4");
                    peer.data(1, false, "four");
                    peer.data(1, false, "!");
                }),
                malformed("a body cut short", peer -> {
                    peer.headers(1, false, ":status: 200", "content-length: 4");
                    peer.data(1, true, "fou");
                }),
                malformed("a body cut short by trailers", peer -> {
                    peer.headers(1, false, ":status: 200", "content-length: 4");
                    peer.data(1, false, "fou");
                    peer.headers(1, true, "wl-status: {\"code\":200}");
                }),
                malformed("a body that is not there", peer -> peer.headers(1, true, ":status: 200", "content-length: 4")));
    }

    private static Arguments malformed(String name, Consumer<Peer> what) {
        return Arguments.of(name, what);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("malformedAnswers")
    void aMalformedAnswerIsAnErrorOfItsStreamAlone(String name, Consumer<Peer> what) {
        Caller bad = bench.connected();
        Caller good = bench.connected();
        what.accept(bench.peer());
        bench.peer().headers(3, false, ":status: 200", "content-length: 4");
        bench.peer().data(3, true, "body");
        bench.run(SECOND);
        assertEquals(SocketError.RESET + ", body 0", bad.end + ", " + good.text() + " " + good.end);
        assertEquals(ErrorCode.PROTOCOL_ERROR, bench.peer().all(Frame.RST_STREAM, 1).getFirst().number(0));
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

    static List<Arguments> breaches() {
        return List.of(
                breach("DATA beyond the stream's window", ErrorCode.FLOW_CONTROL_ERROR, peer -> {
                    peer.headers(1, false, ":status: 200");
                    peer.data(1, false, new byte[16_385]);
                }),
                breach("DATA before HEADERS", ErrorCode.PROTOCOL_ERROR, peer -> peer.data(1, false, "x")),
                breach("DATA of the connection", ErrorCode.PROTOCOL_ERROR, peer -> peer.data(0, false, "x")),
                breach("DATA of a stream never opened", ErrorCode.PROTOCOL_ERROR, peer -> peer.data(99, false, "x")),
                breach("DATA of a stream of the server", ErrorCode.PROTOCOL_ERROR, peer -> peer.data(2, false, "x")),
                breach("DATA behind the end", ErrorCode.STREAM_CLOSED, peer -> {
                    peer.headers(1, false, ":status: 200");
                    peer.data(1, true, "x");
                    peer.data(1, false, "x");
                }),
                breach("HEADERS behind the end", ErrorCode.STREAM_CLOSED, peer -> {
                    peer.headers(1, false, ":status: 200");
                    peer.data(1, true, "x");
                    peer.headers(1, true, "late: yes");
                }),
                breach("padding beyond the frame", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.send(Frame.DATA, Frame.PADDED, 1, Peer.hex("05 00000000"))),
                breach("a padded frame without its length", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.send(Frame.DATA, Frame.PADDED, 1)),
                breach("padding beyond the HEADERS", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.send(Frame.HEADERS, Frame.PADDED, 1, Peer.hex("05 00"))),
                breach("a frame that is too long", ErrorCode.FRAME_SIZE_ERROR,
                        peer -> peer.send(Frame.DATA, 0, 1, new byte[65_537])),
                breach("a window of the connection that is too wide", ErrorCode.FLOW_CONTROL_ERROR,
                        peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 0, Integer.MAX_VALUE)),
                breach("a window of the connection widened by nothing", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 0, 0)),
                breach("WINDOW_UPDATE of another size", ErrorCode.FRAME_SIZE_ERROR,
                        peer -> peer.send(Frame.WINDOW_UPDATE, 0, 0, new byte[3])),
                breach("streams' windows made too wide", ErrorCode.FLOW_CONTROL_ERROR, peer -> {
                    peer.numbers(Frame.WINDOW_UPDATE, 0, 1, 65_535);
                    peer.settings(4, Integer.MAX_VALUE);
                }),
                breach("an initial window above 2^31-1", ErrorCode.FLOW_CONTROL_ERROR, peer -> peer.settings(4, -1)),
                breach("a maximal frame that is too small", ErrorCode.PROTOCOL_ERROR, peer -> peer.settings(5, 16_383)),
                breach("a maximal frame that is too large", ErrorCode.PROTOCOL_ERROR, peer -> peer.settings(5, 1 << 24)),
                breach("push enabled by a server", ErrorCode.PROTOCOL_ERROR, peer -> peer.settings(2, 1)),
                breach("SETTINGS of another size", ErrorCode.FRAME_SIZE_ERROR,
                        peer -> peer.send(Frame.SETTINGS, 0, 0, new byte[5])),
                breach("an acknowledgement with settings", ErrorCode.FRAME_SIZE_ERROR,
                        peer -> peer.send(Frame.SETTINGS, Frame.ACK, 0, new byte[6])),
                breach("SETTINGS of a stream", ErrorCode.PROTOCOL_ERROR, peer -> peer.send(Frame.SETTINGS, 0, 1)),
                breach("PING of another size", ErrorCode.FRAME_SIZE_ERROR, peer -> peer.send(Frame.PING, 0, 0, new byte[7])),
                breach("PING of a stream", ErrorCode.PROTOCOL_ERROR, peer -> peer.send(Frame.PING, 0, 1, new byte[8])),
                breach("a short GOAWAY", ErrorCode.FRAME_SIZE_ERROR, peer -> peer.send(Frame.GOAWAY, 0, 0, new byte[7])),
                breach("GOAWAY of a stream", ErrorCode.PROTOCOL_ERROR, peer -> peer.send(Frame.GOAWAY, 0, 1, new byte[8])),
                breach("RST_STREAM of another size", ErrorCode.FRAME_SIZE_ERROR,
                        peer -> peer.send(Frame.RST_STREAM, 0, 1, new byte[5])),
                breach("RST_STREAM of the connection", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.numbers(Frame.RST_STREAM, 0, 0, 0)),
                breach("PRIORITY of another size", ErrorCode.FRAME_SIZE_ERROR,
                        peer -> peer.send(Frame.PRIORITY, 0, 1, new byte[4])),
                breach("PRIORITY of the connection", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.send(Frame.PRIORITY, 0, 0, new byte[5])),
                breach("a push", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.send(Frame.PUSH_PROMISE, Frame.END_HEADERS, 1, Peer.hex("00000002 88"))),
                breach("a header block cut by another frame", ErrorCode.PROTOCOL_ERROR, peer -> {
                    peer.send(Frame.HEADERS, 0, 1, Peer.hex("88"));
                    peer.send(Frame.PING, 0, 0, new byte[8]);
                }),
                breach("a header block cut by DATA", ErrorCode.PROTOCOL_ERROR, peer -> {
                    peer.send(Frame.HEADERS, 0, 1, Peer.hex("88"));
                    peer.data(1, false, "x");
                }),
                breach("a header block continued for another stream", ErrorCode.PROTOCOL_ERROR, peer -> {
                    peer.send(Frame.HEADERS, 0, 1, Peer.hex("88"));
                    peer.send(Frame.CONTINUATION, Frame.END_HEADERS, 3, Peer.hex("88"));
                }),
                breach("CONTINUATION of nothing", ErrorCode.PROTOCOL_ERROR,
                        peer -> peer.send(Frame.CONTINUATION, Frame.END_HEADERS, 1, Peer.hex("88"))),
                breach("a header block that is none", ErrorCode.COMPRESSION_ERROR,
                        peer -> peer.send(Frame.HEADERS, Frame.END_HEADERS, 1, Peer.hex("ff ff ff ff ff ff ff ff"))),
                breach("a table larger than we allow", ErrorCode.COMPRESSION_ERROR, // 4097
                        peer -> peer.send(Frame.HEADERS, Frame.END_HEADERS, 1, Peer.hex("3f e2 1f 88"))),
                breach("a header block that never ends", ErrorCode.ENHANCE_YOUR_CALM, peer -> {
                    peer.send(Frame.HEADERS, 0, 1, Peer.hex("88"));
                    for (int i = 0; i < 3; i++) {
                        peer.send(Frame.CONTINUATION, 0, 1, new byte[16_000]);
                    }
                }),
                breach("a header bomb", ErrorCode.COMPRESSION_ERROR, peer -> {
                    byte[] bomb = peer.block(":status: 200", "x: " + "y".repeat(3000));
                    byte[] again = new byte[8000];
                    Arrays.fill(again, (byte) 0xbe); // the first of the dynamic table, 8,000 times
                    peer.send(Frame.HEADERS, Frame.END_HEADERS, 1, Peer.join(bomb, again));
                }),
                breach("HEADERS that are too long", ErrorCode.ENHANCE_YOUR_CALM,
                        peer -> peer.send(Frame.HEADERS, Frame.END_HEADERS, 1, new byte[20_000])),
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

    private static Arguments breach(String name, int code, Consumer<Peer> what) {
        return Arguments.of(name, code, what);
    }

    private static Arguments flood(String name, Consumer<Peer> what) {
        return Arguments.of("a flood of " + name, ErrorCode.ENHANCE_YOUR_CALM, (Consumer<Peer>) peer -> {
            if (name.contains("DATA")) {
                peer.headers(1, false, ":status: 200");
            }
            for (int i = 0; i < 3000; i++) {
                what.accept(peer);
            }
        });
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("breaches")
    void aBreachEndsTheConnectionAndResetsItsFlows(String name, int code, Consumer<Peer> what) {
        Caller caller = bench.connected();
        bench.connected().stream.reset();
        Caller other = bench.connected();
        what.accept(bench.peer());
        bench.run(SECOND / 2);
        assertEquals(code, bench.peer().goaway());
        assertEquals(SocketError.RESET, other.end);
        assertTrue(caller.end <= 0);
        assertEquals(1, bench.log.stream().filter(line -> line.startsWith("lost ")).count(), bench.log.toString());
    }

    @Test
    void aWindowOfAStreamThatIsTooWideResetsTheStreamAlone() {
        Caller bad = bench.connected();
        Caller good = bench.connected();
        bench.peer().numbers(Frame.WINDOW_UPDATE, 0, 1, Integer.MAX_VALUE);
        bench.run(SECOND);
        assertEquals(SocketError.RESET + " 1", bad.end + " " + good.end);
        assertEquals(ErrorCode.FLOW_CONTROL_ERROR, bench.peer().all(Frame.RST_STREAM, 1).getFirst().number(0));
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
