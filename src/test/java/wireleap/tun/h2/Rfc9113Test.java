package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.h2.Bench.SECOND;
import static wireleap.tun.h2.ErrorCode.COMPRESSION_ERROR;
import static wireleap.tun.h2.ErrorCode.ENHANCE_YOUR_CALM;
import static wireleap.tun.h2.ErrorCode.FLOW_CONTROL_ERROR;
import static wireleap.tun.h2.ErrorCode.FRAME_SIZE_ERROR;
import static wireleap.tun.h2.ErrorCode.PROTOCOL_ERROR;
import static wireleap.tun.h2.ErrorCode.STREAM_CLOSED;

import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import wireleap.tun.upstream.SocketError;

/**
 * What RFC 9113 and RFC 7541 ask of a client, rule by rule: what a server sends that it must not, or may, and what is
 * to come of it. A sequence of frames is tried on a connection with streams in every state.
 */
class Rfc9113Test {
    // The streams of the connection, by their states.
    private static final int OPEN = 1;
    private static final int OTHER = 3;
    /** Reset by the client. */
    private static final int CLOSED = 5;
    /** Half-closed: the server has ended its answer "whole". */
    private static final int ENDED = 7;
    private static final int IDLE = 99;
    /** Of a server, which may open none. */
    private static final int PUSHED = 2;

    // Settings.
    private static final int HEADER_TABLE_SIZE = 1;
    private static final int ENABLE_PUSH = 2;
    private static final int MAX_CONCURRENT_STREAMS = 3;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final int MAX_FRAME_SIZE = 5;

    private final Bench bench = new Bench();
    private final Caller open = bench.connected();
    private final Caller other = bench.connected();
    private final Caller ended;

    Rfc9113Test() {
        bench.connected().stream.reset();
        ended = bench.connected();
        bench.peer().headers(ENDED, false, ":status: 200");
        bench.peer().data(ENDED, true, "whole");
        bench.run(SECOND / 10);
        bench.peer().frames.clear();
    }

    /** A rule: its section, what the server does, and the code of the error that it leads to. */
    record Rule(String section, String what, int code, Consumer<Peer> act) {
        @Override
        public String toString() {
            return section + " " + what;
        }
    }

    private static Rule rule(String section, String what, int code, Consumer<Peer> act) {
        return new Rule(section, what, code, act);
    }

    private static Rule rule(String section, String what, Consumer<Peer> act) {
        return new Rule(section, what, ErrorCode.NO_ERROR, act);
    }

    private static Rule block(String section, String what, String hex) {
        return rule(section, what, COMPRESSION_ERROR,
                peer -> peer.send(Frame.HEADERS, Frame.END_HEADERS, OPEN, Peer.hex(hex)));
    }

    private static Rule malformed(String section, String what, String... lines) {
        return rule(section, what, PROTOCOL_ERROR, peer -> peer.headers(OPEN, false, lines));
    }

    static final List<Rule> CONNECTION_ERRORS = List.of(
            rule("4.2", "a frame beyond the size announced", FRAME_SIZE_ERROR,
                    peer -> peer.send(Frame.DATA, 0, OPEN, new byte[FrameReader.MAX_BYTES + 1])),
            rule("4.2", "HEADERS larger than any answer's", ENHANCE_YOUR_CALM,
                    peer -> peer.send(Frame.HEADERS, Frame.END_HEADERS, OPEN, new byte[20_000])),
            rule("4.3", "a header block cut by another frame", PROTOCOL_ERROR, peer -> {
                peer.send(Frame.HEADERS, 0, OPEN, Peer.hex("88"));
                peer.send(Frame.PING, 0, 0, new byte[8]);
            }),
            rule("4.3", "a header block cut by DATA", PROTOCOL_ERROR, peer -> {
                peer.send(Frame.HEADERS, 0, OPEN, Peer.hex("88"));
                peer.data(OPEN, false, "x");
            }),
            rule("4.3", "a header block cut by HEADERS of another stream", PROTOCOL_ERROR, peer -> {
                peer.send(Frame.HEADERS, 0, OPEN, Peer.hex("88"));
                peer.send(Frame.HEADERS, Frame.END_HEADERS, OTHER, Peer.hex("88"));
            }),
            block("4.3", "a header block that is none", "ff ff ff ff ff ff ff ff"),
            rule("4.3", "a header block that never ends", ENHANCE_YOUR_CALM, peer -> {
                peer.send(Frame.HEADERS, 0, OPEN, Peer.hex("88"));
                for (int i = 0; i < 3; i++) {
                    peer.send(Frame.CONTINUATION, 0, OPEN, new byte[16_000]);
                }
            }),
            rule("4.3", "a header block that cannot be decoded, of a closed stream", COMPRESSION_ERROR,
                    peer -> peer.send(Frame.HEADERS, Frame.END_HEADERS, CLOSED, Peer.hex("80"))),
            rule("10.5.1", "a header list that grows beyond all measure", COMPRESSION_ERROR, peer -> {
                byte[] bomb = peer.block(":status: 200", "x: " + "y".repeat(3000));
                byte[] again = new byte[8000];
                Arrays.fill(again, (byte) 0xbe); // the first of the dynamic table, 8,000 times
                peer.send(Frame.HEADERS, Frame.END_HEADERS, OPEN, Peer.join(bomb, again));
            }),
            block("7541 2.3.3", "index 0", "80"),
            block("7541 2.3.3", "an index beyond the tables", "c6"),
            block("7541 4.2", "a table size above what was announced", "3f e2 1f"),
            block("7541 5.1", "a number of more than 32 bits", "ff ff ff ff ff ff 0f"),
            block("7541 5.2", "a string longer than its block", "88 00 01 78 7f 79"),
            block("7541 5.2", "Huffman's end of string", "88 00 01 78 84 ff ff ff ff"),
            block("7541 6.2.1", "a field without a name's length", "88 40"),
            rule("5.1", "DATA of an idle stream", PROTOCOL_ERROR, peer -> peer.data(IDLE, false, "x")),
            rule("5.1", "RST_STREAM of an idle stream", PROTOCOL_ERROR,
                    peer -> peer.numbers(Frame.RST_STREAM, 0, IDLE, 0)),
            rule("5.1", "WINDOW_UPDATE of an idle stream", PROTOCOL_ERROR,
                    peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, IDLE, 1)),
            rule("5.1", "HEADERS of an idle stream", PROTOCOL_ERROR, peer -> peer.headers(IDLE, false, ":status: 200")),
            rule("5.1", "DATA behind END_STREAM", STREAM_CLOSED, peer -> peer.data(ENDED, false, "x")),
            rule("5.1", "HEADERS behind END_STREAM", STREAM_CLOSED, peer -> peer.headers(ENDED, true, "late: yes")),
            rule("5.1.1", "DATA of an even stream", PROTOCOL_ERROR, peer -> peer.data(PUSHED, false, "x")),
            rule("5.1.1", "HEADERS of an even stream", PROTOCOL_ERROR,
                    peer -> peer.headers(PUSHED, false, ":status: 200")),
            rule("5.5", "an unknown frame within a header block", PROTOCOL_ERROR, peer -> {
                peer.send(Frame.HEADERS, 0, OPEN, Peer.hex("88"));
                peer.send(0xbe, 0, OPEN);
            }),
            rule("6.1", "DATA of the connection", PROTOCOL_ERROR, peer -> peer.data(0, false, "x")),
            rule("6.1", "padding as long as the frame", PROTOCOL_ERROR,
                    peer -> peer.send(Frame.DATA, Frame.PADDED, OPEN, Peer.hex("05 00000000"))),
            rule("6.1", "a padded frame without its length", PROTOCOL_ERROR,
                    peer -> peer.send(Frame.DATA, Frame.PADDED, OPEN)),
            rule("6.2", "HEADERS of the connection", PROTOCOL_ERROR, peer -> peer.headers(0, false, ":status: 200")),
            rule("6.2", "padding beyond the HEADERS", PROTOCOL_ERROR,
                    peer -> peer.send(Frame.HEADERS, Frame.PADDED, OPEN, Peer.hex("05 00"))),
            rule("6.2", "HEADERS shorter than their priority", PROTOCOL_ERROR,
                    peer -> peer.send(Frame.HEADERS, Frame.HAS_PRIORITY, OPEN, Peer.hex("00000000"))),
            rule("6.3", "PRIORITY of the connection", PROTOCOL_ERROR, peer -> peer.send(Frame.PRIORITY, 0, 0, new byte[5])),
            rule("6.3", "PRIORITY of another size", FRAME_SIZE_ERROR, // a stream's error; section 5.4.1 allows this
                    peer -> peer.send(Frame.PRIORITY, 0, OPEN, new byte[4])),
            rule("6.4", "RST_STREAM of the connection", PROTOCOL_ERROR, peer -> peer.numbers(Frame.RST_STREAM, 0, 0, 0)),
            rule("6.4", "RST_STREAM of another size", FRAME_SIZE_ERROR,
                    peer -> peer.send(Frame.RST_STREAM, 0, OPEN, new byte[5])),
            rule("6.5", "SETTINGS of a stream", PROTOCOL_ERROR, peer -> peer.send(Frame.SETTINGS, 0, OPEN)),
            rule("6.5", "SETTINGS of another size", FRAME_SIZE_ERROR,
                    peer -> peer.send(Frame.SETTINGS, 0, 0, new byte[5])),
            rule("6.5", "an acknowledgement with settings", FRAME_SIZE_ERROR,
                    peer -> peer.send(Frame.SETTINGS, Frame.ACK, 0, new byte[6])),
            rule("6.5.2", "push enabled by a server", PROTOCOL_ERROR, peer -> peer.settings(ENABLE_PUSH, 1)),
            rule("6.5.2", "push neither enabled nor not", PROTOCOL_ERROR, peer -> peer.settings(ENABLE_PUSH, 2)),
            rule("6.5.2", "an initial window above 2^31-1", FLOW_CONTROL_ERROR,
                    peer -> peer.settings(INITIAL_WINDOW_SIZE, -1)),
            rule("6.5.2", "a maximal frame that is too small", PROTOCOL_ERROR,
                    peer -> peer.settings(MAX_FRAME_SIZE, 16_383)),
            rule("6.5.2", "a maximal frame that is too large", PROTOCOL_ERROR,
                    peer -> peer.settings(MAX_FRAME_SIZE, 1 << 24)),
            rule("6.6", "a push that was refused", PROTOCOL_ERROR,
                    peer -> peer.send(Frame.PUSH_PROMISE, Frame.END_HEADERS, OPEN, Peer.hex("00000002 88"))),
            rule("6.7", "PING of a stream", PROTOCOL_ERROR, peer -> peer.send(Frame.PING, 0, OPEN, new byte[8])),
            rule("6.7", "PING of another size", FRAME_SIZE_ERROR, peer -> peer.send(Frame.PING, 0, 0, new byte[7])),
            rule("6.8", "GOAWAY of a stream", PROTOCOL_ERROR, peer -> peer.send(Frame.GOAWAY, 0, OPEN, new byte[8])),
            rule("6.8", "a short GOAWAY", FRAME_SIZE_ERROR, peer -> peer.send(Frame.GOAWAY, 0, 0, new byte[7])),
            rule("6.9", "WINDOW_UPDATE of another size", FRAME_SIZE_ERROR,
                    peer -> peer.send(Frame.WINDOW_UPDATE, 0, OPEN, new byte[3])),
            rule("6.9", "the connection's window widened by nothing", PROTOCOL_ERROR,
                    peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 0, 0)),
            rule("6.9", "DATA beyond the stream's window", FLOW_CONTROL_ERROR, peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.data(OPEN, false, new byte[Connection.FIRST_STREAM_WINDOW + 1]);
            }),
            rule("6.9", "padding beyond the stream's window", FLOW_CONTROL_ERROR, peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.data(OPEN, false, new byte[Connection.FIRST_STREAM_WINDOW / 2 - 8]);
                peer.send(Frame.DATA, Frame.PADDED, OPEN, padded(Connection.FIRST_STREAM_WINDOW / 2 + 9));
            }),
            rule("6.9.1", "a window of the connection above 2^31-1", FLOW_CONTROL_ERROR,
                    peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, 0, Integer.MAX_VALUE)),
            rule("6.9.2", "a stream's window above 2^31-1 by SETTINGS", FLOW_CONTROL_ERROR, peer -> {
                peer.numbers(Frame.WINDOW_UPDATE, 0, OPEN, 65_535);
                peer.settings(INITIAL_WINDOW_SIZE, Integer.MAX_VALUE);
            }),
            rule("6.10", "CONTINUATION of another stream", PROTOCOL_ERROR, peer -> {
                peer.send(Frame.HEADERS, 0, OPEN, Peer.hex("88"));
                peer.send(Frame.CONTINUATION, Frame.END_HEADERS, OTHER, Peer.hex("88"));
            }),
            rule("6.10", "CONTINUATION of the connection", PROTOCOL_ERROR, peer -> {
                peer.send(Frame.HEADERS, 0, OPEN, Peer.hex("88"));
                peer.send(Frame.CONTINUATION, Frame.END_HEADERS, 0, Peer.hex("88"));
            }),
            rule("6.10", "CONTINUATION of nothing", PROTOCOL_ERROR,
                    peer -> peer.send(Frame.CONTINUATION, Frame.END_HEADERS, OPEN, Peer.hex("88"))),
            rule("6.10", "CONTINUATION behind the block's end", PROTOCOL_ERROR, peer -> {
                peer.send(Frame.HEADERS, Frame.END_HEADERS, OPEN, Peer.hex("88"));
                peer.send(Frame.CONTINUATION, Frame.END_HEADERS, OPEN, Peer.hex("88"));
            }),
            rule("8.1", "DATA before HEADERS", PROTOCOL_ERROR, peer -> peer.data(OPEN, false, "x")));

    /** Of the stream OPEN. */
    static final List<Rule> STREAM_ERRORS = List.of(
            rule("6.9", "a stream's window widened by nothing", PROTOCOL_ERROR,
                    peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, OPEN, 0)),
            rule("6.9.1", "a stream's window above 2^31-1", FLOW_CONTROL_ERROR,
                    peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, OPEN, Integer.MAX_VALUE)),
            rule("8.1", "trailers without the end", PROTOCOL_ERROR, peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.headers(OPEN, false, "wl-status: {\"code\":200}");
            }),
            rule("8.1", "an informational response that is the end", PROTOCOL_ERROR,
                    peer -> peer.headers(OPEN, true, ":status: 103")),
            malformed("8.1.1", "a content-length that is none", ":status: 200", "content-length: 1x"),
            malformed("8.1.1", "two content-lengths", ":status: 200", "content-length: 1", "content-length: 2"),
            rule("8.1.1", "more than content-length says", PROTOCOL_ERROR, peer -> {
                peer.headers(OPEN, false, ":status: 200", "content-length: 4");
                peer.data(OPEN, false, "four");
                peer.data(OPEN, false, "!");
            }),
            rule("8.1.1", "less than content-length says", PROTOCOL_ERROR, peer -> {
                peer.headers(OPEN, false, ":status: 200", "content-length: 4");
                peer.data(OPEN, true, "fou");
            }),
            rule("8.1.1", "less than content-length says, and trailers", PROTOCOL_ERROR, peer -> {
                peer.headers(OPEN, false, ":status: 200", "content-length: 4");
                peer.data(OPEN, false, "fou");
                peer.headers(OPEN, true, "wl-status: {\"code\":200}");
            }),
            rule("8.1.1", "nothing where content-length says more", PROTOCOL_ERROR,
                    peer -> peer.headers(OPEN, true, ":status: 200", "content-length: 4")),
            malformed("8.2.1", "a name in upper case", ":status: 200", "Upper: case"),
            malformed("8.2.1", "a name with a blank", ":status: 200", "a b: c"),
            malformed("8.2.1", "a name with a letter beyond ASCII", ":status: 200", "n\u00e4me: c"),
            malformed("8.2.1", "a name with a colon", ":status: 200", "a:b: c"),
            malformed("8.2.1", "a value with an end of line", ":status: 200", "a: b\r\nc: d"),
            malformed("8.2.1", "a value with NUL", ":status: 200", "a: b\0"),
            malformed("8.2.1", "a value that begins with a blank", ":status: 200", "a:  b"),
            malformed("8.2.1", "a value that ends with a tab", ":status: 200", "a: b\t"),
            malformed("8.2.2", "connection", ":status: 200", "connection: close"),
            malformed("8.2.2", "proxy-connection", ":status: 200", "proxy-connection: close"),
            malformed("8.2.2", "keep-alive", ":status: 200", "keep-alive: 5"),
            malformed("8.2.2", "upgrade", ":status: 200", "upgrade: h2c"),
            malformed("8.2.2", "transfer-encoding", ":status: 200", "transfer-encoding: chunked"),
            malformed("8.3", "a pseudo-header behind others", "date: today", ":status: 200"),
            malformed("8.3", "an unknown pseudo-header", ":status: 200", ":reason: fine"),
            malformed("8.3", "a request's pseudo-header", ":status: 200", ":path: /"),
            malformed("8.3", "a pseudo-header twice", ":status: 200", ":status: 200"),
            rule("8.3", "a pseudo-header in trailers", PROTOCOL_ERROR, peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.headers(OPEN, true, ":status: 200");
            }),
            malformed("8.3.2", "no status", "date: today"),
            malformed("8.3.2", "a status that is no number", ":status: abc"),
            malformed("8.3.2", "a status of four digits", ":status: 2000"));

    /** Nothing comes of it. */
    static final List<Rule> IGNORED = List.of(
            rule("4.1", "a frame of an unknown type", peer -> peer.send(0xbe, 0xff, OPEN, new byte[50_000])),
            rule("4.1", "an unknown frame of an idle stream", peer -> peer.send(0xbe, 0, IDLE)),
            rule("4.1", "unknown flags", peer -> peer.send(Frame.PING, 0xfe, 0, new byte[8])),
            rule("4.1", "the reserved bit", peer -> peer.send(Frame.PING, 0, Integer.MIN_VALUE, new byte[8])),
            rule("5.1", "PRIORITY of an idle stream", peer -> peer.send(Frame.PRIORITY, 0, IDLE, new byte[5])),
            rule("5.1", "PRIORITY of a closed stream", peer -> peer.send(Frame.PRIORITY, 0, CLOSED, new byte[5])),
            rule("5.1", "HEADERS of a stream that we have reset", peer -> peer.headers(CLOSED, false, ":status: 200")),
            rule("5.1", "DATA of a stream that we have reset", peer -> peer.data(CLOSED, false, new byte[1000])),
            rule("5.1", "WINDOW_UPDATE of a stream that we have reset",
                    peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, CLOSED, 1)),
            rule("5.1", "RST_STREAM of a stream that we have reset",
                    peer -> peer.numbers(Frame.RST_STREAM, 0, CLOSED, ErrorCode.CANCEL)),
            rule("5.1", "WINDOW_UPDATE behind END_STREAM", peer -> peer.widen(ENDED, 1)),
            rule("5.1", "PRIORITY behind END_STREAM", peer -> peer.send(Frame.PRIORITY, 0, ENDED, new byte[5])),
            rule("5.1", "RST_STREAM behind END_STREAM",
                    peer -> peer.numbers(Frame.RST_STREAM, 0, ENDED, ErrorCode.NO_ERROR)),
            rule("5.5", "an unknown setting", peer -> peer.settings(0x7777, 5)),
            rule("6.1", "an empty frame of an open stream", peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.data(OPEN, false, "");
            }),
            rule("6.3", "PRIORITY", peer -> peer.send(Frame.PRIORITY, 0, OPEN, new byte[5])),
            rule("6.5", "no settings", peer -> peer.settings()),
            rule("6.5", "an acknowledgement too many", peer -> peer.send(Frame.SETTINGS, Frame.ACK, 0)),
            rule("6.5.2", "push refused by a server", peer -> peer.settings(ENABLE_PUSH, 0)),
            rule("6.5.2", "the widest settings", peer -> peer.settings(HEADER_TABLE_SIZE, -1, MAX_CONCURRENT_STREAMS, -1,
                    MAX_FRAME_SIZE, (1 << 24) - 1)),
            rule("6.5.2", "the narrowest settings", peer -> peer.settings(HEADER_TABLE_SIZE, 0, MAX_CONCURRENT_STREAMS, 0,
                    INITIAL_WINDOW_SIZE, 0)),
            rule("6.7", "an answer to no PING", peer -> peer.send(Frame.PING, Frame.ACK, 0, new byte[8])),
            rule("6.8", "a GOAWAY that covers all streams, with words",
                    peer -> peer.send(Frame.GOAWAY, 0, 0, Peer.hex("00000007 00000000 627965"))),
            rule("6.9", "the reserved bit of a widening",
                    peer -> peer.numbers(Frame.WINDOW_UPDATE, 0, OPEN, Integer.MIN_VALUE | 1)),
            rule("8.1", "informational responses", peer -> {
                peer.headers(OPEN, false, ":status: 100");
                peer.headers(OPEN, false, ":status: 103", "link: x");
            }));

    /** All this is an answer of "ok" on the stream OPEN. */
    static final List<Rule> ANSWERS = List.of(
            rule("4.3", "a table that a closed stream's block has filled", peer -> {
                peer.send(Frame.HEADERS, Frame.END_HEADERS, CLOSED, Peer.hex("88 40 01 78 01 79")); // x: y, index 62
                peer.send(Frame.HEADERS, Frame.END_HEADERS, OPEN, Peer.hex("88 be"));
                peer.data(OPEN, true, "ok");
            }),
            rule("6.1", "DATA with padding", peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.send(Frame.DATA, Frame.PADDED, OPEN, Peer.hex("03 6f 000000"));
                peer.send(Frame.DATA, Frame.PADDED | Frame.END_STREAM, OPEN, Peer.hex("00 6b"));
            }),
            rule("6.1", "an end of padding alone", peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.data(OPEN, false, "ok");
                peer.send(Frame.DATA, Frame.PADDED | Frame.END_STREAM, OPEN, Peer.hex("03 000000"));
            }),
            rule("6.2", "HEADERS with padding, a priority that depends on itself, and CONTINUATION", peer -> {
                peer.send(Frame.HEADERS, Frame.PADDED | Frame.HAS_PRIORITY, OPEN, Peer.hex("02 00000001 10 88 0000"));
                peer.send(Frame.CONTINUATION, 0, OPEN);
                peer.send(Frame.CONTINUATION, Frame.END_HEADERS, OPEN, Peer.hex("00 01 78 01 79"));
                peer.data(OPEN, true, "ok");
            }),
            rule("7541 6.3", "a table that shrinks to nothing and grows again", peer -> {
                peer.send(Frame.HEADERS, Frame.END_HEADERS, OPEN, Peer.hex("20 3f e1 1f 88"));
                peer.data(OPEN, true, "ok");
            }),
            rule("8.1.1", "as much as content-length says", peer -> {
                peer.headers(OPEN, false, ":status: 200", "content-length: 2");
                peer.data(OPEN, true, "ok");
            }),
            rule("8.1", "informational responses before", peer -> {
                peer.headers(OPEN, false, ":status: 103");
                peer.headers(OPEN, false, ":status: 200");
                peer.data(OPEN, true, "ok");
            }),
            rule("8.1", "trailers behind", peer -> {
                peer.headers(OPEN, false, ":status: 200");
                peer.data(OPEN, false, "ok");
                peer.headers(OPEN, true, "server-timing: 1");
            }));

    /** A frame's payload of so many bytes, of which all but the first two are padding. */
    private static byte[] padded(int bytes) {
        byte[] payload = new byte[bytes];
        payload[0] = (byte) 0xff;
        return payload;
    }

    private void act(Rule rule) {
        rule.act().accept(bench.peer());
        bench.run(SECOND / 2);
    }

    @ParameterizedTest
    @FieldSource("CONNECTION_ERRORS")
    void isAnErrorOfTheConnection(Rule rule) {
        act(rule);
        assertEquals(rule.code(), bench.peer().goaway());
        assertTrue(bench.peer().ended, "the connection is closed behind GOAWAY: section 5.4.1");
        assertEquals(SocketError.RESET, other.end);
        assertTrue(open.end <= 0);
        assertEquals(1, bench.log.stream().filter(line -> line.startsWith("lost ")).count(), bench.log.toString());
    }

    @ParameterizedTest
    @FieldSource("STREAM_ERRORS")
    void isAnErrorOfTheStreamAlone(Rule rule) {
        act(rule);
        assertEquals(SocketError.RESET, open.end);
        assertEquals(List.of(rule.code()),
                bench.peer().all(Frame.RST_STREAM).stream().map(got -> got.number(0)).toList());
        assertTheOthersLive();
    }

    @ParameterizedTest
    @FieldSource("IGNORED")
    void isIgnored(Rule rule) {
        act(rule);
        assertEquals(1, open.end);
        assertEquals(List.of(), bench.peer().all(Frame.RST_STREAM));
        assertTheOthersLive();
    }

    @ParameterizedTest
    @FieldSource("ANSWERS")
    void isAnAnswer(Rule rule) {
        act(rule);
        assertEquals("ok 0", open.text() + " " + open.end);
        assertTheOthersLive();
    }

    private void assertTheOthersLive() {
        bench.peer().frames.clear();
        bench.peer().send(Frame.PING, 0, 0, Peer.hex("0102030405060708"));
        bench.run(SECOND / 10);
        assertEquals(1, bench.peer().all(Frame.PING).size());
        assertEquals(-1, bench.peer().goaway());
        assertEquals("1 whole 0", other.end + " " + ended.text() + " " + ended.end);
    }
}
