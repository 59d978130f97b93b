package wireleap.tun.os.linux;

import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;

/**
 * The network namespace of the calling platform thread: network_namespaces(7). What the thread opens, and the threads
 * and programs that it starts from then on, are there too; virtual threads and java.net.NetworkInterface are not. Needs
 * CAP_SYS_ADMIN.
 */
public final class Netns {
    private Netns() {
    }

    /** The namespace that the thread is in, to {@link #enter} it again; it lives as long as this does. */
    public static Fd current() throws ErrnoException {
        String path = "/proc/thread-self/ns/net";
        return Fd.of("open " + path, Sys.open(path, Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0));
    }

    /** Moves the thread into a new namespace, where there is nothing but a loopback device that is down. */
    public static void enterNew() throws ErrnoException {
        ErrnoException.check("unshare CLONE_NEWNET", LinuxSys.unshare(Linux.CLONE_NEWNET()));
    }

    /** Moves the thread into a namespace that {@link #current} told. */
    public static void enter(Fd namespace) throws ErrnoException {
        ErrnoException.check("setns CLONE_NEWNET", LinuxSys.setns(namespace.number(), Linux.CLONE_NEWNET()));
    }
}
