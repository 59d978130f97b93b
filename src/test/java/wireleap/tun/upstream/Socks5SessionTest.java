package wireleap.tun.upstream;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;

/** UDP ASSOCIATE, with relays that are where they say and relays that are not. */
final class Socks5SessionTest {
    private static final long PATIENCE = 20_000_000_000L;
    private static final long SERVER = SimNet.v4(192, 0, 2, 1);
    private static final long RELAY = SimNet.v4(192, 0, 2, 2);
    private static final long TARGET = SimNet.v4(198, 51, 100, 7);
    private static final int RELAY_PORT = 4000;

    private final SimNet net = new SimNet(1);
    private final SimSocks.Manners manners = new SimSocks.Manners();
    private final Slab slab = new Slab(Arena.ofAuto().allocate(1 << 20));
    private final Counters counters = new Counters();
    private final Socks5 socks = new Socks5(net, new Socks5Settings(0, SERVER, 1080, "", "", PATIENCE), slab, counters,
            (status, error) -> { });
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[DatagramSession.RECEIVE_BYTES]);
    private final DatagramMeta meta = new DatagramMeta();
    private final List<String> told = new ArrayList<>();
    private final List<byte[]> relayed = new ArrayList<>();
    private SimDatagramLink client;
    private DatagramSession session;

    private final DatagramOwner owner = new DatagramOwner() {
        @Override
        public void onOpened(long nowNanos) {
            told.add("opened");
        }

        @Override
        public void onEnded(long nowNanos) {
            told.add("ended");
        }

        @Override
        public void onReady(int events, long nowNanos) {
        }
    };

    Socks5SessionTest() {
        net.listen(0, SERVER, 1080, () -> new SimSocks(manners));
        relayIs(RELAY);
        for (long at : new long[] {RELAY, SERVER}) {
            net.listenDatagrams(0, at, RELAY_PORT, (from, to, datagram) -> {
                client = from;
                relayed.add(datagram);
            });
        }
    }

    @AfterEach
    void nothingIsLeft() {
        session.close();
        net.settle();
        socks.close();
        assertEquals(0, net.openLinks());
        assertEquals(0, slab.usedBytes());
        assertEquals(Long.MAX_VALUE, socks.deadlineNanos());
    }

    private void relayIs(long lo) {
        ByteBuffer address = ByteBuffer.allocate(7);
        manners.boundAddress = address.put((byte) 1).putInt((int) lo).putShort((short) RELAY_PORT).array();
    }

    private void open() {
        session = socks.datagrams(false, owner, net.nowNanos());
        net.settle();
        while (socks.deadlineNanos() != Long.MAX_VALUE) {
            net.advanceTo(socks.deadlineNanos());
            socks.onTimer(net.nowNanos());
        }
    }

    private int send(long hi, long lo, String text) {
        byte[] bytes = text.getBytes();
        int sent = session.send(hi, lo, 53, MemorySegment.ofArray(bytes), 0, bytes.length, bytes.length, true);
        net.settle();
        return sent;
    }

    private int answer(long from, byte[] datagram) {
        send(0, TARGET, "x");
        client.deliver(new SimNet.Endpoint(0, from, RELAY_PORT), datagram);
        net.settle();
        return session.recv(meta, buffer, 0, DatagramSession.RECEIVE_BYTES);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }

    @Test
    void requestIsAnAssociationFromAnywhere() {
        open();
        assertEquals(List.of(3, 0L, SimNet.v4(0, 0, 0, 0), 0),
                List.of(manners.command, manners.hi, manners.lo, manners.port));
    }

    @Test
    void openedIsToldOnce() {
        open();
        assertEquals(List.of("opened"), told);
    }

    @Test
    void datagramGoesBehindAnIpv4Header() {
        open();
        assertEquals(2, send(0, TARGET, "hi"));
        assertArrayEquals(bytes(0, 0, 0, 1, 198, 51, 100, 7, 0, 53, 'h', 'i'), relayed.getFirst());
    }

    @Test
    void datagramGoesBehindAnIpv6Header() {
        open();
        send(0x2001_0db8_0000_0000L, 9, "hi");
        assertArrayEquals(bytes(0, 0, 0, 4, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, 0, 53, 'h', 'i'),
                relayed.getFirst());
    }

    @Test
    void emptyDatagramIsCarried() {
        open();
        assertEquals(0, send(0, TARGET, ""));
        assertEquals(10, relayed.getFirst().length);
    }

    @Test
    void answerIsTakenOutOfItsHeader() {
        open();
        assertEquals(3, answer(RELAY, bytes(0, 0, 0, 1, 9, 8, 7, 6, 1, 2, 'a', 'b', 'c')));
        assertEquals(List.of(0L, SimNet.v4(9, 8, 7, 6), 258, 10L),
                List.of(meta.hi(), meta.lo(), meta.port(), meta.offset()));
    }

    @Test
    void emptyAnswerIsADatagram() {
        open();
        assertEquals(0, answer(RELAY, bytes(0, 0, 0, 1, 9, 8, 7, 6, 1, 2)));
    }

    @Test
    void answerFromAnIpv6AddressIsTaken() {
        open();
        byte[] datagram = new byte[23];
        datagram[3] = 4;
        datagram[4] = 0x20;
        datagram[19] = 7;
        assertEquals(1, answer(RELAY, datagram));
        assertEquals(List.of(0x2000_0000_0000_0000L, 7L), List.of(meta.hi(), meta.lo()));
    }

    @ParameterizedTest
    @MethodSource("noAnswers")
    void answerThatIsNoneIsDroppedAndCounted(byte[] datagram) {
        open();
        assertEquals(SocketError.OTHER, answer(RELAY, datagram));
        assertEquals(1, counters.value(Counter.UPSTREAM_BAD_DATAGRAM));
    }

    static Stream<byte[]> noAnswers() {
        byte[] shortIpv6 = new byte[21];
        shortIpv6[3] = 4;
        return Stream.of(bytes(), bytes(0, 0, 0), bytes(0, 0, 0, 1, 9, 8, 7, 6, 1), bytes(0, 1, 0, 1, 9, 8, 7, 6, 1, 2),
                bytes(0, 0, 1, 1, 9, 8, 7, 6, 1, 2), bytes(0, 0, 0, 3, 1, 'a', 0, 53, 'x', 'y', 'z'),
                bytes(0, 0, 0, 7, 9, 8, 7, 6, 1, 2), shortIpv6);
    }

    @Test
    void answersFromElsewhereAreNotTaken() {
        open();
        assertEquals(SocketError.AGAIN, answer(TARGET, bytes(0, 0, 0, 1, 9, 8, 7, 6, 1, 2)));
    }

    @ParameterizedTest
    @MethodSource("nowhere")
    void relayThatIsNowhereIsTheServerItself(byte[] boundAddress) {
        manners.boundAddress = boundAddress;
        open();
        assertEquals(2, send(0, TARGET, "hi"));
        assertEquals(1, relayed.size());
    }

    static Stream<byte[]> nowhere() {
        int high = RELAY_PORT >> 8;
        int low = RELAY_PORT & 0xff;
        byte[] unspecified6 = new byte[19];
        unspecified6[0] = 4;
        unspecified6[17] = (byte) high;
        unspecified6[18] = (byte) low;
        byte[] linkLocal = unspecified6.clone();
        linkLocal[1] = (byte) 0xfe;
        linkLocal[2] = (byte) 0x80;
        return Stream.of(bytes(1, 0, 0, 0, 0, high, low), bytes(1, 127, 0, 0, 1, high, low),
                bytes(1, 10, 1, 2, 3, high, low), bytes(1, 172, 17, 0, 2, high, low),
                bytes(1, 192, 168, 1, 1, high, low), bytes(1, 100, 64, 0, 1, high, low),
                bytes(1, 169, 254, 1, 1, high, low), bytes(1, 224, 0, 0, 1, high, low),
                bytes(1, 255, 255, 255, 255, high, low), bytes(3, 1, 'x', high, low), unspecified6, linkLocal);
    }

    @Test
    void relayToWhichThereIsNoWayIsTheServerItself() {
        net.fail(0, RELAY, RELAY_PORT, SocketError.NET_UNREACHABLE);
        open();
        send(0, TARGET, "hi");
        assertEquals(1, relayed.size());
    }

    @Test
    void relayWithoutAPortIsARefusal() {
        manners.boundAddress = bytes(1, 192, 0, 2, 2, 0, 0);
        open();
        assertEquals(List.of("ended"), told);
    }

    @Test
    void sessionEndsWithItsControlConnection() {
        open();
        manners.control.serverFinish();
        net.settle();
        assertEquals(List.of("opened", "ended"), told);
        assertFalse(session.isOpen());
    }

    @Test
    void sessionEndsWithTheResetOfItsControlConnection() {
        open();
        manners.control.serverReset();
        net.settle();
        assertEquals(Refusal.FAILED, session.refusal());
    }

    @Test
    void talkOnTheControlConnectionIsIgnored() {
        open();
        manners.control.serverSend("noise".getBytes());
        net.settle();
        assertTrue(session.isOpen());
    }

    @Test
    void controlConnectionThatEndsWithTheReplyIsARefusal() {
        manners.closesAfter = 12;
        open();
        assertEquals(List.of(Refusal.FAILED, "ended"), List.of(session.refusal(), told.getLast()));
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void serverThatClosesMidwayEndsTheSessionOnce(int bytes) {
        manners.closesAfter = bytes;
        open();
        assertEquals(List.of("ended"), told);
    }

    @ParameterizedTest
    @MethodSource("everyByteOfTheHandshake")
    void serverThatFallsSilentEndsTheSessionOnce(int bytes) {
        manners.fallsSilentAfter = bytes;
        open();
        assertEquals(List.of(Refusal.TIMED_OUT, "ended"), List.of(session.refusal(), told.getLast()));
    }

    static IntStream everyByteOfTheHandshake() {
        return IntStream.rangeClosed(0, 11);
    }

    @Test
    void serverWithoutDatagramsIsNotAskedAgainForAWhile() {
        manners.reply = 7;
        open();
        assertEquals(Refusal.NOT_SUPPORTED, session.refusal());
        assertFalse(socks.carriesDatagrams(net.nowNanos()));
        assertTrue(socks.carriesDatagrams(net.nowNanos() + 30_000_000_000L));
    }

    @Test
    void refusalForAnotherReasonSaysNothingAboutDatagrams() {
        manners.reply = 1;
        open();
        assertTrue(socks.carriesDatagrams(net.nowNanos()));
    }

    @Test
    void sessionsBeingMadeAreLimited() {
        net.fail(0, SERVER, 1080, SocketError.AGAIN);
        List<DatagramSession> sessions = new ArrayList<>();
        while (socks.carriesDatagrams(net.nowNanos())) {
            sessions.add(socks.datagrams(false, owner, net.nowNanos()));
        }
        assertEquals(256, sessions.size());
        session = sessions.removeLast();
        sessions.forEach(DatagramSession::close);
        assertTrue(socks.carriesDatagrams(net.nowNanos()));
    }

    @Test
    void sendingBeforeItIsOpenIsNotNow() {
        session = socks.datagrams(false, owner, net.nowNanos());
        assertEquals(SocketError.AGAIN, session.send(0, TARGET, 53, buffer, 0, 1, 1, true));
    }

    /** What was relayed without the header of an IPv4 target, and the target's address as the header said. */
    private List<String> unwrapped() {
        return relayed.stream().map(datagram -> datagram[7] + ":" + new String(datagram, 10, datagram.length - 10))
                .sorted().toList();
    }

    @Test
    void eachDatagramOfATrainHasAHeaderOfItsOwn() {
        open();
        assertEquals(7, session.send(0, TARGET, 53, MemorySegment.ofArray("abcdefg".getBytes()), 0, 7, 3, true));
        net.settle();
        assertEquals(List.of("7:abc", "7:def", "7:g"), unwrapped());
    }

    @Test
    void aTrainThatIsTooLongWithItsHeadersIsSentInPart() {
        open();
        byte[] bytes = new byte[65_500];
        int sent = session.send(0, TARGET, 53, MemorySegment.ofArray(bytes), 0, bytes.length, 1000, true);
        net.settle();
        assertEquals(64_000, sent);
        assertEquals(64, relayed.size());
    }

    @Test
    void twoDatagramsThatAreTooLongTogetherGoOneByOne() {
        open();
        byte[] bytes = new byte[65_500];
        assertEquals(40_000, session.send(0, TARGET, 53, MemorySegment.ofArray(bytes), 0, bytes.length, 40_000, true));
        net.settle();
        assertEquals(40_010, relayed.getFirst().length);
    }

    @Test
    void errorsOfTheRelayAreCountedAndSayNothingOfTheTarget() {
        open();
        relayed.clear();
        net.listenDatagrams(0, RELAY, RELAY_PORT, null);
        send(0, TARGET, "x");
        assertEquals(SocketError.AGAIN, session.unreachable(meta));
        assertEquals(1, counters.value(Counter.UPSTREAM_RELAY_UNREACHABLE));
    }

    @Test
    void noiseFromTheRelayNeverThrows() {
        open();
        send(0, TARGET, "x");
        for (int i = 0; i < 20_000; i++) {
            byte[] noise = new byte[net.random.nextInt(40)];
            net.random.nextBytes(noise);
            Arrays.fill(noise, 0, Math.min(noise.length, net.random.nextInt(4)), (byte) 0);
            client.deliver(new SimNet.Endpoint(0, RELAY, RELAY_PORT), noise);
        }
        net.settle();
        int taken = 0;
        while (session.recv(meta, buffer, 0, DatagramSession.RECEIVE_BYTES) != SocketError.AGAIN) {
            taken++;
        }
        assertEquals(20_000, taken);
    }
}
