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
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.ucred;

/**
 * Who listens on a Unix socket, as the kernel noted it when it began to, whether or not it answers now: SO_PEERCRED,
 * unix(7). Any platform thread.
 *
 * @param pid its process id; 0 if it is in a PID namespace where this process cannot see it
 * @param user its effective user id then
 */
public record SocketOwner(int pid, int user) {
    private static final int TRIES = 100;
    private static final long PAUSE_NANOS = 10_000_000;

    /**
     * Asks. Waits up to a second where as many have connected as may wait there.
     *
     * @param name a path, or @ and an abstract name
     * @return empty if nobody listens there, or this process may not connect
     * @throws ErrnoException EAGAIN if somebody listens there, but too many wait
     * @throws IllegalArgumentException if no Unix socket can be named so
     */
    public static Optional<SocketOwner> of(String name) throws ErrnoException {
        try (Arena arena = Arena.ofConfined();
                Fd fd = Fd.of("socket", Sys.socket(AF_UNIX(), SOCK_STREAM() | SOCK_CLOEXEC() | SOCK_NONBLOCK(), 0))) {
            UnixAddress address = UnixAddress.of(name, arena);
            MemorySegment owner = arena.allocate(ucred.layout());
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) ucred.sizeof());
            int connected = Sys.connect(fd.number(), address.memory(), address.length());
            for (int tries = 1; Errno.EAGAIN.is(connected) && tries < TRIES; tries++) {
                LockSupport.parkNanos(PAUSE_NANOS);
                connected = Sys.connect(fd.number(), address.memory(), address.length());
            }
            if (Errno.EAGAIN.is(connected)) {
                throw new ErrnoException("connect to " + name + ", where too many wait", -connected);
            }
            boolean isKnown = connected >= 0
                    && Sys.getsockopt(fd.number(), SOL_SOCKET(), SO_PEERCRED(), owner, length) >= 0;
            return isKnown ? Optional.of(new SocketOwner(ucred.pid(owner), ucred.uid(owner))) : Optional.empty();
        }
    }
}
