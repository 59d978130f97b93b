package wireleap.tun.upstream;

/** Told on the loop's thread when what is known of an upstream changes; must return at once. */
public interface UpstreamWatch {
    /**
     * The status is another than before.
     *
     * @param socketError why, where a socket told: a {@link SocketError}; else 0
     */
    void onStatus(UpstreamStatus status, int socketError);
}
