package wireleap.tun.os.linux;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import wireleap.tun.os.Sys;

/** The system calls that only Linux has, under the rules of {@link Sys}: results, memory and threads are as there. */
public final class LinuxSys {
    private static final MemorySegment ACCEPT4 = Sys.function("accept4");
    private static final MemorySegment DUP2 = Sys.function("dup2");
    private static final MemorySegment EPOLL_CREATE1 = Sys.function("epoll_create1");
    private static final MemorySegment EPOLL_CTL = Sys.function("epoll_ctl");
    private static final MemorySegment EPOLL_WAIT = Sys.function("epoll_wait");
    private static final MemorySegment EVENTFD = Sys.function("eventfd");
    private static final MemorySegment FCHMOD = Sys.function("fchmod");
    private static final MemorySegment FCHOWN = Sys.function("fchown");
    private static final MemorySegment PRCTL = Sys.function("prctl");
    private static final MemorySegment RECVMMSG = Sys.function("recvmmsg");
    private static final MemorySegment SENDMMSG = Sys.function("sendmmsg");
    private static final MemorySegment SETFSGID = Sys.function("setfsgid");
    private static final MemorySegment SETFSUID = Sys.function("setfsuid");
    private static final MemorySegment SETNS = Sys.function("setns");
    private static final MemorySegment SETRESGID = Sys.function("setresgid");
    private static final MemorySegment SETRESUID = Sys.function("setresuid");
    private static final MemorySegment SETSID = Sys.function("setsid");
    private static final MemorySegment UNSHARE = Sys.function("unshare");

    private LinuxSys() {
    }

    /** accept4(2), without asking who connects. */
    public static int accept4(int fd, int flags) {
        return Sys.call(ACCEPT4, fd, 0, 0, flags, 0, 0);
    }

    /** dup2(2): the second number is another name for what the first one is; it is inherited by programs started. */
    public static int dup2(int fd, int number) {
        return Sys.call(DUP2, fd, number, 0, 0, 0, 0);
    }

    /** epoll_create1(2). */
    public static int epollCreate1(int flags) {
        return Sys.call(EPOLL_CREATE1, flags, 0, 0, 0, 0, 0);
    }

    /** epoll_ctl(2) with a struct epoll_event. */
    public static int epollCtl(int epoll, int operation, int fd, MemorySegment event) {
        int result = Sys.call(EPOLL_CTL, epoll, operation, fd, Sys.address(event), 0, 0);
        Reference.reachabilityFence(event);
        return result;
    }

    /** epoll_wait(2) into an array of at least maxEvents struct epoll_event. */
    public static int epollWait(int epoll, MemorySegment events, int maxEvents, int timeoutMillis) {
        int result = Sys.call(EPOLL_WAIT, epoll, Sys.address(events), maxEvents, timeoutMillis, 0, 0);
        Reference.reachabilityFence(events);
        return result;
    }

    /** eventfd(2). */
    public static int eventfd(int count, int flags) {
        return Sys.call(EVENTFD, count, flags, 0, 0, 0, 0);
    }

    /** fchmod(2). */
    public static int fchmod(int fd, int mode) {
        return Sys.call(FCHMOD, fd, mode, 0, 0, 0, 0);
    }

    /** fchown(2). -1 leaves one as it is. */
    public static int fchown(int fd, int user, int group) {
        return Sys.call(FCHOWN, fd, user, group, 0, 0, 0);
    }

    /** prctl(2), of the calling thread. */
    public static int prctl(int option, long argument2, long argument3, long argument4, long argument5) {
        return Sys.call(PRCTL, option, argument2, argument3, argument4, argument5, 0);
    }

    /** recvmmsg(2) into count struct mmsghdr, without a timeout. */
    public static int recvmmsg(int fd, MemorySegment messages, int count, int flags) {
        int result = Sys.call(RECVMMSG, fd, Sys.address(messages), count, flags, 0, 0);
        Reference.reachabilityFence(messages);
        return result;
    }

    /** sendmmsg(2) of count struct mmsghdr. */
    public static int sendmmsg(int fd, MemorySegment messages, int count, int flags) {
        int result = Sys.call(SENDMMSG, fd, Sys.address(messages), count, flags, 0, 0);
        Reference.reachabilityFence(messages);
        return result;
    }

    /** setfsgid(2), of the calling thread. The group before, 0..2^31-1; it tells no failure. -1 changes nothing. */
    public static int setfsgid(int group) {
        return Sys.call(SETFSGID, group, 0, 0, 0, 0, 0);
    }

    /** setfsuid(2), of the calling thread. The user before, 0..2^31-1; it tells no failure. -1 changes nothing. */
    public static int setfsuid(int user) {
        return Sys.call(SETFSUID, user, 0, 0, 0, 0, 0);
    }

    /** setns(2), of the calling thread. */
    public static int setns(int fd, int type) {
        return Sys.call(SETNS, fd, type, 0, 0, 0, 0);
    }

    /** setresgid(2), of all threads: glibc carries it to each. -1 leaves one as it is. */
    public static int setresgid(int real, int effective, int saved) {
        return Sys.call(SETRESGID, real, effective, saved, 0, 0, 0);
    }

    /** setresuid(2), of all threads: glibc carries it to each. -1 leaves one as it is. */
    public static int setresuid(int real, int effective, int saved) {
        return Sys.call(SETRESUID, real, effective, saved, 0, 0, 0);
    }

    /** setsid(2). The new session's number. */
    public static int setsid() {
        return Sys.call(SETSID, 0, 0, 0, 0, 0, 0);
    }

    /** unshare(2), of the calling thread. */
    public static int unshare(int flags) {
        return Sys.call(UNSHARE, flags, 0, 0, 0, 0, 0);
    }
}
