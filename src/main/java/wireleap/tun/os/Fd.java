package wireleap.tun.os;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Owns a file descriptor from the call that made it until {@link #close}. Any thread may close it; that none uses its
 * number any more is for its owner to see to, because the kernel gives numbers out again.
 */
public final class Fd implements AutoCloseable {
    private static final int CLOSED = -1;

    /** The descriptor, or CLOSED. */
    private final AtomicInteger number;

    /** Takes over an open descriptor. */
    public Fd(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("not a descriptor: " + number);
        }
        this.number = new AtomicInteger(number);
    }

    /**
     * Takes over what a call of {@link Sys} made.
     *
     * @param call what was tried and on what, for the exception
     * @param result a descriptor, or minus errno
     */
    public static Fd of(String call, int result) throws ErrnoException {
        return new Fd(ErrnoException.check(call, result));
    }

    /**
     * The descriptor.
     *
     * @throws IllegalStateException once it is closed
     */
    public int number() {
        int open = number.get();
        if (open == CLOSED) {
            throw new IllegalStateException("the descriptor is closed");
        }
        return open;
    }

    /** Whether {@link #close} is still to come. */
    public boolean isOpen() {
        return number.get() != CLOSED;
    }

    /** close(2); nothing when it was closed before. What the kernel answers is of no use: the descriptor is gone. */
    @Override
    public void close() {
        int open = number.getAndSet(CLOSED);
        if (open != CLOSED) {
            Sys.close(open);
        }
    }

    @Override
    public String toString() {
        return isOpen() ? "fd " + number : "closed fd";
    }
}
