package wireleap.tun.os;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.lang.ref.Reference;
import java.util.Objects;

/**
 * The system calls that all platforms have, as libc has them: the man page of a method's name says what it does.
 *
 * <p><b>Results.</b> Zero or above is the call's result, below zero is minus errno ({@link Errno}). Nothing is retried:
 * EAGAIN and EINTR are results like others. On the control path {@link ErrnoException#check} turns them into
 * exceptions.
 *
 * <p><b>Memory.</b> A (memory, offset, length) is checked against its bounds, must be off-heap, and is not kept. What a
 * struct points to (iovec, msghdr) is not checked and must outlive the call.
 *
 * <p><b>One shape.</b> All calls go through one method handle, six longs to a long: integers and pointers travel in the
 * same registers on x86-64 and AArch64, a callee looks only at as many and at as much of each as it has parameters, and
 * an int result is the low half of the long. One shape halves what start-up spends on linking. errno is captured into a
 * segment that each thread has for itself. Once C2 has compiled {@link #call} by itself, a call allocates nothing; until
 * then the linker's own check of that segment costs 40 bytes a call, and for ever where it is inlined into a large method
 * (seen on JDK 25): therefore the packaged options forbid that.
 *
 * <p>Any platform thread may call; virtual threads must not, a downcall pins their carrier.
 */
public final class Sys {
    private static final Linker LINKER = Linker.nativeLinker();
    private static final SymbolLookup LIBC = LINKER.defaultLookup();
    private static final long ERRNO_OFFSET =
            Linker.Option.captureStateLayout().byteOffset(PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> STATE =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(Linker.Option.captureStateLayout()));
    private static final MethodHandle CALL = LINKER.downcallHandle(
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG),
            Linker.Option.captureCallState("errno"));

    private static final MemorySegment BIND = function("bind");
    private static final MemorySegment CLOCK_GETTIME = function("clock_gettime");
    private static final MemorySegment CLOSE = function("close");
    private static final MemorySegment CONNECT = function("connect");
    private static final MemorySegment FCNTL = function("fcntl");
    private static final MemorySegment GETEUID = function("geteuid");
    private static final MemorySegment GETPEERNAME = function("getpeername");
    private static final MemorySegment GETSOCKNAME = function("getsockname");
    private static final MemorySegment GETSOCKOPT = function("getsockopt");
    private static final MemorySegment IOCTL = function("ioctl");
    private static final MemorySegment LISTEN = function("listen");
    private static final MemorySegment MMAP = function("mmap");
    private static final MemorySegment MUNMAP = function("munmap");
    private static final MemorySegment OPEN = function("open");
    private static final MemorySegment READ = function("read");
    private static final MemorySegment READV = function("readv");
    private static final MemorySegment RECV = function("recv");
    private static final MemorySegment RECVFROM = function("recvfrom");
    private static final MemorySegment RECVMSG = function("recvmsg");
    private static final MemorySegment SEND = function("send");
    private static final MemorySegment SENDMSG = function("sendmsg");
    private static final MemorySegment SENDTO = function("sendto");
    private static final MemorySegment SETSOCKOPT = function("setsockopt");
    private static final MemorySegment SHUTDOWN = function("shutdown");
    private static final MemorySegment SOCKET = function("socket");
    private static final MemorySegment SOCKETPAIR = function("socketpair");
    private static final MemorySegment UMASK = function("umask");
    private static final MemorySegment WRITE = function("write");
    private static final MemorySegment WRITEV = function("writev");

    private Sys() {
    }

    // ---- files and devices

    /** open(2) with O_CLOEXEC or whatever flags say. The descriptor belongs into an {@link Fd} at once. */
    public static int open(String path, int flags, int mode) {
        try (Arena arena = Arena.ofConfined()) {
            return call(OPEN, arena.allocateFrom(path).address(), flags, mode, 0, 0, 0);
        }
    }

    /** close(2). The descriptor is gone even when EINTR or EIO is told. */
    public static int close(int fd) {
        return call(CLOSE, fd, 0, 0, 0, 0, 0);
    }

    /** read(2). */
    public static int read(int fd, MemorySegment memory, long offset, long length) {
        int result = call(READ, fd, address(memory, offset, length), length, 0, 0, 0);
        Reference.reachabilityFence(memory);
        return result;
    }

    /** write(2). */
    public static int write(int fd, MemorySegment memory, long offset, long length) {
        int result = call(WRITE, fd, address(memory, offset, length), length, 0, 0, 0);
        Reference.reachabilityFence(memory);
        return result;
    }

    /** readv(2) into all parts of the vector. */
    public static int readv(int fd, IoVec vector) {
        return call(READV, fd, vector.address(), vector.count(), 0, 0, 0);
    }

    /** writev(2) of all parts of the vector. */
    public static int writev(int fd, IoVec vector) {
        return call(WRITEV, fd, vector.address(), vector.count(), 0, 0, 0);
    }

    /** ioctl(2) with an argument that is a number. */
    public static int ioctl(int fd, long request, long argument) {
        return call(IOCTL, fd, request, argument, 0, 0, 0);
    }

    /** ioctl(2) with an argument that is a struct, in and out. */
    public static int ioctl(int fd, long request, MemorySegment argument) {
        int result = call(IOCTL, fd, request, address(argument), 0, 0, 0);
        Reference.reachabilityFence(argument);
        return result;
    }

    /** fcntl(2) with an argument that is a number, or none. */
    public static int fcntl(int fd, int command, long argument) {
        return call(FCNTL, fd, command, argument, 0, 0, 0);
    }

    /** umask(2), of the whole process. The mask that was; it cannot fail. */
    public static int umask(int mask) {
        return (int) invoke(UMASK, STATE.get(), mask, 0, 0, 0, 0, 0);
    }

    // ---- memory, process, time

    /** mmap(2) at an address of the kernel's choice: the address, or minus errno. */
    public static long mmap(long bytes, int protection, int flags, int fd, long offset) {
        MemorySegment state = STATE.get();
        long result = invoke(MMAP, state, 0, bytes, protection, flags, fd, offset);
        return result == -1 ? -errno(state) : result;
    }

    /** munmap(2). */
    public static int munmap(long address, long bytes) {
        return call(MUNMAP, address, bytes, 0, 0, 0, 0);
    }

    /** geteuid(2); it cannot fail. */
    public static int geteuid() {
        return (int) invoke(GETEUID, STATE.get(), 0, 0, 0, 0, 0, 0);
    }

    /** clock_gettime(2) into a struct timespec. */
    public static int clockGettime(int clock, MemorySegment timespec) {
        int result = call(CLOCK_GETTIME, clock, address(timespec), 0, 0, 0, 0);
        Reference.reachabilityFence(timespec);
        return result;
    }

    // ---- sockets

    /** socket(2). The descriptor belongs into an {@link Fd} at once. */
    public static int socket(int domain, int type, int protocol) {
        return call(SOCKET, domain, type, protocol, 0, 0, 0);
    }

    /** socketpair(2) into an array of two ints. The descriptors belong into an {@link Fd} each at once. */
    public static int socketpair(int domain, int type, int protocol, MemorySegment ends) {
        int result = call(SOCKETPAIR, domain, type, protocol, address(ends, 0, 2 * Integer.BYTES), 0, 0);
        Reference.reachabilityFence(ends);
        return result;
    }

    /** bind(2) to the first length bytes of a sockaddr. */
    public static int bind(int fd, MemorySegment sockaddr, int length) {
        int result = call(BIND, fd, address(sockaddr, 0, length), length, 0, 0, 0);
        Reference.reachabilityFence(sockaddr);
        return result;
    }

    /** connect(2) to the first length bytes of a sockaddr. */
    public static int connect(int fd, MemorySegment sockaddr, int length) {
        int result = call(CONNECT, fd, address(sockaddr, 0, length), length, 0, 0, 0);
        Reference.reachabilityFence(sockaddr);
        return result;
    }

    /** listen(2). */
    public static int listen(int fd, int backlog) {
        return call(LISTEN, fd, backlog, 0, 0, 0, 0);
    }

    /** getsockname(2); length is a socklen_t, in and out. */
    public static int getsockname(int fd, MemorySegment sockaddr, MemorySegment length) {
        return name(GETSOCKNAME, fd, sockaddr, length);
    }

    /** getpeername(2); length is a socklen_t, in and out. */
    public static int getpeername(int fd, MemorySegment sockaddr, MemorySegment length) {
        return name(GETPEERNAME, fd, sockaddr, length);
    }

    /** getsockopt(2); length is a socklen_t, in and out. */
    public static int getsockopt(int fd, int level, int option, MemorySegment value, MemorySegment length) {
        Objects.checkFromIndexSize(0, length.get(JAVA_INT, 0), value.byteSize());
        int result = call(GETSOCKOPT, fd, level, option, address(value), address(length), 0);
        Reference.reachabilityFence(value);
        Reference.reachabilityFence(length);
        return result;
    }

    /** setsockopt(2) with the first length bytes of value. */
    public static int setsockopt(int fd, int level, int option, MemorySegment value, int length) {
        int result = call(SETSOCKOPT, fd, level, option, address(value, 0, length), length, 0);
        Reference.reachabilityFence(value);
        return result;
    }

    /** setsockopt(2) of an option that is an int, for the control path: it allocates. */
    public static int setsockopt(int fd, int level, int option, int value) {
        try (Arena arena = Arena.ofConfined()) {
            return setsockopt(fd, level, option, arena.allocateFrom(JAVA_INT, value), Integer.BYTES);
        }
    }

    /** shutdown(2). */
    public static int shutdown(int fd, int how) {
        return call(SHUTDOWN, fd, how, 0, 0, 0, 0);
    }

    /** send(2). */
    public static int send(int fd, MemorySegment memory, long offset, long length, int flags) {
        int result = call(SEND, fd, address(memory, offset, length), length, flags, 0, 0);
        Reference.reachabilityFence(memory);
        return result;
    }

    /** sendto(2), to the first addressLength bytes of a sockaddr. */
    public static int sendto(int fd, MemorySegment memory, long offset, long length, int flags,
                             MemorySegment sockaddr, int addressLength) {
        int result = call(SENDTO, fd, address(memory, offset, length), length, flags,
                address(sockaddr, 0, addressLength), addressLength);
        Reference.reachabilityFence(memory);
        Reference.reachabilityFence(sockaddr);
        return result;
    }

    /** sendmsg(2) of a struct msghdr. */
    public static int sendmsg(int fd, MemorySegment msghdr, int flags) {
        int result = call(SENDMSG, fd, address(msghdr), flags, 0, 0, 0);
        Reference.reachabilityFence(msghdr);
        return result;
    }

    /** recv(2). */
    public static int recv(int fd, MemorySegment memory, long offset, long length, int flags) {
        int result = call(RECV, fd, address(memory, offset, length), length, flags, 0, 0);
        Reference.reachabilityFence(memory);
        return result;
    }

    /**
     * recv(2) without memory: with MSG_TRUNC a TCP socket drops up to length bytes and copies nothing (tcp(7), since
     * Linux 2.4).
     */
    public static int recv(int fd, long length, int flags) {
        return call(RECV, fd, 0, length, flags, 0, 0);
    }

    /** recvfrom(2); addressLength is a socklen_t, in and out. */
    public static int recvfrom(int fd, MemorySegment memory, long offset, long length, int flags,
                               MemorySegment sockaddr, MemorySegment addressLength) {
        Objects.checkFromIndexSize(0, addressLength.get(JAVA_INT, 0), sockaddr.byteSize());
        int result = call(RECVFROM, fd, address(memory, offset, length), length, flags,
                address(sockaddr), address(addressLength));
        Reference.reachabilityFence(memory);
        Reference.reachabilityFence(sockaddr);
        Reference.reachabilityFence(addressLength);
        return result;
    }

    /** recvmsg(2) with a struct msghdr, in and out. */
    public static int recvmsg(int fd, MemorySegment msghdr, int flags) {
        int result = call(RECVMSG, fd, address(msghdr), flags, 0, 0, 0);
        Reference.reachabilityFence(msghdr);
        return result;
    }

    // ---- for the platforms' own calls

    /** A function of libc, for {@link #call}; AssertionError where there is none of that name. */
    public static MemorySegment function(String name) {
        return LIBC.find(name).orElseThrow(() -> new AssertionError("libc has no " + name));
    }

    /**
     * Calls a function whose result is an int, or a ssize_t that fits one: the result, or minus errno if it is
     * negative.
     */
    public static int call(MemorySegment function, long a, long b, long c, long d, long e, long f) {
        MemorySegment state = STATE.get();
        int result = (int) invoke(function, state, a, b, c, d, e, f);
        return result < 0 ? -errno(state) : result;
    }

    /** Where the memory begins; for structs, whose size the caller answers for. */
    public static long address(MemorySegment memory) {
        return address(memory, 0, 0);
    }

    /** Where the slice begins, once it was seen to lie within memory that is off-heap. */
    public static long address(MemorySegment memory, long offset, long length) {
        Objects.checkFromIndexSize(offset, length, memory.byteSize());
        if (!memory.isNative()) {
            throw new IllegalArgumentException("memory on the heap cannot be given to the kernel");
        }
        return memory.address() + offset;
    }

    private static int name(MemorySegment function, int fd, MemorySegment sockaddr, MemorySegment length) {
        Objects.checkFromIndexSize(0, length.get(JAVA_INT, 0), sockaddr.byteSize());
        int result = call(function, fd, address(sockaddr), address(length), 0, 0, 0);
        Reference.reachabilityFence(sockaddr);
        Reference.reachabilityFence(length);
        return result;
    }

    private static long invoke(MemorySegment function, MemorySegment state,
                               long a, long b, long c, long d, long e, long f) {
        assert !Thread.currentThread().isVirtual() : "a system call on a virtual thread";
        try {
            return (long) CALL.invokeExact(function, state, a, b, c, d, e, f);
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }

    private static int errno(MemorySegment state) {
        return state.get(JAVA_INT, ERRNO_OFFSET);
    }
}
