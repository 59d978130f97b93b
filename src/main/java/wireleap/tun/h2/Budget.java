package wireleap.tun.h2;

/**
 * How many frames a peer may send that carry nothing (PING, SETTINGS, empty DATA and their like): as many as streams
 * are opened, a thousand a second besides, and a thousand at once. RFC 9113 section 10.5.
 */
final class Budget {
    private static final int MOST = 1000;
    private static final long NANOS_EACH = 1_000_000;

    private int left;
    private long sinceNanos;

    void begin(long nowNanos) {
        left = MOST;
        sinceNanos = nowNanos;
    }

    /** A stream was opened: some frames are to be expected that end it. */
    void add(int frames) {
        left = Math.min(left + frames, 1 << 20);
    }

    /** One such frame has come: whether it is one too many. */
    boolean isSpent(long nowNanos) {
        long earned = (nowNanos - sinceNanos) / NANOS_EACH;
        if (earned > 0) {
            sinceNanos += earned * NANOS_EACH;
            left = (int) Math.max(left, Math.min(MOST, left + earned));
        }
        return --left < 0;
    }
}
