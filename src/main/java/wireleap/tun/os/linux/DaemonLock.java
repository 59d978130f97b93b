package wireleap.tun.os.linux;

import static wireleap.tun.os.linux.gen.Linux.AF_UNIX;
import static wireleap.tun.os.linux.gen.Linux.SOCK_CLOEXEC;
import static wireleap.tun.os.linux.gen.Linux.SOCK_STREAM;

import java.lang.foreign.Arena;
import java.util.Optional;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;

/**
 * Makes sure that one daemon runs in a network namespace: the owner of a Unix socket with an abstract name, unix(7), of
 * which each namespace has its own. The kernel lets go of it however the daemon ends. Nobody ever speaks on it; it
 * listens so that others may learn whose it is.
 */
public final class DaemonLock implements AutoCloseable {
    private static final int CURIOUS_ONES = 128;     // who may ask for the owner; none of them is ever accepted
    private static final int ROOT = 0;

    private final Fd socket;

    private DaemonLock(Fd socket) {
        this.socket = socket;
    }

    /**
     * Takes the lock in this thread's network namespace.
     *
     * @param name 1..100 characters of ASCII
     * @throws ErrnoException EADDRINUSE with the owner's process id if another one has it
     */
    public static DaemonLock take(String name) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            UnixAddress address = UnixAddress.of("@" + name, arena);
            Fd fd = Fd.of("socket @" + name, Sys.socket(AF_UNIX(), SOCK_STREAM() | SOCK_CLOEXEC(), 0));
            int bound = Sys.bind(fd.number(), address.memory(), address.length());
            int listening = bound < 0 ? bound : Sys.listen(fd.number(), CURIOUS_ONES);
            if (listening >= 0) {
                return new DaemonLock(fd);
            }
            fd.close();
            throw new ErrnoException(Errno.EADDRINUSE.is(listening) ? taken("@" + name) : "bind @" + name, -listening);
        }
    }

    private static String taken(String socket) {
        Optional<SocketOwner> owner = owner(socket).filter(found -> found.pid() != 0);
        String process = owner.map(found -> " as process " + found.pid()).orElse("");
        String stranger = owner.filter(found -> found.user() != ROOT && found.user() != Sys.geteuid())
                .map(found -> ", which is the user " + found.user() + "'s: if it is no daemon, end it; any user can take"
                        + " the name").orElse("");
        return "another one runs in this network namespace" + process + " and must stop first (it has the abstract socket "
                + socket + stranger + ")";
    }

    private static Optional<SocketOwner> owner(String socket) {
        try {
            return SocketOwner.of(socket);
        } catch (ErrnoException e) {                     // so many curious ones that nobody else can ask
            return Optional.empty();
        }
    }

    /** Lets go. */
    @Override
    public void close() {
        socket.close();
    }
}
