package wireleap.tun.h2;

import wireleap.tun.upstream.UpstreamWatch;

/** Told on the loop's thread what a broker says and does; must return at once. */
public interface H2Watch extends UpstreamWatch {
    /** A stream ended with this status: text of the broker's, of any content and length. */
    void onStreamStatus(String status);

    /** A connection that stood is gone, with its flows, and not because it was idle. */
    void onConnectionLost(String why, int flows);
}
