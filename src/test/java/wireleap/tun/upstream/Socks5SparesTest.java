package wireleap.tun.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;

/** Connections that are made in advance: how many, for how long, and that nobody is worse off for them. */
final class Socks5SparesTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE = 20 * SECOND;
    private static final int MOST = 6;
    /** Long enough for any handshake of the simulation. */
    private static final long SHORTLY = SECOND / 10;
    private static final long SERVER = SimNet.v4(192, 0, 2, 1);
    private static final long TARGET = SimNet.v4(198, 51, 100, 7);

    private final SimSocks.Manners manners = new SimSocks.Manners();
    private final Slab slab = new Slab(Arena.ofAuto().allocate(1 << 20));
    private final Counters counters = new Counters();
    private final List<UpstreamStatus> statuses = new ArrayList<>();
    private SimNet net = new SimNet(1);
    private Socks5 socks = socks("");

    Socks5SparesTest() {
        listen();
    }

    private void listen() {
        net.listen(0, SERVER, 1080, () -> new SimSocks(manners));
        net.listen(0, TARGET, 80, SimServer::echo);
    }

    private Socks5 socks(String login) {
        return socks(login, MOST);
    }

    private Socks5 socks(String login, int most) {
        return new Socks5(net, new Socks5Settings(0, SERVER, 1080, login, login, PATIENCE).withSpares(most), slab, counters,
                (status, error) -> statuses.add(status));
    }

    @AfterEach
    void nothingIsLeft() {
        socks.close();
        net.settle();
        assertEquals(0, net.openLinks());
        assertEquals(0, slab.usedBytes());
        assertEquals(Long.MAX_VALUE, socks.deadlineNanos());
    }

    private Recorder dial() {
        Recorder flow = new Recorder();
        flow.stream = socks.open(0, TARGET, 80, flow, net.nowNanos());
        return flow;
    }

    /** Lets time pass, as a loop does. */
    private void pass(long nanos) {
        long end = net.nowNanos() + nanos;
        while (Math.min(net.nextNanos(), socks.deadlineNanos()) <= end) {
            net.advanceTo(Math.max(net.nowNanos(), Math.min(net.nextNanos(), socks.deadlineNanos())));
            if (socks.deadlineNanos() <= net.nowNanos()) {
                socks.onTimer(net.nowNanos());
            }
        }
        net.advanceTo(end);
    }

    /** A flow from its beginning to its end; shortly after there are the spares that it left. */
    private void useOnce() {
        Recorder flow = dial();
        pass(SHORTLY);
        assertEquals(1, flow.connected);
        flow.stream.close();
        pass(SHORTLY);
    }

    /** Leaves one spare connection. */
    private void makeOne() {
        useOnce();
        useOnce();
        assertEquals(1, net.openLinks());
    }

    @Test
    void nothingIsKeptForALoneDial() {
        useOnce();
        assertEquals(1, net.madeLinks());
    }

    @Test
    void nothingIsKeptForDialsThatAreFarBetween() {
        for (int i = 0; i < 5; i++) {
            useOnce();
            pass(Socks5Spares.KEPT_NANOS);
        }
        assertEquals(5, net.madeLinks());
    }

    @Test
    void secondDialLeavesASpare() {
        makeOne();
        assertEquals(3, net.madeLinks());
    }

    @Test
    void spareIsUsedByTheNextDial() {
        makeOne();
        Recorder flow = dial().saying("hello");
        assertEquals(3, net.madeLinks());
        pass(SHORTLY);
        assertEquals("hello", flow.heard());
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_USED));
        flow.stream.close();
    }

    @Test
    void requestOnASpareGoesOutAtOnce() {
        makeOne();
        manners.port = 0;
        Recorder flow = dial();
        net.settle(); // nobody but the server moves: no turn of the loop, no timer
        assertEquals(80, manners.port);
        flow.stream.close();
    }

    @Test
    void spareAlsoServesAnAssociation() {
        makeOne();
        manners.boundAddress = new byte[] {1, 10, 0, 0, 1, 4, 56};
        boolean[] opened = {false};
        DatagramSession session = socks.datagrams(false, new DatagramOwner() {
            @Override
            public void onOpened(long nowNanos) {
                opened[0] = true;
            }

            @Override
            public void onEnded(long nowNanos) {
            }

            @Override
            public void onReady(int events, long nowNanos) {
            }
        }, net.nowNanos());
        assertEquals(3, net.madeLinks());
        pass(SHORTLY);
        assertTrue(opened[0]);
        session.close();
    }

    @Test
    void loginIsDoneInAdvance() {
        manners.user = "me";
        manners.password = "me";
        socks.close();
        socks = socks("me");
        makeOne();
        manners.user = "from now on somebody else";
        Recorder flow = dial().saying("hello");
        pass(SHORTLY);
        assertEquals("hello", flow.heard());
        flow.stream.close();
    }

    @Test
    void spareThatNobodyNeedsIsClosed() {
        makeOne();
        pass(Socks5Spares.KEPT_NANOS);
        assertEquals(0, net.openLinks());
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_UNUSED));
        assertEquals(Long.MAX_VALUE, socks.deadlineNanos());
    }

    @Test
    void spareThatNobodyNeedsIsNotReplaced() {
        makeOne();
        pass(3 * Socks5Spares.KEPT_NANOS);
        assertEquals(3, net.madeLinks());
    }

    @Test
    void manyDialsLeaveNoMoreThanTheMost() {
        List<Recorder> flows = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            for (int j = 0; j < 20; j++) {
                flows.add(dial());
            }
            pass(SHORTLY);
        }
        assertEquals(flows.size() + MOST, net.openLinks());
        flows.forEach(flow -> flow.stream.close());
    }

    @Test
    void noneAreMadeWhereNoneMayBe() {
        socks.close();
        socks = socks("", 0);
        for (int i = 0; i < 10; i++) {
            useOnce();
        }
        assertEquals(10, net.madeLinks());
    }

    @Test
    void steadyDialsWasteNone() {
        for (int i = 0; i < 100; i++) {
            useOnce();
            pass(SECOND / 2);
        }
        assertEquals(0, counters.value(Counter.UPSTREAM_SPARES_UNUSED));
        assertTrue(counters.value(Counter.UPSTREAM_SPARES_USED) >= 97);
    }

    @Test
    void deadSpareIsReplacedAndTheFlowKnowsNothing() {
        makeOne();
        manners.requestsReset = 1;
        Recorder flow = dial().saying("hello");
        pass(SHORTLY);
        assertEquals(0, flow.refused);
        assertEquals("hello", flow.heard());
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_LOST));
        flow.stream.close();
    }

    @Test
    void connectionThatReplacesADeadSpareIsNotReplaced() {
        makeOne();
        manners.requestsReset = 2;
        Recorder flow = dial();
        net.settle();
        assertEquals(Refusal.FAILED, flow.stream.refusal());
        assertEquals(4, net.madeLinks());
        flow.stream.close();
    }

    @Test
    void deadServerBehindADeadSpareIsUnreachable() {
        makeOne();
        manners.requestsReset = 1;
        net.fail(0, SERVER, 1080, SocketError.REFUSED);
        Recorder flow = dial();
        pass(SHORTLY);
        assertEquals(Refusal.FAILED, flow.stream.refusal());
        assertEquals(List.of(UpstreamStatus.UP, UpstreamStatus.UNREACHABLE), statuses);
        flow.stream.close();
    }

    @Test
    void socketThatCannotBeMadeInPlaceOfADeadSpareIsARefusal() {
        makeOne();
        manners.requestsReset = 1;
        net.exhausted(true);
        Recorder flow = dial();
        pass(SHORTLY);
        assertEquals(1, flow.refused);
        assertEquals(Refusal.FAILED, flow.stream.refusal());
        flow.stream.close();
        net.exhausted(false);
    }

    @Test
    void refusalOnASpareIsARefusal() {
        makeOne();
        manners.reply = 5;
        Recorder flow = dial();
        pass(SHORTLY);
        assertEquals(Refusal.REFUSED, flow.stream.refusal());
        assertEquals(0, counters.value(Counter.UPSTREAM_SPARES_LOST));
        flow.stream.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void replyThatIsCutShortIsARefusal(int bytes) {
        makeOne();
        manners.closesAfter = 2 + bytes;
        Recorder flow = dial();
        pass(SHORTLY);
        assertEquals(1, flow.refused);
        assertEquals(0, counters.value(Counter.UPSTREAM_SPARES_LOST));
        flow.stream.close();
    }

    @Test
    void silenceOnASpareLastsAsLongAsThePatience() {
        makeOne();
        manners.fallsSilentAfter = 2;
        Recorder flow = dial();
        pass(PATIENCE - 1);
        assertEquals(0, flow.refused);
        pass(1);
        assertEquals(Refusal.TIMED_OUT, flow.stream.refusal());
        flow.stream.close();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void serverThatClosesSparesIsSparedThemForAWhile(boolean resets) {
        manners.patienceNanos = SECOND / 2;
        manners.resets = resets;
        makeOne();
        pass(SECOND);
        assertEquals(0, net.openLinks());
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_LOST));
        int made = net.madeLinks();
        useOnce();
        useOnce();
        assertEquals(made + 2, net.madeLinks());
        pass(Socks5Spares.PAUSE_NANOS);
        makeOne();
    }

    @Test
    void serverThatRefusesByClosingGoesOnGettingSpares() {
        makeOne();
        manners.requestsClosed = 2;
        Recorder flow = dial();
        pass(SHORTLY);
        assertEquals(Refusal.FAILED, flow.stream.refusal());
        flow.stream.close();
        pass(2 * Socks5Spares.KEPT_NANOS);
        makeOne();
    }

    @Test
    void spareThatGoesWithTheHostsAddressIsNotTheServersFault() {
        makeOne();
        useOnce();
        manners.newest.loseAddress();
        pass(2 * Socks5Spares.KEPT_NANOS);
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_LOST));
        makeOne();
    }

    @Test
    void serverThatTakesNoFurtherConnectionsIsNeitherTroubledNorCalledUnreachable() {
        useOnce();
        Recorder flow = dial();
        net.settle();
        net.fail(0, SERVER, 1080, SocketError.REFUSED);
        pass(SHORTLY);
        assertEquals(1, flow.connected);
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_LOST));
        assertEquals(List.of(UpstreamStatus.UP), statuses);
        flow.stream.close();
    }

    @Test
    void nothingIsMadeWithoutDescriptors() {
        useOnce();
        Recorder flow = dial();
        net.settle();
        net.exhausted(true);
        int made = net.madeLinks();
        pass(SHORTLY);
        assertEquals(made + 1, net.madeLinks());
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_LOST));
        flow.stream.close();
    }

    @Test
    void spareThatIsMadeInTheEndDoesNotHideAFailure() {
        useOnce();
        Recorder flow = dial();
        net.settle();
        socks.onTimer(net.nowNanos());
        net.exhausted(true);
        Recorder other = dial();
        assertEquals(Refusal.FAILED, other.stream.refusal());
        net.settle();
        assertEquals(List.of(UpstreamStatus.UP, UpstreamStatus.UNREACHABLE), statuses);
        net.exhausted(false);
        other.stream.close();
        flow.stream.close();
        Recorder third = dial();
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_USED));
        third.stream.reset();
    }

    @Test
    void serverThatIsSlowToGreetIsSparedThem() {
        useOnce();
        manners.fallsSilentAfter = 0;
        Recorder flow = dial();
        net.settle();
        pass(Socks5Spares.KEPT_NANOS + SHORTLY);
        assertEquals(1, counters.value(Counter.UPSTREAM_SPARES_LOST));
        assertEquals(List.of(UpstreamStatus.UP), statuses);
        flow.stream.reset();
    }

    @Test
    void serverThatIsDownGetsNoSpares() {
        useOnce();
        net.fail(0, SERVER, 1080, SocketError.REFUSED);
        for (int i = 0; i < 10; i++) {
            Recorder flow = dial();
            net.settle();
            pass(SHORTLY);
            assertEquals(Refusal.FAILED, flow.stream.refusal());
            flow.stream.close();
        }
        assertEquals(11, net.madeLinks());
    }

    @Test
    void sparesGoWithTheUpstream() {
        makeOne();
        socks.close();
        assertEquals(0, net.openLinks());
        socks = socks("");
    }

    @Test
    void whatFollowsTheReplyOnASpareIsNotLost() {
        makeOne();
        manners.glued = "early ".getBytes();
        Recorder flow = dial().saying("hello");
        pass(SHORTLY);
        assertEquals("early hello", flow.heard());
        flow.stream.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void partialSendsAndNeedlessAgainsChangeNothing(long seed) {
        net = new SimNet(seed).moody(2).buffers(3);
        socks.close();
        socks = socks("");
        listen();
        for (int i = 0; i < 20; i++) {
            Recorder flow = dial().saying("something longer than a buffer");
            pass(SHORTLY);
            assertEquals("something longer than a buffer", flow.heard());
            flow.stream.close();
        }
        assertTrue(counters.value(Counter.UPSTREAM_SPARES_USED) > 10);
    }

    @Test
    void streamThatIsResetBeforeTheReplyTakesItsConnectionAlong() {
        makeOne();
        Recorder flow = dial();
        assertNotNull(flow.stream);
        flow.stream.reset();
        pass(2 * Socks5Spares.KEPT_NANOS);
        assertEquals(0, flow.connected + flow.refused);
        assertEquals(0, net.openLinks());
    }
}
