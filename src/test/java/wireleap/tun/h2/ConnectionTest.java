package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.h2.Bench.SECOND;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
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
    void malformedHeadersResetTheirStreamAlone() {
        Caller bad = bench.connected();
        Caller good = bench.connected();
        bench.peer().headers(1, false, ":status: 200", "Upper: case");
        bench.peer().headers(3, false, ":status: 200");
        bench.peer().data(3, true, "body");
        bench.run(SECOND);
        assertEquals(SocketError.RESET + " body", bad.end + " " + good.text());
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
    void aGoawayResetsTheStreamsThatItDoesNotCover() {
        Caller covered = bench.connected();
        Caller lost = bench.connected();
        bench.peer().numbers(Frame.GOAWAY, 0, 0, 1, ErrorCode.NO_ERROR);
        bench.run(SECOND);
        assertEquals("1 " + SocketError.RESET, covered.end + " " + lost.end);
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
                flood("unknown frames", peer -> peer.send(0x99, 0, 0)),
                flood("informational responses", peer -> peer.headers(1, false, ":status: 100")),
                flood("WINDOW_UPDATE of closed streams", peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 3, 1)));
    }

    private static Arguments breach(String name, int code, Consumer<Peer> what) {
        return Arguments.of(name, code, what);
    }

    private static Arguments flood(String name, Consumer<Peer> what) {
        return Arguments.of("a flood of " + name, ErrorCode.ENHANCE_YOUR_CALM, (Consumer<Peer>) peer -> {
            if (name.equals("empty DATA")) {
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
