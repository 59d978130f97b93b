package wireleap.tun.tcp;

import wireleap.tun.wire.TcpOptions;

/**
 * What the two SYNs have agreed on: an option holds only when both carried it (RFC 7323 sections 1.3 and 2.2, RFC 2018
 * section 2).
 */
final class Agreement {
    /** RFC 9293 section 3.7.1, of IPv4; deviates: for IPv6 too, whose 1220 would only be larger. */
    private static final int DEFAULT_MSS = 536;
    /** As Linux: a peer that says less cannot make us send dust. */
    private static final int MIN_MSS = 88;
    /** RFC 7323 section 2.3. */
    private static final int MAX_SCALE = 14;

    private final TcpSettings settings;
    private final int ourScale;

    /** Of the peer: the largest payload that it wants, TCP options not deducted; 88 and above. */
    int peerMss;
    boolean windowScaling;
    boolean timestamps;
    boolean sack;
    /** Shift of the windows that we read; 0 without window scaling. */
    int sndScale;
    /** Shift of the windows that we write; 0 without window scaling. */
    int rcvScale;

    Agreement(TcpSettings settings) {
        this.settings = settings;
        this.ourScale = settings.windowScale();
    }

    /** Before the peer's SYN: what ours may offer. */
    void offer() {
        peerMss = DEFAULT_MSS;
        windowScaling = settings.windowScaling();
        timestamps = settings.timestamps();
        sack = settings.sack();
        sndScale = 0;
        rcvScale = windowScaling ? ourScale : 0;
    }

    /** Takes in the peer's SYN. */
    void take(TcpOptions peer) {
        peerMss = peer.mss() == 0 ? DEFAULT_MSS : Math.max(MIN_MSS, peer.mss());
        windowScaling &= peer.windowScale() >= 0;
        timestamps &= peer.hasTimestamps();
        sack &= peer.sackPermitted();
        sndScale = windowScaling ? Math.min(MAX_SCALE, peer.windowScale()) : 0;
        rcvScale = windowScaling ? ourScale : 0;
    }
}
