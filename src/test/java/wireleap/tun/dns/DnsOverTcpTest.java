package wireleap.tun.dns;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.dns.DnsWorld.Answer;
import wireleap.tun.mem.Counter;
import wireleap.tun.upstream.SimLink;
import wireleap.tun.upstream.SimNet;
import wireleap.tun.upstream.SimServer;
import wireleap.tun.upstream.SocketError;

/** Queries that are carried over TCP, and what comes back. */
final class DnsOverTcpTest {
    private static final long SECOND = DnsWorld.SECOND;
    private static final int SERVFAIL = 2;

    private DnsWorld world = new DnsWorld();

    @AfterEach
    void nothingIsLeft() {
        assertEquals(DnsWorld.NOTHING, world.leftAfterClose());
    }

    private Answer only() {
        assertEquals(1, world.answers.size());
        return world.answers.getFirst();
    }

    private void burst(int count) {
        for (int i = 1; i <= count; i++) {
            world.ask(i);
        }
    }

    /** Each client has the answer to its own question, once. */
    private void assertAllAnswered(int count) {
        for (Answer answer : world.answers) {
            byte[] query = Messages.query(answer.clientPort(), Nameserver.name(answer.clientPort()));
            assertArrayEquals(Messages.answer(query, world.server.dataBytes), answer.message());
        }
        assertEquals(IntStream.rangeClosed(1, count).boxed().toList(),
                world.answers.stream().map(Answer::clientPort).sorted().toList());
    }

    @Test
    void theAnswerIsTheServersWithTheClientsId() {
        byte[] query = Messages.query(0xabcd, "example.org");
        world.askAndRun(query);
        assertArrayEquals(Messages.answer(query, 4), only().message());
    }

    @Test
    void theAnswerGoesToTheClientFromTheServerThatWasAsked() {
        world.askAndRun(Messages.query(1, "example.org"));
        assertEquals(List.of(DnsWorld.CLIENT, 5000, DnsWorld.SERVER),
                List.of(only().clientLo(), only().clientPort(), only().askedLo()));
    }

    @Test
    void withARedirectAnotherServerIsAsked() {
        world = new DnsWorld(1, new Redirect(0, DnsWorld.SERVER, 5353), 4 << 20);
        world.net.listen(0, DnsWorld.SERVER, 5353, world.server::connection);
        world.ask(5000, DnsWorld.OTHER_SERVER, Messages.query(1, "example.org"));
        world.run(SECOND);
        assertEquals(DnsWorld.OTHER_SERVER, only().askedLo());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aThousandAtOnceAreAnswered(long seed) {
        world = new DnsWorld(seed, Redirect.NONE, 4 << 20);
        world.net.moody(3);
        burst(1000);
        world.run(SECOND);
        assertAllAnswered(1000);
        assertTrue(world.server.connections <= 4, () -> world.server.connections + " connections");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void answersMayComeInAnyOrder(long seed) {
        world = new DnsWorld(seed, Redirect.NONE, 4 << 20);
        world.server.reversesBy = 10;
        burst(40);
        world.run(SECOND);
        assertAllAnswered(40);
    }

    @Test
    void queriesOfATurnGoOutInOneWrite() {
        world.ask(1);
        world.run(SECOND);
        burst(20);
        long before = world.net.madeLinks();
        world.run(SECOND);
        assertEquals(before, world.net.madeLinks());
        assertEquals(21, world.answers.size());
    }

    @Test
    void theConnectionIsUsedAgainAndClosedAfterTenIdleSeconds() {
        for (int i = 1; i <= 5; i++) {
            world.ask(i);
            world.run(9 * SECOND);
        }
        assertEquals(List.of(1, 0), List.of(world.server.connections, world.server.ended));
        world.run(2 * SECOND);
        assertEquals(List.of(1, 0), List.of(world.server.ended, world.server.resets));
        assertEquals(0, world.slab.usedBytes());
    }

    @Test
    void aSilentServerIsAskedOnceMoreThenTheClientGetsServfail() {
        world.server.silentConnections = 99;
        long start = world.net.nowNanos();
        world.askAndRun(Messages.query(7, "example.org", 1232, 0));
        assertEquals(0, world.answers.size());
        world.run(4 * SECOND);
        assertEquals(List.of(7, SERVFAIL, 1, 0, 0, 1), List.of(only().id(), only().code(),
                Messages.u16(only().message(), 4), Messages.u16(only().message(), 6),
                Messages.u16(only().message(), 8), Messages.u16(only().message(), 10)));
        assertEquals(4, (only().atNanos() - start) / SECOND);
        assertEquals(List.of(2, 2), List.of(world.server.connections, world.server.queries.size()));
    }

    @Test
    void silenceOnOneConnectionIsMadeUpForOnAnother() {
        world.server.silentConnections = 1;
        burst(300);
        world.run(3 * SECOND);
        assertAllAnswered(300);
    }

    @Test
    void aQueryThatIsLostIsSentAgainAndTheOthersAreAnswered() {
        world.server.silentQueries = 1;
        burst(20);
        world.run(SECOND);
        assertEquals(19, world.answers.size());
        world.run(2 * SECOND);
        assertAllAnswered(20);
        assertEquals(1, world.count(Counter.DNS_RETRIES));
    }

    @Test
    void aServerThatClosesAfterEachAnswerAnswersAll() {
        world.server.closesAfter = 1;
        burst(40);
        world.run(2 * SECOND);
        assertAllAnswered(40);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5})
    void aServerThatResetsMidWayIsAskedTheRestElsewhere(long seed) {
        world = new DnsWorld(seed, Redirect.NONE, 4 << 20);
        world.server.reversesBy = 5;
        burst(20);
        world.net.after(2_000_000, now -> world.server.links.forEach(link -> link.serverReset()));
        world.run(4 * SECOND);
        assertAllAnswered(20);
    }

    @Test
    void aServerThatRefusesIsServfailAtOnce() {
        world.net.fail(0, DnsWorld.SERVER, 53, SocketError.REFUSED);
        long start = world.net.nowNanos();
        world.askAndRun(Messages.query(7, "example.org"));
        assertEquals(SERVFAIL, only().code());
        assertTrue(only().atNanos() - start < SECOND / 10);
        assertEquals(2, world.count(Counter.DNS_STREAMS_OPENED));
    }

    @Test
    void socketsThatCannotBeMadeAreServfailAtOnce() {
        world.net.exhausted(true);
        burst(10);
        world.run(SECOND / 10);
        assertEquals(List.of(10L, 10L), List.of(world.answers.stream().filter(a -> a.code() == SERVFAIL).count(),
                world.count(Counter.DNS_FAILURES)));
    }

    @Test
    void socketsThatCannotBeMadeBesideAConnectionThatIsSilentAreServfailInTime() {
        world.server.silentConnections = 1;
        world.ask(1);
        world.run(SECOND);
        world.ask(2);
        world.net.exhausted(true);
        world.run(4 * SECOND);
        assertEquals(List.of(SERVFAIL, SERVFAIL), world.answers.stream().map(Answer::code).toList());
    }

    @Test
    void aServerThatIsNotReachedIsServfailAfterFourSeconds() {
        world.net.fail(0, DnsWorld.SERVER, 53, SocketError.AGAIN);
        burst(500);
        world.run(5 * SECOND);
        assertEquals(500, world.answers.stream().filter(answer -> answer.code() == SERVFAIL).count());
        assertTrue(world.net.openLinks() <= 8);
    }

    @Test
    void aServerThatClosesAtOnceIsDialledTwiceAndThenServfail() {
        world.server.closesAtOnce = true;
        world.ask(1);
        world.run(5 * SECOND);
        assertEquals(List.of(SERVFAIL), world.answers.stream().map(Answer::code).toList());
        assertEquals(2, world.count(Counter.DNS_STREAMS_OPENED));
    }

    @Test
    void aConnectionThatStandsLateIsUsed() {
        world.net.slow(0, DnsWorld.SERVER, 53, 3 * SECOND);
        world.ask(1);
        world.run(3 * SECOND + SECOND / 10);
        assertAllAnswered(1);
    }

    @Test
    void aQueryIsSentWholeHoweverLittleTheKernelTakesAtOnce() {
        world.net.buffers(20);
        world.ask(1);
        world.run(SECOND);
        assertAllAnswered(1);
    }

    @Test
    void aQueryThatWasSentInPartIsSentWholeElsewhere() {
        world.net.buffers(20);
        world.net.listen(0, DnsWorld.SERVER, 53, () -> {
            SimServer connection = world.server.connection();
            return world.server.connections > 1 ? connection : new SimServer() {
                @Override
                public void onOpen(SimLink link) {
                    link.serverStall(true);
                }

                @Override
                public void onBytes(SimLink link, byte[] bytes) {
                    throw new AssertionError("it is stalled");
                }
            };
        });
        burst(3);
        world.run(3 * SECOND);
        assertAllAnswered(3);
        assertEquals(1, world.net.openLinks());
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 3000, 20_000, 65_000})
    void anAnswerOfAnySizeGoesWholeToWhoTakesIt(int bytes) {
        world.server.dataBytes = bytes;
        byte[] query = Messages.query(1, "example.org", 65_535, 0);
        world.askAndRun(query);
        assertArrayEquals(Messages.answer(query, bytes), only().message());
    }

    @Test
    void anAnswerLargerThanADatagramIsTruncated() {
        world.server.dataBytes = 65_480;
        world.askAndRun(Messages.query(1, "example.org", 65_535, 0));
        assertTrue(only().isTruncated());
        assertEquals(1, world.counters.value(Counter.DNS_ANSWERS_TRUNCATED));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 100, 512, 1232, 4096})
    void anAnswerThatIsTooLargeForTheClientIsTruncatedAndKeepsItsOpt(int udpBytes) {
        world.server.dataBytes = 5000;
        world.askAndRun(Messages.query(9, "example.org", udpBytes, 0));
        byte[] question = Messages.query(9, "example.org");
        assertTrue(only().isTruncated());
        assertEquals(question.length + 11, only().message().length);
        assertArrayEquals(Arrays.copyOfRange(question, 12, question.length),
                Arrays.copyOfRange(only().message(), 12, question.length));
        assertEquals(List.of(9, 1, 0, 0, 1), IntStream.of(0, 4, 6, 8, 10)
                .map(at -> Messages.u16(only().message(), at)).boxed().toList());
    }

    @Test
    void withoutEdnsFiveHundredAndTwelveBytesAreTheMost() {
        byte[] query = Messages.query(1, "example.org");
        world.server.dataBytes = 512 - Messages.answer(query, 0).length;
        world.askAndRun(query);
        assertEquals(512, only().message().length);
        world.answers.clear();
        world.server.dataBytes++;
        world.askAndRun(query);
        assertEquals(List.of(query.length, true), List.of(only().message().length, only().isTruncated()));
    }

    @Test
    void aQueryLargerThanIsKeptSendsTheClientToTcp() {
        world.askAndRun(Messages.query(3, "example.org", 1232, 600));
        assertEquals(List.of(3, true, 0), List.of(only().id(), only().isTruncated(), only().code()));
        assertEquals(0, world.server.connections);
    }

    @Test
    void whatIsNoQueryIsDroppedAndCounted() {
        byte[] query = Messages.query(1, "example.org");
        for (int length = 0; length < query.length; length++) {
            world.askAndRun(Arrays.copyOf(query, length));
        }
        world.askAndRun(Messages.answer(query, 4));
        assertEquals(0, world.answers.size());
        assertEquals(query.length + 1, world.count(Counter.DNS_QUERIES_MALFORMED));
    }

    @Test
    void queriesBeyondTheLimitAreDropped() {
        world.net.fail(0, DnsWorld.SERVER, 53, SocketError.AGAIN);
        burst(DnsOverTcp.MAX_QUERIES + 10);
        assertEquals(DnsOverTcp.MAX_QUERIES, world.dns.outstanding());
        assertEquals(10, world.count(Counter.DNS_QUERIES_DROPPED));
    }

    @Test
    void queriesWithoutMemoryAreDropped() {
        world = new DnsWorld(1, Redirect.NONE, 64 << 10);
        burst(10);
        world.run(SECOND);
        assertEquals(10, world.count(Counter.DNS_QUERIES_DROPPED));
    }

    @Test
    void whereNoMemoryIsLeftForTheAnswerItIsServfail() {
        world = new DnsWorld(1, Redirect.NONE, 512 << 10);
        world.server.dataBytes = 60_000;
        long block = world.slab.allocate(256 << 10);
        world.ask(5000, DnsWorld.SERVER, Messages.query(1, "example.org", 65_535, 0));
        world.net.advanceTo(world.net.nowNanos() + SECOND / 100);
        world.dns.turn(world.net.nowNanos());
        while (world.slab.usedBytes() < world.slab.capacityBytes()) {
            world.slab.allocate(4096);
        }
        world.run(5 * SECOND);
        assertEquals(SERVFAIL, only().code());
        world = new DnsWorld();
        assertTrue(block >= 0);
    }

    @Test
    void manyServersAreAskedOnAsManyConnectionsAsThereMayBe() {
        for (int i = 0; i < 600; i++) {
            world.net.listen(0, DnsWorld.SERVER + 256 + i, 53, world.server::connection);
            world.ask(i + 1, DnsWorld.SERVER + 256 + i, Messages.query(i + 1, Nameserver.name(i + 1)));
            world.run(SECOND / 100);
            assertTrue(world.net.openLinks() <= DnsOverTcp.MAX_STREAMS);
        }
        assertAllAnswered(600);
    }

    @Test
    void connectionsToServersThatAreNotReachedMakeRoomForOthers() {
        for (int i = 0; i < 200; i++) {
            world.net.fail(0, DnsWorld.SERVER + 256 + i, 53, SocketError.AGAIN);
            world.ask(5000, DnsWorld.SERVER + 256 + i, Messages.query(1, "example.org"));
        }
        world.run(5 * SECOND);
        world.answers.clear();
        assertEquals(DnsOverTcp.MAX_STREAMS, world.net.openLinks());
        burst(10);
        world.run(SECOND);
        assertAllAnswered(10);
    }

    @Test
    void anAnswerToAnotherQuestionIsNotTaken() {
        world.net.listen(0, DnsWorld.OTHER_SERVER, 53, () -> (link, bytes) -> {
            byte[] query = Arrays.copyOfRange(bytes, 2, bytes.length);
            byte[] wrong = query.clone();
            wrong[14] ^= 1;
            link.serverSend(Messages.framed(Messages.answer(wrong, 9)));
            link.serverSend(Messages.framed(query));
            link.serverSend(Messages.framed(Messages.answer(query, 4)));
            link.serverSend(Messages.framed(Messages.answer(query, 4)));
        });
        byte[] query = Messages.query(1, "example.org");
        world.ask(5000, DnsWorld.OTHER_SERVER, query);
        world.run(SECOND);
        assertArrayEquals(Messages.answer(query, 4), only().message());
        assertEquals(3, world.count(Counter.DNS_ANSWERS_UNMATCHED));
    }

    @Test
    void anErrorWithoutAQuestionIsMatchedByItsId() {
        world.net.listen(0, DnsWorld.OTHER_SERVER, 53, () -> (link, bytes) -> link.serverSend(Messages.framed(
                new byte[] {bytes[2], bytes[3], (byte) 0x81, 5, 0, 0, 0, 0, 0, 0, 0, 0})));
        world.ask(5000, DnsWorld.OTHER_SERVER, Messages.query(77, "example.org"));
        world.run(SECOND);
        assertEquals(List.of(77, 5), List.of(only().id(), only().code()));
    }

    @Test
    void anErrorThatComesTwiceAnswersNoLaterQuery() {
        List<byte[]> errors = new ArrayList<>();
        world.net.listen(0, DnsWorld.OTHER_SERVER, 53, () -> (link, bytes) -> {
            errors.add(Messages.framed(new byte[] {bytes[2], bytes[3], (byte) 0x81, 5, 0, 0, 0, 0, 0, 0, 0, 0}));
            link.serverSend(errors.getFirst());
            if (errors.size() > 1) {
                link.serverSend(Messages.framed(Messages.answer(Arrays.copyOfRange(bytes, 2, bytes.length), 4)));
            }
        });
        for (int i = 0; i < 2; i++) {
            world.ask(5000 + i, DnsWorld.OTHER_SERVER, Messages.query(i, "example.org"));
            world.run(SECOND);
        }
        assertEquals(List.of(5, 0), world.answers.stream().map(Answer::code).toList());
    }

    @Test
    void nonsenseEndsTheConnection() {
        world.net.listen(0, DnsWorld.OTHER_SERVER, 53, () -> (link, bytes) ->
                link.serverSend(Messages.framed(new byte[3])));
        world.ask(5000, DnsWorld.OTHER_SERVER, Messages.query(77, "example.org"));
        world.run(SECOND);
        assertEquals(SERVFAIL, only().code());
        assertEquals(0, world.net.openLinks());
    }

    @Test
    void namesAreTheSameInUpperAndLowerCase() {
        world.net.listen(0, DnsWorld.OTHER_SERVER, 53, () -> (link, bytes) -> {
            byte[] query = Messages.query(Messages.u16(bytes, 2), "EXAMPLE.org");
            link.serverSend(Messages.framed(Messages.answer(query, 4)));
        });
        world.ask(5000, DnsWorld.OTHER_SERVER, Messages.query(1, "example.ORG"));
        world.run(SECOND);
        assertEquals(0, only().code());
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whateverServersDoEachQueryHasOneAnswer(long seed) {
        world = new DnsWorld(seed, Redirect.NONE, 8 << 20);
        world.net.moody(4).buffers(700);
        world.server.reversesBy = 1 + (int) seed;
        world.server.closesAfter = 17;
        world.server.silentConnections = (int) seed % 3;
        world.server.dataBytes = 300;
        for (int i = 1; i <= 2000; i++) {
            world.ask(i);
            world.run(world.net.random.nextInt(4) == 0 ? SECOND / 100 : 0);
        }
        world.run(10 * SECOND);
        assertEquals(IntStream.rangeClosed(1, 2000).boxed().toList(),
                world.answers.stream().map(Answer::clientPort).sorted().toList());
        assertEquals(0, world.dns.outstanding());
    }

    @Test
    void anotherNetworkHoldsNothingBack() {
        world.net.fail(0, DnsWorld.OTHER_SERVER, 53, SocketError.AGAIN);
        world.ask(9000, DnsWorld.OTHER_SERVER, Messages.query(1, "example.org"));
        burst(100);
        world.run(SECOND);
        assertAllAnswered(100);
        assertEquals(SimNet.v4(198, 51, 100, 54), DnsWorld.OTHER_SERVER);
    }
}
