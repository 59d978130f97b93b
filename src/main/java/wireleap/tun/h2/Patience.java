package wireleap.tun.h2;

import wireleap.tun.mem.Chain;

/**
 * Streams of which each has a deadline that moves whenever something happens to it; the delay is the same for all, so
 * that the one touched longest ago is the next. Who touches need not know the time: that is added at the next timer.
 */
final class Patience {
    private final long delayNanos;
    private final Chain<Place> touched = new Chain<>();
    private final Chain<Place> waiting = new Chain<>();

    /** A stream's place in one of them. */
    static final class Place {
        private final H2Stream stream;
        private final Chain.Link<Place> link = new Chain.Link<>(this);
        private long deadlineNanos;

        Place(H2Stream stream) {
            this.stream = stream;
        }
    }

    Patience(long delayNanos) {
        this.delayNanos = delayNanos;
    }

    /** The delay begins anew. */
    void touch(H2Stream stream) {
        if (!stream.patience.link.isIn(touched)) {
            touched.add(stream.patience.link);
        }
    }

    /** Whether a stream waits here. */
    boolean holds(H2Stream stream) {
        return stream.patience.link.isIn(touched) || stream.patience.link.isIn(waiting);
    }

    static void forget(H2Stream stream) {
        stream.patience.link.leave();
    }

    /** When {@link #onTimer} is wanted; lastNanos stands for at once. */
    long deadlineNanos(long lastNanos) {
        if (touched.size() > 0) {
            return lastNanos;
        }
        return waiting.size() > 0 ? waiting.oldest().deadlineNanos : Long.MAX_VALUE;
    }

    void onTimer(long nowNanos) {
        for (Place place = touched.oldest(); place != null; place = touched.oldest()) {
            place.deadlineNanos = nowNanos + delayNanos;
            waiting.add(place.link);
        }
        for (Place place = waiting.oldest(); place != null && place.deadlineNanos <= nowNanos; place = waiting.oldest()) {
            place.link.leave();
            place.stream.onPatienceOver(nowNanos);
        }
    }
}
