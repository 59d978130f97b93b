package wireleap.tun.flow;

import wireleap.tun.mem.SipHash;

/**
 * Finds the destinations whose flows come back through the TUN: an upstream on this very host sends what it is given
 * into the TUN again, so that each flow begets another one to the same destination, and none of them ever hears
 * anything. Many flows at once to a destination that is slow to answer look alike. So it must be silent for a second
 * before more are refused; where nobody ever heard from it, those beyond {@link #MOST_AT_ONCE} have to wait for so long,
 * which a client's kernel does by itself.
 *
 * <p>Keeps up to {@link #PLACES} destinations in mind, each in one place; one whose place is taken is not looked at.
 */
final class LoopBreaker {
    /** What becomes of a new flow. */
    enum Verdict {
        /** It may begin. */
        ADMIT,
        /** It may try again: its packet is dropped. */
        WAIT,
        /** It would come back. */
        REFUSE
    }

    /** Of a flow that is not, or no longer, in any place. */
    static final int NOWHERE = -1;
    /** So many flows to one destination may have heard nothing for long. */
    static final int MOST_UNHEARD = 64;
    /** So many may be begun before anything was ever heard from their destination. */
    static final int MOST_AT_ONCE = 256;
    private static final int PLACES = 1 << 12;
    /** A little less than what a kernel waits before it repeats a SYN (RFC 6298 section 2.1). */
    private static final long WAIT_NANOS = 900_000_000L;
    private static final long REFUSAL_NANOS = 10_000_000_000L;

    private static final class Place {
        long hi;
        long lo;
        int port;
        /** Flows that have heard nothing yet. */
        int unheard;
        /** Whether new flows wait, since when. */
        boolean suspected;
        long suspectedNanos;
        /** Whether any flow ever heard something, and when the last did. */
        boolean heard;
        long heardNanos;
        /** Whether new flows are refused, since when. */
        boolean refused;
        long refusedNanos;

        boolean isOf(long hi, long lo, int port) {
            return this.hi == hi && this.lo == lo && this.port == port;
        }

        boolean isRefused(long nowNanos) {
            return refused && nowNanos - refusedNanos < REFUSAL_NANOS;
        }

        void of(long hi, long lo, int port) {
            this.hi = hi;
            this.lo = lo;
            this.port = port;
            suspected = false;
            heard = false;
            refused = false;
        }
    }

    private final LoopWatch watch;
    private final SipHash hash;
    private final Place[] places;

    /** @param watch {@link LoopWatch#NONE}: everything is admitted */
    LoopBreaker(LoopWatch watch, SipHash hash) {
        this.watch = watch;
        this.hash = hash;
        places = watch == LoopWatch.NONE ? new Place[0] : new Place[PLACES];
    }

    /** Whether another flow to a destination may begin. */
    Verdict judge(long hi, long lo, int port, long nowNanos) {
        Place place = places.length == 0 ? null : places[index(hi, lo, port)];
        if (place == null || !place.isOf(hi, lo, port)) {
            return Verdict.ADMIT;
        }
        if (place.isRefused(nowNanos)) {
            return Verdict.REFUSE;
        }
        if (place.unheard <= MOST_UNHEARD || place.heard && nowNanos - place.heardNanos < WAIT_NANOS) {
            place.suspected = false;
            return Verdict.ADMIT;
        }
        if (!place.suspected) {
            place.suspected = true;
            place.suspectedNanos = nowNanos;
        }
        if (nowNanos - place.suspectedNanos < WAIT_NANOS) {
            return place.heard || place.unheard <= MOST_AT_ONCE ? Verdict.ADMIT : Verdict.WAIT;
        }
        place.refused = true;
        place.refusedNanos = nowNanos;
        watch.comesBack(hi, lo, port);
        return Verdict.REFUSE;
    }

    /** A flow begins. Returns its place, for {@link #hears} or {@link #leaves}, or {@link #NOWHERE}. */
    int enters(long hi, long lo, int port, long nowNanos) {
        if (places.length == 0) {
            return NOWHERE;
        }
        int index = index(hi, lo, port);
        Place place = places[index];
        if (place == null) {
            place = new Place();
            places[index] = place;
            place.of(hi, lo, port);
        } else if (!place.isOf(hi, lo, port)) {
            if (place.unheard > 0 || place.isRefused(nowNanos)) {
                return NOWHERE;
            }
            place.of(hi, lo, port);
        }
        place.unheard++;
        return index;
    }

    /** Whether what a flow sends on comes back. */
    boolean isRefused(int place, long nowNanos) {
        return place != NOWHERE && places[place].isRefused(nowNanos);
    }

    /** A flow hears from its destination, for the first time, and leaves its place. */
    void hears(int place, long nowNanos) {
        places[place].heard = true;
        places[place].heardNanos = nowNanos;
        places[place].refused = false;
        leaves(place);
    }

    /** A flow ends that never heard anything. */
    void leaves(int place) {
        places[place].unheard--;
    }

    private int index(long hi, long lo, int port) {
        return (int) hash.begin().add(hi).add(lo).add(port).end() & PLACES - 1;
    }
}
