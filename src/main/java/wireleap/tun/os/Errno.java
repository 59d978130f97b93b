package wireleap.tun.os;

/**
 * What errno can say, by name, with the numbers that Linux (asm-generic/errno.h) and Darwin (sys/errno.h) give it.
 * Those that only one of them has are left out, as none of the calls made here tells them.
 */
public enum Errno {
    EPERM(1, 1, "Operation not permitted"),
    ENOENT(2, 2, "No such file or directory"),
    ESRCH(3, 3, "No such process"),
    EINTR(4, 4, "Interrupted system call"),
    EIO(5, 5, "Input/output error"),
    ENXIO(6, 6, "No such device or address"),
    E2BIG(7, 7, "Argument list too long"),
    ENOEXEC(8, 8, "Exec format error"),
    EBADF(9, 9, "Bad file descriptor"),
    ECHILD(10, 10, "No child processes"),
    EAGAIN(11, 35, "Resource temporarily unavailable"),
    ENOMEM(12, 12, "Cannot allocate memory"),
    EACCES(13, 13, "Permission denied"),
    EFAULT(14, 14, "Bad address"),
    ENOTBLK(15, 15, "Block device required"),
    EBUSY(16, 16, "Device or resource busy"),
    EEXIST(17, 17, "File exists"),
    EXDEV(18, 18, "Invalid cross-device link"),
    ENODEV(19, 19, "No such device"),
    ENOTDIR(20, 20, "Not a directory"),
    EISDIR(21, 21, "Is a directory"),
    EINVAL(22, 22, "Invalid argument"),
    ENFILE(23, 23, "Too many open files in system"),
    EMFILE(24, 24, "Too many open files"),
    ENOTTY(25, 25, "Inappropriate ioctl for device"),
    ETXTBSY(26, 26, "Text file busy"),
    EFBIG(27, 27, "File too large"),
    ENOSPC(28, 28, "No space left on device"),
    ESPIPE(29, 29, "Illegal seek"),
    EROFS(30, 30, "Read-only file system"),
    EMLINK(31, 31, "Too many links"),
    EPIPE(32, 32, "Broken pipe"),
    EDOM(33, 33, "Numerical argument out of domain"),
    ERANGE(34, 34, "Numerical result out of range"),
    EDEADLK(35, 11, "Resource deadlock avoided"),
    ENAMETOOLONG(36, 63, "File name too long"),
    ENOLCK(37, 77, "No locks available"),
    ENOSYS(38, 78, "Function not implemented"),
    ENOTEMPTY(39, 66, "Directory not empty"),
    ELOOP(40, 62, "Too many levels of symbolic links"),
    /** A TUN's queue after the device was deleted [tried on 6.18]; Darwin has none. */
    EBADFD(77, 0, "File descriptor in bad state"),
    EPROTO(71, 100, "Protocol error"),
    EOVERFLOW(75, 84, "Value too large for defined data type"),
    EUSERS(87, 68, "Too many users"),
    ENOTSOCK(88, 38, "Socket operation on non-socket"),
    EDESTADDRREQ(89, 39, "Destination address required"),
    EMSGSIZE(90, 40, "Message too long"),
    EPROTOTYPE(91, 41, "Protocol wrong type for socket"),
    ENOPROTOOPT(92, 42, "Protocol not available"),
    EPROTONOSUPPORT(93, 43, "Protocol not supported"),
    ESOCKTNOSUPPORT(94, 44, "Socket type not supported"),
    EOPNOTSUPP(95, 102, "Operation not supported"),
    EPFNOSUPPORT(96, 46, "Protocol family not supported"),
    EAFNOSUPPORT(97, 47, "Address family not supported by protocol"),
    EADDRINUSE(98, 48, "Address already in use"),
    EADDRNOTAVAIL(99, 49, "Cannot assign requested address"),
    ENETDOWN(100, 50, "Network is down"),
    ENETUNREACH(101, 51, "Network is unreachable"),
    ENETRESET(102, 52, "Network dropped connection on reset"),
    ECONNABORTED(103, 53, "Software caused connection abort"),
    ECONNRESET(104, 54, "Connection reset by peer"),
    ENOBUFS(105, 55, "No buffer space available"),
    EISCONN(106, 56, "Transport endpoint is already connected"),
    ENOTCONN(107, 57, "Transport endpoint is not connected"),
    ESHUTDOWN(108, 58, "Cannot send after transport endpoint shutdown"),
    ETOOMANYREFS(109, 59, "Too many references: cannot splice"),
    ETIMEDOUT(110, 60, "Connection timed out"),
    ECONNREFUSED(111, 61, "Connection refused"),
    EHOSTDOWN(112, 64, "Host is down"),
    EHOSTUNREACH(113, 65, "No route to host"),
    EALREADY(114, 37, "Operation already in progress"),
    EINPROGRESS(115, 36, "Operation now in progress"),
    ESTALE(116, 70, "Stale file handle"),
    EDQUOT(122, 69, "Disk quota exceeded"),
    ECANCELED(125, 89, "Operation canceled"),
    /** Any number that has no name here. */
    OTHER(0, 0, "unknown error");

    private static final boolean LINUX = System.getProperty("os.name").equals("Linux");
    private static final Errno[] BY_NUMBER = new Errno[256];

    static {
        for (Errno errno : values()) {
            BY_NUMBER[errno.number()] = errno;
        }
    }

    private final int linux;
    private final int darwin;
    private final String text;

    Errno(int linux, int darwin, String text) {
        this.linux = linux;
        this.darwin = darwin;
        this.text = text;
    }

    /** The number on this platform, above zero; 0 for OTHER. */
    public int number() {
        return LINUX ? linux : darwin;
    }

    /** Whether the result of a call of {@link Sys} is this error. */
    public boolean is(int result) {
        return result < 0 && result == -number();
    }

    /** The name of a number of this platform; OTHER if it has none here. */
    public static Errno of(int number) {
        Errno found = number > 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
        return found == null ? OTHER : found;
    }

    /** Name, number and meaning of a number of this platform: "EPERM (1), Operation not permitted". */
    public static String text(int number) {
        Errno errno = of(number);
        return errno == OTHER ? "errno " + number : errno + " (" + number + "), " + errno.text;
    }
}
