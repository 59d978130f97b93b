package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Fd;
import wireleap.tun.os.SocketSettings;
import wireleap.tun.os.Sockets;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.testing.NeedsRoot;

/** What an ordinary user may not: the mark. Nothing is sent but to loopback. */
@NeedsRoot
class LinuxSocketsKernelTest {
    private static final int MARK = 0x574c;

    private static int mark(Fd fd, Arena arena) {
        MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
        MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, Integer.BYTES);
        assertEquals(0, Sys.getsockopt(fd.number(), Linux.SOL_SOCKET(), Linux.SO_MARK(), value, length));
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    @Test
    void everySocketCarriesTheMark() throws Exception {
        try (Arena arena = Arena.ofConfined();
             Fd listener = SocketPair.listener(arena, SocketPair.LOOPBACK4)) {
            LinuxSockets sockets = new LinuxSockets(arena, new SocketSettings(MARK, 0, 0, 0, 0, true));
            int port = SocketPair.port(sockets, listener);
            try (Fd stream = new Fd(sockets.connect(0, SocketPair.LOOPBACK4, port));
                 Fd datagrams4 = new Fd(sockets.datagrams(false));
                 Fd datagrams6 = new Fd(sockets.datagrams(true));
                 Fd connected = new Fd(sockets.connectedDatagrams(0, 1, 9))) {
                assertEquals(MARK, mark(stream, arena));
                assertEquals(MARK, mark(datagrams4, arena));
                assertEquals(MARK, mark(datagrams6, arena));
                assertEquals(MARK, mark(connected, arena));
            }
        }
    }

    @Test
    void whereThereIsNoRouteItSaysSoAtOnce() throws Exception {
        try (Arena arena = Arena.ofConfined();
             Fd home = Netns.current()) {
            Netns.enterNew();
            try {
                Sockets sockets = new LinuxSockets(arena, SocketSettings.PLAIN);
                assertEquals(Errno.ENETUNREACH, Errno.ofResult(sockets.connect(0, SocketPair.LOOPBACK4, 9)));
            } finally {
                Netns.enter(home);
            }
        }
    }

    @Test
    void aThreadThatEnteredANewNamespaceComesBack() throws Exception {
        try (Arena arena = Arena.ofConfined();
             Fd home = Netns.current()) {
            Netns.enterNew();
            Netns.enter(home);
            try (Fd listener = SocketPair.listener(arena, SocketPair.LOOPBACK4)) {
                LinuxSockets sockets = new LinuxSockets(arena, SocketSettings.PLAIN);
                Endpoint local = new Endpoint();
                assertEquals(0, sockets.local(listener.number(), local));
                assertEquals(SocketPair.LOOPBACK4, local.lo());
            }
        }
    }
}
