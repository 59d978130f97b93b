package wireleap.tun.upstream;

/**
 * Something that waits for an answer and gives up after a while; in at most one {@link DialQueue}, as a link of its
 * list.
 */
abstract class Dial {
    /** The neighbours in the queue; both null, and queued false, outside of one. */
    Dial older;
    Dial younger;
    boolean queued;
    long deadlineNanos;

    /** No answer came in time; it is out of the queue already. */
    abstract void onSilence(long nowNanos);
}
