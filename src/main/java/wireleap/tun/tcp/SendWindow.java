package wireleap.tun.tcp;

import wireleap.tun.wire.TcpHeader;

/** How much the peer takes, as it has told: SND.WND, SND.WL1 and SND.WL2 (RFC 9293 section 3.3.1), as positions. */
final class SendWindow {
    private final Agreement agreement;
    /** SND.UNA + SND.WND of the segment that last updated the window. */
    private long edge;
    private long maxBytes;
    private long updateSeq;
    private long updateAck;

    SendWindow(Agreement agreement) {
        this.agreement = agreement;
    }

    void begin() {
        edge = 0;
        maxBytes = 0;
    }

    /** The segment by which the handshake ended tells the first window. */
    void open(TcpHeader segment, long seq, long ack) {
        updateSeq = seq;
        updateAck = ack;
        long bytes = (long) segment.window() << (segment.has(TcpHeader.SYN) ? 0 : agreement.sndScale);
        edge = ack + bytes;
        maxBytes = Math.max(maxBytes, bytes);
    }

    /** RFC 9293 section 3.10.7.4, fifth: takes the window of a segment that is not old; true if the edge has moved. */
    boolean take(TcpHeader segment, long seq, long ack, long sndUna) {
        if (seq < updateSeq || seq == updateSeq && ack < updateAck || ack < sndUna) {
            return false;
        }
        long before = edge;
        open(segment, seq, ack);
        return edge != before;
    }

    /** Position up to which the peer takes bytes. */
    long edge() {
        return edge;
    }

    /** The largest window that there ever was, in bytes. */
    long maxBytes() {
        return maxBytes;
    }
}
