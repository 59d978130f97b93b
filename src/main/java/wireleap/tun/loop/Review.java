package wireleap.tun.loop;

import java.util.function.LongPredicate;

/**
 * Goes through the streams that a loop had at some moment, a few at a time, and ends those that have lost their way. On the
 * loop's thread.
 */
final class Review {
    /** So many streams delay the loop by about a millisecond. */
    static final int AT_ONCE = 64;

    private final SocketLinks links;
    private final LongPredicate isLost;
    private final long[] streams;
    private int next;

    /** @param isLost is asked with the number under which a stream is watched, which may be closed by then */
    Review(SocketLinks links, LongPredicate isLost) {
        this.links = links;
        this.isLost = isLost;
        this.streams = links.streams();
    }

    /** Goes on; false: it is done. */
    boolean goOn(long nowNanos) {
        var end = Math.min(streams.length, next + AT_ONCE);
        while (next < end) {
            var stream = streams[next++];
            if (isLost.test(stream)) {
                links.lose(stream, nowNanos);
            }
        }
        return next < streams.length;
    }
}
