package wireleap.tun.upstream;

/** Who is told that a {@link Link} or a {@link DatagramLink} is ready. */
public interface LinkOwner {
    /** There is something to read: bytes, a datagram, the end of the stream, or an error that reading will tell. */
    int READABLE = 1;
    /** There is room to send, the connection stands or has failed, or there is an error that sending will tell. */
    int WRITABLE = 2;
    /** An error is pending; it is told by the next call, and for a {@link DatagramLink} by its error queue. */
    int FAILED = 4;

    /**
     * Readiness has come, edge-triggered: it is told once, until a call has answered {@link SocketError#AGAIN} again.
     * It may come without need. Never called for a link that was closed or reset, not even for events of the same
     * batch.
     *
     * @param events bits of {@link #READABLE}, {@link #WRITABLE}, {@link #FAILED}
     */
    void onReady(int events, long nowNanos);
}
