package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static wireleap.tun.os.linux.SocketPair.LOOPBACK4;
import static wireleap.tun.os.linux.SocketPair.PATIENCE_NANOS;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.DatagramInfo;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Poller;
import wireleap.tun.os.SocketSettings;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.testing.NeedsIpv6;

/** Over loopback, both families: 127.0.0.1 as ::ffff:127.0.0.1, and ::1. */
class LinuxSocketsTest {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory = arena.allocate(256);
    private final LinuxSockets sockets = new LinuxSockets(arena, SocketSettings.PLAIN);
    private final DatagramInfo info = new DatagramInfo();
    private final Endpoint endpoint = info.other();
    private Epoll epoll;

    @BeforeEach
    void open() throws ErrnoException {
        epoll = new Epoll(arena, 8);
        memory.setString(0, "0123456789");
    }

    @AfterEach
    void close() {
        epoll.close();
        arena.close();
    }

    private void await(int fd, int interest) {
        epoll.add(fd, interest, 1);
        assertEquals(1, epoll.await(PATIENCE_NANOS), "nothing happened");
        epoll.remove(fd);
    }

    /** The descriptor, once it is known how connecting went. */
    private int connected(long lo, int port) {
        int fd = sockets.connect(0, lo, port);
        await(fd, Poller.WRITABLE);
        return fd;
    }

    private int freePort(long lo) throws ErrnoException {
        try (Fd listener = SocketPair.listener(arena, lo)) {
            return SocketPair.port(sockets, listener);
        }
    }

    private int recv(int fd) {
        await(fd, Poller.READABLE);
        return sockets.recv(fd, memory, 100, 100);
    }

    /** What holds in either family. */
    abstract class EitherFamily {
        private final long lo;
        private final boolean ipv6;

        EitherFamily(long lo) {
            this.lo = lo;
            this.ipv6 = !Endpoint.isIpv4(0, lo);
        }

        @Test
        void aStreamConnectsAndCarriesBytes() throws ErrnoException {
            try (Fd listener = SocketPair.listener(arena, lo)) {
                int fd = connected(lo, SocketPair.port(sockets, listener));
                assertEquals(0, sockets.connectResult(fd));
                try (Fd other = SocketPair.accept(listener)) {
                    assertEquals(4, sockets.send(fd, memory, 2, 4));
                    assertEquals(4, recv(other.number()));
                    assertEquals("2345", memory.getString(100));
                }
                sockets.close(fd);
            }
        }

        @Test
        void whereNobodyListensIsRefused() throws ErrnoException {
            int fd = connected(lo, freePort(lo));
            assertEquals(Errno.ECONNREFUSED, Errno.of(-sockets.connectResult(fd)));
            sockets.close(fd);
        }

        @Test
        void aDatagramArrivesWholeAndSaysFromWhom() throws ErrnoException {
            try (Fd from = new Fd(sockets.datagrams(ipv6));
                 Fd to = new Fd(sockets.datagrams(ipv6))) {
                int port = SocketPair.port(sockets, to);
                assertEquals(5, sockets.sendTo(from.number(), 0, lo, port, memory, 0, 2, memory, 7, 3));
                await(to.number(), Poller.READABLE);
                assertEquals(5, sockets.recvFrom(to.number(), info, memory, 100, 100));
                assertEquals("01789", memory.getString(100));
                assertEquals(0, endpoint.hi());
                assertEquals(lo, endpoint.lo());
                assertEquals(SocketPair.port(sockets, from), endpoint.port());
            }
        }

        @Test
        void anUndeliveredDatagramTellsWhyAndToWhom() throws ErrnoException {
            int port = freePort(lo);
            try (Fd from = new Fd(sockets.datagrams(ipv6))) {
                sockets.sendTo(from.number(), 0, lo, port, memory, 0, 1, memory, 0, 0);
                await(from.number(), 0);
                assertEquals(Errno.ECONNREFUSED, Errno.of(-sockets.undelivered(from.number(), info)));
                assertEquals(lo, endpoint.lo());
                assertEquals(port, endpoint.port());
                assertEquals(Errno.EAGAIN, Errno.of(-sockets.undelivered(from.number(), info)));
            }
        }

        @Test
        void aTrainIsCutForWhoTakesOneAtATime() throws ErrnoException {
            try (Fd from = new Fd(sockets.datagrams(ipv6));
                 Fd to = new Fd(sockets.datagrams(ipv6))) {
                takesOneAtATime(to);
                assertEquals(10, sendTrain(from, to));
                assertEquals("0123", received(to));
                assertEquals("4567", received(to));
                assertEquals("89", received(to));
                assertEquals(0, info.segmentBytes());
            }
        }

        @Test
        void aTrainArrivesInOneGoAndSaysHowItIsCut() throws ErrnoException {
            try (Fd from = new Fd(sockets.datagrams(ipv6));
                 Fd to = new Fd(sockets.datagrams(ipv6))) {
                sendTrain(from, to);
                assertEquals("0123456789", received(to));
                assertEquals(4, info.segmentBytes());
            }
        }

        @Test
        void aConnectedSocketSendsTrainsToo() throws ErrnoException {
            try (Fd to = new Fd(sockets.datagrams(ipv6));
                 Fd from = new Fd(sockets.connectedDatagrams(0, lo, SocketPair.port(sockets, to)))) {
                assertEquals(10, sockets.sendTrain(from.number(), memory, 0, 10, 5));
                assertEquals("0123456789", received(to));
                assertEquals(5, info.segmentBytes());
            }
        }

        private int sendTrain(Fd from, Fd to) {
            return sockets.sendTrainTo(from.number(), 0, lo, SocketPair.port(sockets, to), memory, 0, 10, 4);
        }

        private String received(Fd at) {
            await(at.number(), Poller.READABLE);
            memory.asSlice(100, 100).fill((byte) 0);
            sockets.recvFrom(at.number(), info, memory, 100, 100);
            return memory.getString(100);
        }

        @Test
        void aConnectedDatagramSocketHearsThatThePortIsClosed() throws ErrnoException {
            try (Fd fd = new Fd(sockets.connectedDatagrams(0, lo, freePort(lo)))) {
                assertEquals(2, sockets.send(fd.number(), memory, 0, 1, memory, 1, 1));
                await(fd.number(), 0);
                assertEquals(Errno.ECONNREFUSED, Errno.of(-sockets.recvFrom(fd.number(), info, memory, 0, 9)));
            }
        }
    }

    @Nested
    class OverIpv4 extends EitherFamily {
        OverIpv4() {
            super(LOOPBACK4);
        }
    }

    @Nested
    @NeedsIpv6
    class OverIpv6 extends EitherFamily {
        OverIpv6() {
            super(1);
        }
    }

    @Test
    void aSocketThatIsNotConnectedYetSaysAgain() {
        int fd = Sys.socket(Linux.AF_INET(), Linux.SOCK_STREAM() | Linux.SOCK_NONBLOCK(), 0);
        assertEquals(Errno.EAGAIN, Errno.of(-sockets.connectResult(fd)));
        sockets.close(fd);
    }

    @Test
    void anEmptyStreamSaysAgainAndAFinishedOneZero() throws ErrnoException {
        try (SocketPair pair = new SocketPair()) {
            int fd = pair.right().number();
            assertEquals(Errno.EAGAIN, Errno.of(-sockets.recv(fd, memory, 0, 10)));
            sockets.shutdownWrite(pair.left().number());
            assertEquals(0, recv(fd));
        }
    }

    @Test
    void afterTheFinTheOtherDirectionGoesOn() throws ErrnoException {
        try (SocketPair pair = new SocketPair()) {
            sockets.shutdownWrite(pair.left().number());
            sockets.send(pair.right().number(), memory, 0, 3);
            assertEquals(3, recv(pair.left().number()));
        }
    }

    /** The last descriptor of a connection resets it; its owner has closed its own before. */
    private void reset(Fd fd) {
        int last = Sys.fcntl(fd.number(), Linux.F_DUPFD_CLOEXEC(), 0);
        fd.close();
        sockets.reset(last);
    }

    @Test
    void resetIsSeenAsResetByTheOtherSide() throws ErrnoException {
        try (SocketPair pair = new SocketPair()) {
            reset(pair.left());
            assertEquals(Errno.ECONNRESET, Errno.of(-recv(pair.right().number())));
        }
    }

    @Test
    void sendingIntoAResetConnectionIsAValueAndNoSignal() throws ErrnoException {
        try (SocketPair pair = new SocketPair()) {
            reset(pair.left());
            recv(pair.right().number());
            assertEquals(Errno.EPIPE, Errno.of(-sockets.send(pair.right().number(), memory, 0, 1)));
        }
    }

    @Test
    void theStreamsOptionsAreSetAsAsked() throws ErrnoException {
        LinuxSockets watched = new LinuxSockets(arena, new SocketSettings(0, 7_000, 11, 3, 5, true));
        try (Fd listener = SocketPair.listener(arena, LOOPBACK4);
             Fd fd = new Fd(watched.connect(0, LOOPBACK4, SocketPair.port(sockets, listener)))) {
            assertEquals(1, option(fd, Linux.IPPROTO_TCP(), Linux.TCP_NODELAY()));
            assertEquals(7_000, option(fd, Linux.IPPROTO_TCP(), Linux.TCP_USER_TIMEOUT()));
            assertEquals(1, option(fd, Linux.SOL_SOCKET(), Linux.SO_KEEPALIVE()));
            assertEquals(11, option(fd, Linux.IPPROTO_TCP(), Linux.TCP_KEEPIDLE()));
            assertEquals(3, option(fd, Linux.IPPROTO_TCP(), Linux.TCP_KEEPINTVL()));
            assertEquals(5, option(fd, Linux.IPPROTO_TCP(), Linux.TCP_KEEPCNT()));
        }
    }

    private int option(Fd fd, int level, int name) {
        MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
        MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
        assertEquals(0, Sys.getsockopt(fd.number(), level, name, value, length));
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    private void takesOneAtATime(Fd datagrams) {
        assertEquals(0, Sys.setsockopt(datagrams.number(), Linux.IPPROTO_UDP(), Linux.UDP_GRO(), 0));
    }

    @Test
    void anEmptyDatagramArrives() throws ErrnoException {
        try (Fd from = new Fd(sockets.datagrams(false));
             Fd to = new Fd(sockets.datagrams(false))) {
            int port = SocketPair.port(sockets, to);
            assertEquals(0, sockets.sendTo(from.number(), 0, LOOPBACK4, port, memory, 0, 0, memory, 0, 0));
            await(to.number(), Poller.READABLE);
            assertEquals(0, sockets.recvFrom(to.number(), info, memory, 100, 100));
        }
    }

    @Test
    void aDatagramTooLargeIsAValue() throws ErrnoException {
        MemorySegment large = arena.allocate(65_600);
        try (Fd fd = new Fd(sockets.datagrams(false))) {
            assertEquals(Errno.EMSGSIZE, Errno.of(
                    -sockets.sendTo(fd.number(), 0, LOOPBACK4, 9, large, 0, 65_600, large, 0, 0)));
        }
    }

    @Test
    void whatCarriesBytesAllocatesNothingOnTheHeapWhenWarm() throws ErrnoException {
        try (SocketPair pair = new SocketPair();
             Fd datagrams = new Fd(sockets.datagrams(false))) {
            int left = pair.left().number();
            int right = pair.right().number();
            int udp = datagrams.number();
            int port = SocketPair.port(sockets, datagrams);
            assertEquals(0, HeapAllocation.leastOf(200, () -> {
                for (int i = 0; i < 5_000; i++) {
                    sockets.send(left, memory, 0, 10);
                    sockets.peek(right, memory, 0, 10);
                    sockets.discard(right, 3);
                    sockets.recv(right, memory, 0, 100);
                    sockets.sendTo(udp, 0, LOOPBACK4, port, memory, 0, 4, memory, 4, 4);
                    sockets.recvFrom(udp, info, memory, 0, 100);
                    sockets.sendTrainTo(udp, 0, LOOPBACK4, port, memory, 0, 10, 4);
                    sockets.recvFrom(udp, info, memory, 0, 100);
                    sockets.mayFragment(udp, false, i % 2 == 0);
                    sockets.undelivered(udp, info);
                    sockets.connectResult(left);
                }
            }));
        }
    }
}
