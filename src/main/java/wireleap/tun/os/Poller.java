package wireleap.tun.os;

/**
 * Waits for descriptors to become ready. One thread uses it; {@link #wake} alone may be called by any. Results below
 * zero are minus errno.
 *
 * <p>What is ready is told by the datum that was given with the descriptor: any long but {@link #RESERVED_DATUM}. A
 * descriptor that is closed leaves the poller by itself, but events of the batch that was fetched before stay there.
 */
public interface Poller extends AutoCloseable {
    /** There is something to read, or the end of it, or somebody to accept. */
    int READABLE = 1;
    /** There is room to write, or a connection is made, or has failed. */
    int WRITABLE = 2;
    /** The descriptor has an error to tell, or both its directions are gone. Told unasked. */
    int FAILED = 4;
    /** The other end sends no more. This and URGENT are told to who asks for READABLE. */
    int ENDED = 8;
    /** Urgent data is there, at which reading stops once: fewer bytes than asked for need not be all that there are. */
    int URGENT = 32;
    /** Added to an interest: tell once for each change, instead of as long as it lasts. */
    int EDGE_TRIGGERED = 16;

    /** The poller's own datum. */
    long RESERVED_DATUM = Long.MIN_VALUE;

    /** Begins to watch a descriptor: 0, or minus errno (EEXIST, ENOSPC, ENOMEM). */
    int add(int fd, int interest, long datum);

    /**
     * Watches for something else, or tells another datum: 0, or minus errno (ENOENT). What is ready now is told again.
     */
    int modify(int fd, int interest, long datum);

    /** Ends watching: 0, or minus errno (ENOENT). */
    int remove(int fd);

    /**
     * Waits until something is ready, somebody called {@link #wake}, a signal came, or the time is over.
     *
     * @param timeoutNanos at least this long, unless 0 or below (not at all); Long.MAX_VALUE is for ever
     * @return how many of {@link #datum} and {@link #events} are valid; 0 too; below zero only when the poller is
     *     broken
     */
    int await(long timeoutNanos);

    /** The datum of ready descriptor i, 0 to await's result - 1. */
    long datum(int i);

    /** READABLE, WRITABLE, FAILED, ENDED, URGENT: the bits that hold for ready descriptor i. */
    int events(int i);

    /**
     * Ends the wait that is on, or the next one; nothing after {@link #close}. Any thread may call, except virtual
     * ones.
     */
    void wake();

    /** The poller is gone. */
    @Override
    void close();
}
