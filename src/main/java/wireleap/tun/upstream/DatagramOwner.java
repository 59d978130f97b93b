package wireleap.tun.upstream;

/** Who is told what becomes of a {@link DatagramSession}. */
public interface DatagramOwner {
    /** Datagrams can be sent from now on; comes at most once, and not when the session was open from the start. */
    void onOpened(long nowNanos);

    /** The session could not be opened or has ended: {@link DatagramSession#refusal}. It still has to be closed. */
    void onEnded(long nowNanos);

    /** Bits of {@link LinkOwner}, edge-triggered. */
    void onReady(int events, long nowNanos);
}
