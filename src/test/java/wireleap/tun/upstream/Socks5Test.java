package wireleap.tun.upstream;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;

/** CONNECT through servers of every kind. */
final class Socks5Test {
    private static final long PATIENCE = 20_000_000_000L;
    private static final long SERVER = SimNet.v4(192, 0, 2, 1);
    private static final long TARGET = SimNet.v4(198, 51, 100, 7);
    private static final long TARGET6_HI = 0x2001_0db8_0000_0000L;

    private final SimNet net = new SimNet(1);
    private final SimSocks.Manners manners = new SimSocks.Manners();
    private final Slab slab = new Slab(Arena.ofAuto().allocate(1 << 20));
    private final Counters counters = new Counters();
    private final List<UpstreamStatus> statuses = new ArrayList<>();
    private Socks5 socks = socks("", "");
    private final Recorder flow = new Recorder();

    Socks5Test() {
        net.listen(0, SERVER, 1080, () -> new SimSocks(manners));
        net.listen(0, TARGET, 80, SimServer::echo);
        net.listen(TARGET6_HI, 1, 80, SimServer::echo);
    }

    @AfterEach
    void nothingIsLeft() {
        socks.close();
        assertEquals(0, net.openLinks());
        assertEquals(0, slab.usedBytes());
        assertEquals(Long.MAX_VALUE, socks.deadlineNanos());
    }

    private Socks5 socks(String user, String password) {
        return new Socks5(net, new Socks5Settings(0, SERVER, 1080, user, password, PATIENCE), slab, counters,
                (status, error) -> statuses.add(status));
    }

    private void useLogin(String user, String password) {
        socks.close();
        socks = socks(user, password);
    }

    private void run() {
        run(0, TARGET);
    }

    private void run(long hi, long lo) {
        flow.stream = socks.open(hi, lo, 80, flow, net.nowNanos());
        net.settle();
        while (socks.deadlineNanos() != Long.MAX_VALUE) {
            net.advanceTo(socks.deadlineNanos());
            socks.onTimer(net.nowNanos());
        }
    }

    private Refusal refusal() {
        Refusal refusal = flow.stream.refusal();
        flow.stream.close();
        net.settle();
        return refusal;
    }

    @Test
    void bytesGoThereAndBack() {
        flow.saying("hello");
        run();
        assertEquals("hello", flow.heard());
        flow.stream.close();
    }

    @Test
    void endOfStreamComesThrough() {
        flow.saying("");
        run();
        assertEquals(0, flow.end);
        flow.stream.close();
    }

    @Test
    void ipv4TargetIsAskedForAsSuch() {
        run();
        assertEquals(List.of(0L, TARGET, 80L), List.of(manners.hi, manners.lo, (long) manners.port));
        flow.stream.reset();
    }

    @Test
    void ipv6TargetIsAskedForAsSuch() {
        run(TARGET6_HI, 1);
        assertEquals(List.of(TARGET6_HI, 1L, 80L), List.of(manners.hi, manners.lo, (long) manners.port));
        flow.stream.reset();
    }

    @Test
    void connectedIsToldOnlyAfterTheReply() {
        manners.fallsSilentAfter = 11;
        run();
        assertEquals(0, flow.connected);
        flow.stream.reset();
    }

    @ParameterizedTest
    @MethodSource("boundAddresses")
    void boundAddressOfAnyTypeIsSkipped(byte[] boundAddress) {
        manners.boundAddress = boundAddress;
        flow.saying("hello");
        run();
        assertEquals("hello", flow.heard());
        flow.stream.close();
    }

    @ParameterizedTest
    @MethodSource("boundAddresses")
    void bytesGluedToTheReplyAreNotLost(byte[] boundAddress) {
        manners.boundAddress = boundAddress;
        manners.glued = "early ".getBytes();
        flow.saying("hello");
        run();
        assertEquals("early hello", flow.heard());
        flow.stream.close();
    }

    static Stream<byte[]> boundAddresses() {
        byte[] v6 = new byte[19];
        v6[0] = 4;
        byte[] longName = new byte[4 + 255];
        longName[0] = 3;
        longName[1] = (byte) 255;
        return Stream.of(new byte[] {1, 10, 0, 0, 1, 4, 56}, v6, new byte[] {3, 0, 0, 0}, new byte[] {3, 1, 'a', 0, 1},
                longName);
    }

    @Test
    void serverThatTricklesIsUnderstood() {
        manners.trickles = true;
        manners.glued = "x".getBytes();
        run();
        assertEquals("x", flow.heard());
        flow.stream.reset();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void partialSendsAndNeedlessAgainsChangeNothing(long seed) {
        SimNet moody = new SimNet(seed).moody(2).buffers(3);
        moody.listen(0, SERVER, 1080, () -> new SimSocks(manners));
        moody.listen(0, TARGET, 80, SimServer::echo);
        manners.user = "somebody";
        manners.password = "a long password";
        Slab other = new Slab(Arena.ofAuto().allocate(1 << 16));
        Socks5 through = new Socks5(moody, new Socks5Settings(0, SERVER, 1080, "somebody", "a long password", PATIENCE),
                other, new Counters(), (status, error) -> { });
        Recorder talk = new Recorder().saying("something longer than a buffer");
        talk.stream = through.open(0, TARGET, 80, talk, moody.nowNanos());
        moody.settle();
        assertEquals("something longer than a buffer", talk.heard());
        talk.stream.close();
        assertEquals(0, moody.openLinks());
    }

    @ParameterizedTest
    @MethodSource("replies")
    void replyBecomesTheRefusalOfThatNameAndIsCountedAsThat(int reply, Refusal expected, Counter counted) {
        manners.reply = reply;
        run();
        assertEquals(expected, refusal());
        assertEquals(1, counters.value(counted));
    }

    static Stream<Arguments> replies() {
        return Stream.of(Arguments.of(1, Refusal.FAILED, Counter.REFUSED_FAILED),
                Arguments.of(2, Refusal.NOT_ALLOWED, Counter.REFUSED_NOT_ALLOWED),
                Arguments.of(3, Refusal.NET_UNREACHABLE, Counter.REFUSED_NET_UNREACHABLE),
                Arguments.of(4, Refusal.HOST_UNREACHABLE, Counter.REFUSED_HOST_UNREACHABLE),
                Arguments.of(5, Refusal.REFUSED, Counter.REFUSED_BY_TARGET),
                Arguments.of(6, Refusal.TTL_EXPIRED, Counter.REFUSED_TTL_EXPIRED),
                Arguments.of(7, Refusal.NOT_SUPPORTED, Counter.REFUSED_NOT_SUPPORTED),
                Arguments.of(8, Refusal.NOT_SUPPORTED, Counter.REFUSED_NOT_SUPPORTED),
                Arguments.of(9, Refusal.FAILED, Counter.REFUSED_FAILED),
                Arguments.of(255, Refusal.FAILED, Counter.REFUSED_FAILED));
    }

    @Test
    void refusalIsTakenFromAReplyThatIsCutShort() {
        manners.reply = 5;
        manners.closesAfter = 4;
        run();
        assertEquals(Refusal.REFUSED, refusal());
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void serverThatClosesMidwayIsARefusal(int bytes) {
        manners.closesAfter = bytes;
        run();
        assertEquals(Refusal.FAILED, refusal());
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void serverThatResetsMidwayIsARefusal(int bytes) {
        manners.closesAfter = bytes;
        manners.resets = true;
        run();
        assertEquals(Refusal.FAILED, refusal());
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void serverThatFallsSilentIsGivenUp(int bytes) {
        manners.fallsSilentAfter = bytes;
        run();
        assertEquals(Refusal.TIMED_OUT, refusal());
        assertEquals(1, counters.value(Counter.REFUSED_TIMED_OUT));
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void refusalIsToldOnce(int bytes) {
        manners.closesAfter = bytes;
        run();
        assertEquals(1, flow.refused);
        refusal();
    }

    static IntStream everyByteOfTheHandshake() {
        return IntStream.rangeClosed(0, 11);
    }

    @Test
    void silenceLastsAsLongAsThePatience() {
        manners.fallsSilentAfter = 0;
        long start = net.nowNanos();
        run();
        assertEquals(start + PATIENCE, net.nowNanos());
        refusal();
    }

    @Test
    void anotherVersionIsNoSocksServer() {
        manners.version = 4;
        run();
        assertEquals(Refusal.FAILED, refusal());
        assertEquals(List.of(UpstreamStatus.WRONG_PROTOCOL), statuses);
    }

    @Test
    void unknownAddressTypeInTheReplyIsRefused() {
        manners.boundAddress = new byte[] {2, 0, 0, 0, 0, 0, 0};
        run();
        assertEquals(Refusal.FAILED, refusal());
    }

    @Test
    void loginIsGivenWhereTheServerWantsIt() {
        useLogin("me", "secret");
        manners.user = "me";
        manners.password = "secret";
        flow.saying("hello");
        run();
        assertEquals("hello", flow.heard());
        flow.stream.close();
    }

    @Test
    void longestLoginFits() {
        useLogin("u".repeat(100), "p".repeat(255));
        manners.user = "u".repeat(100);
        manners.password = "p".repeat(255);
        flow.saying("hello");
        run();
        assertEquals("hello", flow.heard());
        flow.stream.close();
    }

    @Test
    void loginIsNotGivenWhereTheServerDoesNotWantIt() {
        useLogin("me", "secret");
        flow.saying("hello");
        run();
        assertEquals("hello", flow.heard());
        flow.stream.close();
    }

    @Test
    void wrongLoginIsSaidByTheStatus() {
        useLogin("me", "wrong");
        manners.user = "me";
        manners.password = "secret";
        run();
        assertEquals(Refusal.FAILED, refusal());
        assertEquals(List.of(UpstreamStatus.LOGIN_REFUSED), statuses);
    }

    @Test
    void serverThatWantsALoginWeDoNotHaveIsSaidByTheStatus() {
        manners.user = "me";
        run();
        assertEquals(Refusal.FAILED, refusal());
        assertEquals(List.of(UpstreamStatus.LOGIN_REFUSED), statuses);
    }

    @Test
    void methodThatWasNotOfferedIsRefused() {
        manners.method = 1;
        run();
        assertEquals(Refusal.FAILED, refusal());
    }

    @Test
    void serverThatRefusesIsUnreachable() {
        net.fail(0, SERVER, 1080, SocketError.REFUSED);
        run();
        assertEquals(Refusal.FAILED, refusal());
        assertEquals(List.of(UpstreamStatus.UNREACHABLE), statuses);
    }

    @Test
    void serverThatNeverAnswersIsUnreachable() {
        net.fail(0, SERVER, 1080, SocketError.AGAIN);
        run();
        assertEquals(Refusal.TIMED_OUT, refusal());
        assertEquals(List.of(UpstreamStatus.UNREACHABLE), statuses);
    }

    @Test
    void socketThatCannotBeMadeIsARefusalAtOnce() {
        net.exhausted(true);
        flow.stream = socks.open(0, TARGET, 80, flow, net.nowNanos());
        assertEquals(Refusal.FAILED, refusal());
        assertEquals(0, flow.refused);
    }

    @Test
    void statusIsToldWhenItChangesOnly() {
        for (int i = 0; i < 3; i++) {
            run();
            flow.stream.reset();
        }
        net.fail(0, SERVER, 1080, SocketError.REFUSED);
        for (int i = 0; i < 3; i++) {
            run();
            flow.stream.close();
        }
        assertEquals(List.of(UpstreamStatus.UP, UpstreamStatus.UNREACHABLE), statuses);
    }

    @Test
    void silentTargetDoesNotMakeTheServerUnreachable() {
        manners.fallsSilentAfter = 2;
        run();
        assertEquals(Refusal.TIMED_OUT, refusal());
        assertEquals(List.of(UpstreamStatus.UP), statuses);
    }

    @Test
    void nothingIsToldAfterAReset() {
        flow.stream = socks.open(0, TARGET, 80, flow, net.nowNanos());
        flow.stream.reset();
        net.settle();
        assertEquals(0, flow.connected + flow.refused);
    }

    @Test
    void readingBeforeItIsConnectedIsNotNow() {
        flow.stream = socks.open(0, TARGET, 80, flow, net.nowNanos());
        assertEquals(SocketError.AGAIN, flow.stream.read(slab.memory(), 0, 1));
        flow.stream.reset();
        net.settle();
    }

    @Test
    void passwordIsNotInTheText() {
        assertFalse(new Socks5Settings(0, SERVER, 1080, "me", "secret", PATIENCE).toString().contains("secret"));
    }

    @Test
    void passwordThatIsTooLongIsSaid() {
        IllegalArgumentException wrong = assertThrows(IllegalArgumentException.class,
                () -> new Socks5Settings(0, SERVER, 1080, "me", "\u00e4".repeat(128), PATIENCE));
        assertTrue(wrong.getMessage().contains("255 bytes"));
    }
}
