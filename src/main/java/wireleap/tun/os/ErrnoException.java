package wireleap.tun.os;

import java.io.IOException;

/** A system call that failed on the control path: which, on what, and the errno. */
public final class ErrnoException extends IOException {
    private static final long serialVersionUID = 1;

    private final String call;
    private final int number;

    /**
     * @param call what was tried and on what, such as "ioctl TUNSETIFF wltun0"
     * @param number the errno, above zero
     */
    public ErrnoException(String call, int number) {
        super(call + ": " + Errno.text(number));
        this.call = call;
        this.number = number;
    }

    /**
     * Lets a result pass that is not an error.
     *
     * @param call what was tried and on what
     * @param result of a call of {@link Sys}
     * @return the result, zero or above
     */
    public static int check(String call, int result) throws ErrnoException {
        if (result < 0) {
            throw new ErrnoException(call, -result);
        }
        return result;
    }

    /** What was tried. */
    public String call() {
        return call;
    }

    /** The errno as the platform numbers it. */
    public int number() {
        return number;
    }

    /** The errno by name; OTHER for one that has none here. */
    public Errno errno() {
        return Errno.of(number);
    }
}
