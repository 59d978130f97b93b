package wireleap.tun.upstream;

/** Who is told what becomes of an {@link UpstreamStream}. At most one of connected and refused comes, once. */
public interface StreamOwner {
    /**
     * The target is connected, or where the upstream cannot tell, the stream stands. Both writing and reading are to be
     * tried: readiness that came before is not told again.
     */
    void onConnected(long nowNanos);

    /** The stream could not be opened: {@link UpstreamStream#refusal} says why. It still has to be closed. */
    void onRefused(long nowNanos);

    /**
     * Bits of {@link LinkOwner}, edge-triggered, after onConnected only; ends and errors are told by reading and
     * writing.
     */
    void onReady(int events, long nowNanos);
}
