package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.h2.Bench.SECOND;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Gauge;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.UpstreamStatus;

/** One flow, as BROKER.md has it. */
class H2cTest {
    private final Bench bench = new Bench();

    @Test
    void aFlowIsARequestWithTheBrokersHeaders() {
        bench.connected();
        assertEquals(List.of(":method: PUT", ":scheme: http", ":authority: 192.0.2.1:13490", ":path: /broker",
                        "wl-forwarder: tun", "wl-dial-protocol: tcp", "wl-dial-target: 198.51.100.7:80"),
                bench.peer().headers(bench.peer().all(Frame.HEADERS).getFirst()));
    }

    @Test
    void aTargetOfIpv6StandsInBrackets() {
        Caller caller = new Caller();
        caller.stream = bench.h2.open(0x2001_0db8_0000_0000L, 1, 443, caller, bench.net.nowNanos());
        bench.run(SECOND);
        assertTrue(bench.peer().headers(bench.peer().all(Frame.HEADERS).getFirst())
                .contains("wl-dial-target: [2001:db8::1]:443"));
    }

    @Test
    void aFlowIsAcceptedBeforeTheBrokerAnswersIt() {
        assertEquals(1, bench.connected().connected);
    }

    @Test
    void aFlowIsNotAcceptedBeforeTheBrokersSettingsHaveCome() {
        bench.maker = () -> {
            Peer silent = new Peer();
            silent.greets = false;
            return silent;
        };
        Caller caller = bench.call();
        bench.run(SECOND);
        assertEquals(0, caller.connected);
    }

    @Test
    void aBrokerThatSaysNothingIsGivenUpAfterTheTimeAllowed() {
        bench.maker = () -> {
            Peer silent = new Peer();
            silent.greets = false;
            return silent;
        };
        Caller caller = bench.call();
        bench.run(21 * SECOND);
        assertEquals(Refusal.TIMED_OUT, caller.refusal());
    }

    @Test
    void whatTheFlowSaysIsTheRequestsBody() {
        bench.connected().say("hello");
        bench.run(SECOND);
        assertEquals("hello", new String(bench.peer().data(1), StandardCharsets.UTF_8));
    }

    @Test
    void theAnswersBodyIsWhatTheFlowHears() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "good ");
        bench.peer().data(1, true, "day");
        bench.run(SECOND);
        assertEquals("good day 0", caller.text() + " " + caller.end);
    }

    @Test
    void anEndWithoutAByteIsATargetThatCouldNotBeDialled() {
        Caller caller = bench.connected();
        bench.peer().headers(1, true, ":status: 200");
        bench.run(SECOND);
        assertEquals(SocketError.RESET, caller.end);
        assertEquals(1, bench.count(Counter.UPSTREAM_STREAMS_EMPTY));
    }

    @Test
    void anEndWithoutAByteBehindOurOwnIsClean() {
        Caller caller = bench.connected();
        caller.say("all there is");
        caller.finish();
        bench.run(6 * SECOND);
        bench.peer().headers(1, true, ":status: 200");
        bench.run(SECOND);
        assertEquals(0, caller.end);
    }

    @Test
    void anEndWithoutAByteThatTheStatusConfirmsIsClean() {
        Caller caller = bench.connected();
        bench.peer().headers(1, true, ":status: 200", "wl-status: {\"code\":200}");
        bench.run(SECOND);
        assertEquals(0, caller.end);
    }

    @Test
    void anEndWithoutAByteOfATargetThatTookSomeIsClean() {
        Caller caller = bench.connected();
        caller.say("an upload");
        bench.run(SECOND);
        bench.peer().widen(1, 9);
        bench.peer().headers(1, true, ":status: 200");
        bench.run(SECOND);
        assertEquals(0, caller.end);
    }

    @Test
    void anErrorTrailerResetsTheFlowBehindWhatCame() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "half");
        bench.peer().headers(1, true, "wl-status: {\"code\":502,\"description\":\"circuit is broken\"}");
        bench.run(SECOND);
        assertEquals("half " + SocketError.RESET, caller.text() + " " + caller.end);
        assertTrue(bench.log.contains("stream {\"code\":502,\"description\":\"circuit is broken\"}"), bench.log.toString());
        assertEquals(1, bench.count(Counter.UPSTREAM_STREAMS_FAILED));
    }

    @Test
    void anErrorInTheHeadersResetsTheFlow() {
        Caller caller = bench.connected();
        bench.peer().headers(1, true, ":status: 200", "wl-status: {\"code\":403}");
        bench.run(SECOND);
        assertEquals(SocketError.RESET, caller.end);
    }

    @Test
    void aTrailerThatSaysAllWentWellIsAnEnd() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "whole");
        bench.peer().headers(1, true, "wl-status: {\"code\" : 200, \"description\":\"OK\"}");
        bench.run(SECOND);
        assertEquals("whole 0", caller.text() + " " + caller.end);
    }

    @Test
    void anotherHttpStatusResetsTheFlow() {
        Caller caller = bench.connected();
        bench.peer().headers(1, true, ":status: 404");
        bench.run(SECOND);
        assertEquals(SocketError.RESET, caller.end);
        assertTrue(bench.log.contains("stream HTTP status 404"), bench.log.toString());
    }

    @Test
    void aStreamThatTheBrokerResetsResetsTheFlow() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().numbers(Frame.RST_STREAM, 0, 1, ErrorCode.INTERNAL_ERROR);
        bench.run(SECOND);
        assertEquals(SocketError.RESET, caller.end);
    }

    @Test
    void aResetBehindTheWholeAnswerOnlyStopsWhatIsSaid() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, true, "whole");
        bench.peer().numbers(Frame.RST_STREAM, 0, 1, ErrorCode.NO_ERROR);
        bench.run(SECOND);
        caller.say("more");
        assertEquals("0 " + SocketError.RESET, caller.end + " " + caller.writeError);
    }

    @Test
    void aFlowThatIsResetResetsItsStream() {
        Caller caller = bench.connected();
        caller.stream.reset();
        bench.run(SECOND);
        assertEquals(ErrorCode.CANCEL, bench.peer().all(Frame.RST_STREAM, 1).getFirst().number(0));
    }

    @Test
    void theEndOfTheStreamWaitsUntilTheTargetIsSilent() {
        Caller caller = bench.connected();
        caller.finish();
        bench.run(4 * SECOND);
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "not yet");
        bench.run(4 * SECOND);
        assertFalse(bench.peer().sawEnd(1));
        bench.run(2 * SECOND);
        assertTrue(bench.peer().sawEnd(1));
    }

    @Test
    void theEndOfTheStreamComesAtOnceIfThatIsWanted() {
        Bench hasty = new Bench(1, 0, 16 << 20);
        hasty.connected().finish();
        hasty.run(SECOND / 10);
        assertTrue(hasty.peer().sawEnd(1));
    }

    @Test
    void aFlowThatEndedBothWaysEndsItsStreamAtOnce() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, true, "bye");
        caller.finish();
        bench.run(SECOND / 10);
        caller.stream.close();
        bench.run(SECOND / 10);
        assertTrue(bench.peer().sawEnd(1));
        assertEquals(0, bench.peer().all(Frame.RST_STREAM).size());
    }

    @Test
    void withoutABrokerAFlowIsRefused() {
        bench.net.fail(0, Bench.BROKER, Bench.PORT, SocketError.REFUSED);
        Caller caller = bench.call();
        bench.run(SECOND);
        assertEquals("1 FAILED", caller.refused + " " + caller.refusal());
        assertEquals(UpstreamStatus.UNREACHABLE, bench.h2.status());
        assertEquals(1, bench.count(Counter.UPSTREAM_CONNECTIONS_FAILED));
    }

    @Test
    void whileTheBrokerIsLeftAloneFlowsAreRefusedAtOnce() {
        bench.net.fail(0, Bench.BROKER, Bench.PORT, SocketError.REFUSED);
        bench.call();
        bench.run(SECOND / 20);
        assertEquals(Refusal.FAILED, bench.call().refusal());
    }

    @Test
    void aBrokerThatComesIsFoundWithinFiveSeconds() {
        bench.net.fail(0, Bench.BROKER, Bench.PORT, SocketError.REFUSED);
        for (int i = 0; i < 20; i++) {
            bench.call();
            bench.run(SECOND);
        }
        bench.net.fail(0, Bench.BROKER, Bench.PORT, 0);
        bench.run(5 * SECOND);
        bench.connected();
        assertEquals(UpstreamStatus.UP, bench.h2.status());
    }

    @Test
    void anAbsentBrokerIsTriedLessAndLessOften() {
        bench.net.fail(0, Bench.BROKER, Bench.PORT, SocketError.REFUSED);
        int before = bench.net.madeLinks();
        for (int i = 0; i < 600; i++) {
            bench.call();
            bench.run(SECOND / 10);
        }
        int dials = bench.net.madeLinks() - before;
        assertTrue(dials >= 12 && dials <= 19, dials + " dials in a minute");
    }

    @Test
    void theLossOfTheConnectionResetsItsFlowsBehindWhatCame() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "half");
        bench.run(SECOND);
        bench.peer().link.serverReset();
        bench.run(SECOND);
        assertEquals("half " + SocketError.RESET, caller.text() + " " + caller.end);
        assertEquals("lost 1: connection reset", bench.log.getLast());
    }

    @Test
    void aLostConnectionIsDialledAnewByTheNextFlow() {
        bench.connected();
        bench.peer().link.serverReset();
        bench.run(SECOND);
        bench.connected();
        assertEquals(2, bench.peers.size());
    }

    @Test
    void aServerOfAnotherProtocolIsToldApart() {
        bench.maker = () -> new Peer() {
            @Override
            public void onBytes(wireleap.tun.upstream.SimLink from, byte[] bytes) {
                from.serverSend("HTTP/1.1 400 Bad Request\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
                from.serverFinish();
            }

            @Override
            public void onOpen(wireleap.tun.upstream.SimLink opened) {
                link = opened;
            }
        };
        bench.call();
        bench.run(SECOND);
        assertEquals(UpstreamStatus.WRONG_PROTOCOL, bench.h2.status());
    }

    @Test
    void aMebibyteArrivesUnchangedBothWays() {
        bench.net.moody(7);
        byte[] bytes = new byte[1 << 20];
        new java.util.Random(5).nextBytes(bytes);
        bench.maker = () -> new EchoPeer();
        Caller caller = bench.connected();
        caller.say(bytes);
        bench.run(60 * SECOND);
        assertArrayEquals(bytes, caller.heard());
    }

    @Test
    void aFlowThatResetsWhenItIsToldOfBytesHarmsNothing() {
        Caller caller = bench.connected();
        caller.resets = true;
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "x");
        bench.run(SECOND);
        assertEquals(Bench.NOTHING, bench.leftAfterClose());
    }

    @Test
    void theConnectionsAreShownAsTheyComeAndGo() {
        bench.connected();
        long one = bench.counters.value(Gauge.UPSTREAM_CONNECTIONS);
        bench.peer().link.serverReset();
        bench.run(SECOND);
        assertEquals("1 0", one + " " + bench.counters.value(Gauge.UPSTREAM_CONNECTIONS));
    }

    @Test
    void noConnectionIsShownWhenItIsClosed() {
        bench.connected();
        bench.h2.close();
        assertEquals(0, bench.counters.value(Gauge.UPSTREAM_CONNECTIONS));
    }

    @Test
    void whatIsNotDiscardedIsPeekedAtAgain() {
        Caller caller = bench.connected();
        caller.discards = false;
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, "0123456789");
        bench.run(SECOND);
        caller.stream.discard(3);
        caller.stream.peekFrom(2);
        byte[] again = new byte[5];
        caller.stream.peek(java.lang.foreign.MemorySegment.ofArray(again), 0, 5);
        assertEquals("56789", new String(again, StandardCharsets.US_ASCII));
    }

    @Test
    void nothingIsLeftWhenItIsClosed() {
        Caller caller = bench.connected();
        bench.peer().headers(1, false, ":status: 200");
        bench.peer().data(1, false, new byte[10_000]);
        bench.run(SECOND);
        caller.stream.reset();
        assertEquals(Bench.NOTHING, bench.leftAfterClose());
    }

    /** Sends every byte back, and takes and gives windows as a server does. */
    static final class EchoPeer extends Peer {
        private final java.util.Map<Integer, Long> towardsClient = new java.util.HashMap<>();
        private final java.util.Map<Integer, byte[]> unsent = new java.util.HashMap<>();

        @Override
        void on(Got got) {
            super.on(got);
            int id = got.stream();
            if (got.type() == Frame.HEADERS) {
                headers(id, false, ":status: 200");
                towardsClient.put(id, (long) Connection.FIRST_STREAM_WINDOW);
                unsent.put(id, new byte[0]);
            } else if (got.type() == Frame.DATA && got.payload().length > 0) {
                widen(0, got.payload().length);
                widen(id, got.payload().length);
                unsent.merge(id, got.payload(), Peer::join);
            } else if (got.type() == Frame.WINDOW_UPDATE && id != 0) {
                towardsClient.merge(id, (long) got.number(0), Long::sum);
            }
            if (unsent.containsKey(id)) {
                byte[] bytes = unsent.get(id);
                int may = (int) Math.min(bytes.length, towardsClient.get(id));
                for (int done = 0; done < may; done += 16_384) {
                    data(id, false, Arrays.copyOfRange(bytes, done, Math.min(may, done + 16_384)));
                }
                unsent.put(id, Arrays.copyOfRange(bytes, may, bytes.length));
                towardsClient.merge(id, (long) -may, Long::sum);
            }
        }
    }
}
