package wireleap.tun.upstream;

/**
 * Where all flows of a loop go. One object a loop, on its thread; it may multiplex its flows over few sockets.
 *
 * <p>Who dials watches the clock: silence while opening becomes a refusal, {@link Refusal#TIMED_OUT}. That and
 * whatever else the upstream times (pings, reconnecting) is driven by {@link #deadlineNanos} and {@link #onTimer}.
 */
public interface Upstream {
    /** Begins to open a stream to a target. The owner is called back later, never from within this call. */
    UpstreamStream open(long hi, long lo, int port, StreamOwner owner, long nowNanos);

    /** Whether a stream is connected only when its target is; else as soon as it is under way. */
    default boolean tellsConnected() {
        return true;
    }

    /** Begins to open a session for a client whose targets are all of one family. */
    DatagramSession datagrams(boolean v6, DatagramOwner owner, long nowNanos);

    /**
     * Whether, as far as is known now, another session may be opened: the upstream has datagrams, and is not overrun.
     */
    boolean carriesDatagrams(long nowNanos);

    /** What is known of the upstream as a whole. */
    UpstreamStatus status();

    /** Streams and sessions that were asked for and are not answered yet. */
    int dialling();

    /** When {@link #onTimer} has to be called at the latest; Long.MAX_VALUE: never. */
    long deadlineNanos();

    void onTimer(long nowNanos);

    /** Gives back what it holds; every stream and session is closed already. */
    void close();
}
