package wireleap.tun.tcp;

/**
 * The window that we offer: its right edge follows the sink's limit, never beyond it, never back (RFC 9293 section
 * 3.8.6), in steps that avoid silly windows (section 3.8.6.2.2).
 *
 * <p>With a scale the edge can be told only in units of 2^scale bytes beyond rcvNxt. It is rounded up, so that it never
 * seems to shrink by more than the unit; the edge stays a unit below the limit, so that rounding does not pass it.
 */
final class ReceiveWindow {
    private static final int MAX_FIELD = 0xffff;
    private static final int FIRST_FLIGHT_SEGMENTS = 10;

    private int mss;
    private int scale;
    /** What has been promised, before rounding; never falls. */
    private long edge;
    /** The highest edge that a peer can have read; what lies before it is acceptable. */
    private long acceptEdge;
    /** The most room there ever was: what RFC 9293 calls RCV.BUFF. */
    private long capacity;

    /** A connection begins; {@code mss} is ours, in bytes, and the scale what our SYN would offer. */
    void begin(int mss, int scale) {
        this.mss = mss;
        this.scale = scale;
        edge = 0;
        acceptEdge = 0;
        capacity = 0;
    }

    /** The SYNs have agreed on this scale: the one offered, or 0. */
    void scale(int scale) {
        this.scale = scale;
    }

    /** The window field of a SYN, never scaled (RFC 7323 section 2.2). */
    int synField(long limit) {
        edge = Math.max(edge, Math.min(belowLimit(limit), MAX_FIELD));
        acceptEdge = Math.max(acceptEdge, edge);
        return (int) edge;
    }

    /** The window field of a segment that acknowledges rcvNxt, for a sink with this limit. */
    int field(long rcvNxt, long limit) {
        long reachable = reachable(rcvNxt, limit);
        if (reachable - edge >= step(rcvNxt, limit)) {
            edge = reachable;
        }
        int unit = 1 << scale;
        int field = (int) Math.min(MAX_FIELD, (Math.max(0, edge - rcvNxt) + unit - 1) >> scale);
        acceptEdge = Math.max(acceptEdge, rcvNxt + ((long) field << scale));
        return field;
    }

    /**
     * Whether the peer should be told without other cause: the window has at least doubled, and what the peer knows of is
     * less than a first flight (RFC 6928). With more it is not kept waiting, and the next ACK or data tells it, above all
     * after the handshake, whose window field is too small to tell.
     */
    boolean isUpdateDue(long rcvNxt, long limit) {
        long known = Math.max(0, edge - rcvNxt);
        long reachable = reachable(rcvNxt, limit);
        return known < (long) FIRST_FLIGHT_SEGMENTS * mss && reachable - edge >= step(rcvNxt, limit)
                && reachable - rcvNxt >= 2 * known;
    }

    /** What comes before this position is acceptable. */
    long acceptEdge() {
        return acceptEdge;
    }

    private long reachable(long rcvNxt, long limit) {
        return Math.min(belowLimit(limit), rcvNxt + ((long) MAX_FIELD << scale));
    }

    /** Where the edge may be so that it does not pass the limit when it is rounded up. */
    private long belowLimit(long limit) {
        return limit - (1 << scale) + 1;
    }

    private long step(long rcvNxt, long limit) {
        capacity = Math.max(capacity, limit - rcvNxt);
        return Math.max(1, Math.min(mss, capacity / 2));
    }
}
