package wireleap.tun.loop;

import java.util.Arrays;
import wireleap.tun.os.Errno;
import wireleap.tun.upstream.SocketError;

/** Turns what a system call answered into what the core knows: results stay, minus errno becomes a {@link SocketError}. */
final class SocketErrors {
    private static final int LARGEST_ERRNO = 255;
    /** By errno. */
    private static final int[] BY_ERRNO = new int[LARGEST_ERRNO + 1];

    static {
        Arrays.fill(BY_ERRNO, SocketError.OTHER);
        // Not EINTR: what does not wait is not interrupted, and after an AGAIN without cause no event would come.
        map(SocketError.AGAIN, Errno.EAGAIN, Errno.EINPROGRESS, Errno.EALREADY);
        map(SocketError.REFUSED, Errno.ECONNREFUSED);
        map(SocketError.NET_UNREACHABLE, Errno.ENETUNREACH, Errno.ENETDOWN);
        map(SocketError.HOST_UNREACHABLE, Errno.EHOSTUNREACH, Errno.EHOSTDOWN);
        map(SocketError.RESET, Errno.ECONNRESET, Errno.EPIPE, Errno.ENOTCONN, Errno.ECONNABORTED);
        map(SocketError.TIMED_OUT, Errno.ETIMEDOUT);
        map(SocketError.MESSAGE_SIZE, Errno.EMSGSIZE);
        map(SocketError.NO_PERMISSION, Errno.EACCES, Errno.EPERM);
        map(SocketError.ADDRESS_GONE, Errno.EADDRNOTAVAIL, Errno.EAFNOSUPPORT);
        map(SocketError.NO_PORTS, Errno.EADDRINUSE);
        map(SocketError.NO_RESOURCES, Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS, Errno.ENOMEM);
    }

    private SocketErrors() {
    }

    private static void map(int error, Errno... numbers) {
        for (var errno : numbers) {
            BY_ERRNO[errno.number()] = error;
        }
    }

    /** The result itself if it is 0 or above, else the error that stands for its errno. */
    static int of(int result) {
        return result >= 0 ? result : BY_ERRNO[Math.min(-result, LARGEST_ERRNO)];
    }
}
