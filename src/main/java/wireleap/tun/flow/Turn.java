package wireleap.tun.flow;

/**
 * Those that packets and events of this turn have touched: each is served once at the turn's end. One that could not do all,
 * for its share of the turn is bounded, adds itself again and is served in the next turn, behind the others.
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
        first = null;
        last = null;
        while (place != null) {
            Place next = place.next;
            place.next = null;
            place.taken = false;
            place.target.onTurn(nowNanos);
            place = next;
        }
    }

    boolean isEmpty() {
        return first == null;
    }
}
