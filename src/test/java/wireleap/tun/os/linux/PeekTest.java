package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Poller;
import wireleap.tun.os.SocketSettings;
import wireleap.tun.os.Sys;

/** What the kernel does with streams that are peeked at, as flow's PeekDirection and the simulated network believe it. */
@ParameterizedClass(name = "over {0}")
@ValueSource(strings = {"IPv4", "IPv6"})
class PeekTest {
    private static final int PATTERN = 1 << 20;
    private static final long STREAM = 50L << 20;
    private static final int AT = 100;
    /** Of sys/socket.h; only a test sends urgent data. */
    private static final int MSG_OOB = 1;

    private final long lo;
    private final Arena arena = Arena.ofConfined();
    private final LinuxSockets sockets = new LinuxSockets(arena, SocketSettings.PLAIN);
    private final MemorySegment memory = arena.allocate(PATTERN);
    private final Epoll epoll;
    /** Who sends, and who peeks. */
    private Fd far;
    private Fd near;

    PeekTest(String family) throws ErrnoException {
        lo = family.equals("IPv4") ? SocketPair.LOOPBACK4 : 1;
        epoll = new Epoll(arena, 8);
        assumeTrue(sockets.peeks(lo == 1), "needs a kernel with SO_PEEK_OFF for TCP over " + family);
    }

    @BeforeEach
    void connect() throws ErrnoException {
        try (Fd listener = SocketPair.listener(arena, lo)) {
            near = Fd.of("connect", sockets.connect(0, lo, SocketPair.port(sockets, listener)));
            far = SocketPair.accept(listener);
        }
    }

    @AfterEach
    void close() {
        near.close();
        far.close();
        epoll.close();
        arena.close();
    }

    private void says(String text) {
        MemorySegment bytes = arena.allocateFrom(text);
        assertEquals(text.length(), sockets.send(far.number(), bytes, 0, text.length()));
        await(Poller.READABLE);
    }

    private int await(int interest) {
        epoll.add(near.number(), interest, 1);
        assertEquals(1, epoll.await(SocketPair.PATIENCE_NANOS), "nothing happened");
        epoll.remove(near.number());
        return epoll.events(0);
    }

    /** Waits for what only an end, a failure or urgent data tells. */
    private void awaitNews(int event) {
        int events = 0;
        for (int i = 0; i < 10_000 && (events & event) == 0; i++) {
            events = await(Poller.READABLE);
        }
        assertTrue((events & event) != 0, "events " + events);
    }

    private String peeked(int length) {
        memory.asSlice(AT, length + 1).fill((byte) 0);
        int came = sockets.peek(near.number(), memory, AT, length);
        return came < 0 ? Errno.of(-came).name() : memory.asSlice(AT, came + 1).getString(0);
    }

    private int discard(int length) {
        return sockets.discard(near.number(), length);
    }

    private void rewind(int position) {
        assertEquals(0, sockets.peekFrom(near.number(), position));
    }

    @Test
    void peekingGoesOnWhereItEndedAndComesBackByWhatIsDiscarded() {
        says("0123456789");
        assertEquals("01", peeked(2));
        assertEquals("234", peeked(3));
        assertEquals(5, discard(5));
        assertEquals("5", peeked(1));
        rewind(0);
        assertEquals("56789", peeked(100));
        assertEquals("EAGAIN", peeked(100));
    }

    @Test
    void discardingBeyondWhereThePeekIsTakesItAlong() {
        says("0123456789");
        peeked(10);
        rewind(2);
        discard(5);
        assertEquals("56789", peeked(100));
    }

    @Test
    void receivingLeavesThePeekAtTheFront() {
        says("0123456789");
        assertEquals(4, sockets.recv(near.number(), memory, 0, 4));
        assertEquals("456789", peeked(100));
    }

    @Test
    void endIsFoundBehindTheBytesAgainAndAgain() {
        says("01234");
        sockets.shutdownWrite(far.number());
        awaitNews(Poller.ENDED);
        assertEquals("01234", peeked(100));
        assertEquals("", peeked(100));
        rewind(3);
        assertEquals("34", peeked(100));
        assertEquals(5, discard(100));
        assertEquals("", peeked(100));
    }

    @Test
    void bytesBeforeAResetStayAndTheResetIsToldOnce() {
        says("01234");
        sockets.reset(far.number());
        awaitNews(Poller.FAILED);
        assertEquals("01234", peeked(100));
        assertEquals("ECONNRESET", peeked(100));
        assertEquals("", peeked(100));
        rewind(3);
        assertEquals("34", peeked(100));
        assertEquals(5, discard(100));
    }

    /** Reading shows nothing but the end: the error has to be asked for. */
    @Test
    void resetBehindTheEndIsToldByTheSocketsErrorOnly() {
        sockets.shutdownWrite(far.number());
        awaitNews(Poller.ENDED);
        assertEquals("", peeked(1));
        sockets.reset(far.number());
        awaitNews(Poller.FAILED);
        assertEquals("", peeked(1));
        assertEquals(-Errno.EPIPE.number(), sockets.connectResult(near.number()));
    }

    @Test
    void urgentByteStaysInItsPlaceAndStopsEachCallOnce() {
        says("012");
        MemorySegment urgent = arena.allocateFrom("3");
        assertEquals(1, Sys.send(far.number(), urgent, 0, 1, MSG_OOB));
        says("456");
        awaitNews(Poller.URGENT);
        assertEquals("012", peeked(100));
        assertEquals("3456", peeked(100));
        assertEquals("EAGAIN", peeked(100));
        assertEquals(3, discard(7));
        assertEquals(4, discard(4));
    }

    @Test
    void closingWithEverythingDiscardedIsAnEndAndNoReset() {
        says("01234");
        peeked(100);
        discard(5);
        near.close();
        epoll.add(far.number(), Poller.READABLE, 1);
        assertEquals(1, epoll.await(SocketPair.PATIENCE_NANOS));
        assertEquals(0, sockets.recv(far.number(), memory, 0, 100));
    }

    @Test
    void streamFromAChosenPortCanBePeekedAtToo() throws ErrnoException {
        try (Fd listener = SocketPair.listener(arena, lo)) {
            int port = SocketPair.port(sockets, listener);
            Endpoint local = new Endpoint();
            sockets.local(near.number(), local);
            near.close();
            far.close();
            near = Fd.of("connect", sockets.connectFrom(local.port(), 0, lo, port));
            far = SocketPair.accept(listener);
        }
        says("0123");
        assertEquals("01", peeked(2));
        assertEquals("23", peeked(2));
    }

    @Test
    void withoutTheSettingNothingIsPeekedAt() {
        assertFalse(new LinuxSockets(arena, new SocketSettings(0, 0, 0, 0, 0, false)).peeks(lo == 1));
    }

    /** Any order of peeks, rewinds and discards shows each byte at its place. */
    @Test
    void streamIsTheSameHoweverItIsLookedAt() {
        Random random = new Random(5);
        byte[] bytes = new byte[PATTERN];
        random.nextBytes(bytes);
        MemorySegment pattern = arena.allocate(2L * PATTERN);
        MemorySegment.copy(bytes, 0, pattern, ValueLayout.JAVA_BYTE, 0, PATTERN);
        MemorySegment.copy(bytes, 0, pattern, ValueLayout.JAVA_BYTE, PATTERN, PATTERN);
        long sent = 0;
        long seen = 0;
        long base = 0;
        long at = 0;
        while (base < STREAM) {
            int most = 1 << random.nextInt(19);
            switch (random.nextInt(4)) {
                case 0 -> sent += Math.max(0, sockets.send(far.number(), pattern, sent % PATTERN, most));
                case 1 -> {
                    int came = sockets.peek(near.number(), memory, 0, most);
                    if (came > 0) {
                        long from = at % PATTERN;
                        assertEquals(-1, MemorySegment.mismatch(memory, 0, came, pattern, from, from + came));
                        at += came;
                        seen = Math.max(seen, at);
                    } else {
                        assertEquals(Errno.EAGAIN, Errno.of(-came));
                    }
                }
                case 2 -> {
                    at = base + random.nextLong(seen - base + 1);
                    rewind((int) (at - base));
                }
                default -> {
                    int length = (int) Math.min(most, seen - base);
                    if (length > 0) {
                        assertEquals(length, discard(length));
                        base += length;
                        at = Math.max(at, base);
                    }
                }
            }
        }
    }
}
