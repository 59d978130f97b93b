package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Poller;
import wireleap.tun.os.SocketSettings;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;

/** Two TCP sockets that are connected to each other over loopback. */
final class SocketPair implements AutoCloseable {
    /** How long anything over loopback may take. */
    static final long PATIENCE_NANOS = 10_000_000_000L;
    static final long LOOPBACK4 = 0xffff_7f00_0001L;

    private final Fd left;
    private final Fd right;

    SocketPair() throws ErrnoException {
        try (Arena arena = Arena.ofConfined();
             Fd listener = listener(arena, LOOPBACK4)) {
            LinuxSockets sockets = new LinuxSockets(arena, SocketSettings.PLAIN);
            left = Fd.of("connect", sockets.connect(0, LOOPBACK4, port(sockets, listener)));
            right = accept(listener);
        }
    }

    static Fd listener(Arena arena, long lo) throws ErrnoException {
        boolean ipv4 = Endpoint.isIpv4(0, lo);
        int family = ipv4 ? Linux.AF_INET() : Linux.AF_INET6();
        Fd listener = Fd.of("socket", Sys.socket(family, Linux.SOCK_STREAM(), 0));
        SockAddr address = new SockAddr(arena).fill(0, lo, 0);
        ErrnoException.check("bind", Sys.bind(listener.number(), address.memory(), address.bytes()));
        ErrnoException.check("listen", Sys.listen(listener.number(), 8));
        return listener;
    }

    static int port(LinuxSockets sockets, Fd socket) {
        Endpoint endpoint = new Endpoint();
        sockets.local(socket.number(), endpoint);
        return endpoint.port();
    }

    static Fd accept(Fd listener) throws ErrnoException {
        try (Arena arena = Arena.ofConfined();
             Epoll epoll = new Epoll(arena, 1)) {
            epoll.add(listener.number(), Poller.READABLE, 0);
            assertEquals(1, epoll.await(PATIENCE_NANOS), "nobody connected");
        }
        return Fd.of("accept4", LinuxSys.accept4(listener.number(), Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC()));
    }

    Fd left() {
        return left;
    }

    Fd right() {
        return right;
    }

    @Override
    public void close() {
        left.close();
        right.close();
    }
}
