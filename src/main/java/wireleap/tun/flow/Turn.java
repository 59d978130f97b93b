package wireleap.tun.flow;

/**
 * Those that packets and events of this turn have touched: each is served once at the turn's end. One that could not
 * do all, for its share of the turn is bounded, adds itself again and is served in the next turn, behind the others.
 */
final class Turn {
    private Place first;
    private Place last;

    /** Who is served. */
    interface Target {
        /** Does what the turn's packets and events have made necessary. */
        void onTurn(long nowNanos);
    }

    /** The place of one target, which owns it: the link of the list. */
    static final class Place {
        private final Target target;
        private Place next;
        private boolean taken;

        Place(Target target) {
            this.target = target;
        }
    }

    /** Adds one, if it is not in already. */
    void add(Place place) {
        if (place.taken) {
            return;
        }
        place.taken = true;
        if (last == null) {
            first = place;
        } else {
            last.next = place;
        }
        last = place;
    }

    /** Serves those that are in; what is added meanwhile waits for the next call. */
    void end(long nowNanos) {
        Place place = first;
        Place end = last;
        first = null;
        last = null;
        try {
            while (place != null) {
                Target target = place.target;
                place.taken = false;
                Place next = place.next;
                place.next = null;
                place = next;
                target.onTurn(nowNanos);
            }
        } finally {
            if (place != null) { // one has failed: the others come first in the next turn
                end.next = first;
                last = first == null ? end : last;
                first = place;
            }
        }
    }

    boolean isEmpty() {
        return first == null;
    }
}
