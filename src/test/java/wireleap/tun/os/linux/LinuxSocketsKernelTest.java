package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
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
                assertEquals(Errno.ENETUNREACH, Errno.of(-sockets.connect(0, SocketPair.LOOPBACK4, 9)));
            } finally {
                Netns.enter(home);
            }
        }
    }

    /** In a namespace of its own; a process that is started here lives there too. */
    private static void ip(String... words) throws Exception {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        assertEquals(0, new ProcessBuilder(command).inheritIO().start().waitFor(), command.toString());
    }

    @Test
    void aPortUsedAgainHasTheAddressThatTheRouteOfNowAsksFor() throws Exception {
        long server = 0x0000_ffff_0a09_0909L;
        try (Arena arena = Arena.ofConfined();
             Fd home = Netns.current()) {
            Netns.enterNew();
            try (Fd listener = SocketPair.listener(arena, 0x0000_ffff_0000_0000L)) {
                LinuxSockets sockets = new LinuxSockets(arena, SocketSettings.PLAIN);
                Endpoint local = new Endpoint();
                ip("link", "set", "lo", "up");
                ip("address", "add", "10.9.0.1/32", "dev", "lo");
                ip("address", "add", "10.9.0.2/32", "dev", "lo");
                ip("route", "replace", "local", "10.9.9.9/32", "dev", "lo", "table", "main", "src", "10.9.0.1");
                int port = SocketPair.port(sockets, listener);
                try (Fd near = new Fd(sockets.connect(0, server, port));
                     Fd far = SocketPair.accept(listener)) {
                    sockets.local(near.number(), local);
                    near.close();
                }
                assertEquals(0x0000_ffff_0a09_0001L, local.lo());
                ip("route", "replace", "local", "10.9.9.9/32", "dev", "lo", "table", "main", "src", "10.9.0.2");
                int before = local.port();
                try (Fd near = new Fd(sockets.connectFrom(before, 0, server, port))) {
                    sockets.local(near.number(), local);
                }
                assertEquals(before, local.port());
                assertEquals(0x0000_ffff_0a09_0002L, local.lo());
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
