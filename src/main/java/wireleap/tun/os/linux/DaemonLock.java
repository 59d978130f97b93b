package wireleap.tun.os.linux;

import static wireleap.tun.os.linux.gen.Linux.AF_UNIX;
import static wireleap.tun.os.linux.gen.Linux.SOCK_CLOEXEC;
import static wireleap.tun.os.linux.gen.Linux.SOCK_NONBLOCK;
import static wireleap.tun.os.linux.gen.Linux.SOCK_STREAM;
import static wireleap.tun.os.linux.gen.Linux.SOL_SOCKET;
import static wireleap.tun.os.linux.gen.Linux.SO_PEERCRED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.ucred;

/**
 * Makes sure that one daemon runs in a network namespace: the owner of a Unix socket with an abstract name, unix(7), of
 * which each namespace has its own. The kernel lets go of it however the daemon ends. Nobody ever speaks on it; it
 * listens so that others may learn whose it is.
 */
public final class DaemonLock implements AutoCloseable {
    private static final int CURIOUS_ONES = 128;     // who may ask for the owner; none of them is ever accepted

    /** struct sockaddr_un: sun_family, sun_path. Here for the reason that {@link SockAddr} gives. */
    static final int SOCKADDR_UN_BYTES = 110;
    static final int PATH_OFFSET = 2;

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
            MemorySegment address = arena.allocate(SOCKADDR_UN_BYTES, Short.BYTES);
            byte[] text = name.getBytes(StandardCharsets.US_ASCII);
            address.set(ValueLayout.JAVA_SHORT, SockAddr.FAMILY_OFFSET, (short) AF_UNIX());
            int path = PATH_OFFSET + 1;       // a zero byte first: the name is abstract
            MemorySegment.copy(text, 0, address, ValueLayout.JAVA_BYTE, path, text.length);
            int length = path + text.length;
            Fd fd = socket(name);
            int bound = Sys.bind(fd.number(), address, length);
            int listening = bound < 0 ? bound : Sys.listen(fd.number(), CURIOUS_ONES);
            if (listening >= 0) {
                return new DaemonLock(fd);
            }
            fd.close();
            throw new ErrnoException(Errno.EADDRINUSE.is(listening) ? taken(name, address, length, arena)
                    : "bind @" + name, -listening);
        }
    }

    private static Fd socket(String name) throws ErrnoException {
        return Fd.of("socket @" + name, Sys.socket(AF_UNIX(), SOCK_STREAM() | SOCK_CLOEXEC() | SOCK_NONBLOCK(), 0));
    }

    private static String taken(String name, MemorySegment address, int addressLength, Arena arena)
            throws ErrnoException {
        MemorySegment owner = arena.allocate(ucred.layout());
        MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) ucred.sizeof());
        try (Fd fd = socket(name)) {
            boolean known = Sys.connect(fd.number(), address, addressLength) >= 0
                    && Sys.getsockopt(fd.number(), SOL_SOCKET(), SO_PEERCRED(), owner, length) >= 0
                    && ucred.pid(owner) != 0;
            return "another one runs in this network namespace" + (known ? " as process " + ucred.pid(owner) : "")
                    + " and must stop first (it has the abstract socket @" + name + ")";
        }
    }

    /** Lets go. */
    @Override
    public void close() {
        socket.close();
    }
}
