package wireleap.tun.flow;

/**
 * All deadlines of a stack: a hierarchical timing wheel (Varghese and Lauck, scheme 7) of four levels with 64 slots
 * each. A tick is 2^20 ns, about a millisecond: timers fire up to that much late, never early. Scheduling and
 * cancelling are O(1); a bitmap for each level finds the next slot that is not empty. Deadlines beyond the last
 * level's 4.9 hours wait there and are sorted in again.
 */
final class TimerWheel {
    private static final int TICK_SHIFT = 20;
    private static final int LEVEL_SHIFT = 6;
    private static final int SLOTS = 1 << LEVEL_SHIFT;
    private static final int LEVELS = 4;
    private static final long HORIZON_TICKS = 1L << LEVEL_SHIFT * LEVELS;

    private final Timer[] slots = new Timer[LEVELS * SLOTS];
    /** By level: bit i is set while slot i is not empty. */
    private final long[] occupied = new long[LEVELS];
    /** All ticks up to this one have been dealt with. */
    private long tick;

    TimerWheel(long nowNanos) {
        tick = nowNanos >> TICK_SHIFT;
    }

    /** Sets a timer to a deadline, whatever it was set to before; Long.MAX_VALUE turns it off. */
    void schedule(Timer timer, long deadlineNanos) {
        cancel(timer);
        if (deadlineNanos != Long.MAX_VALUE) {
            timer.deadlineNanos = deadlineNanos;
            insert(timer, tick + 1);
        }
    }

    /**
     * Sees to it that a timer fires at the deadline or before: one that fires earlier anyway is left where it is, to
     * be set anew then. For deadlines that are moved with every packet.
     */
    void scheduleBy(Timer timer, long deadlineNanos) {
        if (deadlineNanos < timer.deadlineNanos) {
            schedule(timer, deadlineNanos);
        }
    }

    /** Turns a timer off. */
    void cancel(Timer timer) {
        if (timer.deadlineNanos == Long.MAX_VALUE) {
            return;
        }
        timer.deadlineNanos = Long.MAX_VALUE;
        if (timer.previous != null) {
            timer.previous.next = timer.next;
        } else {
            slots[timer.slot] = timer.next;
            if (timer.next == null) {
                occupied[timer.slot >> LEVEL_SHIFT] &= ~(1L << timer.slot);
            }
        }
        if (timer.next != null) {
            timer.next.previous = timer.previous;
        }
        timer.next = null;
        timer.previous = null;
    }

    /** Fires all that is due. */
    void advance(long nowNanos) {
        long nowTick = nowNanos >> TICK_SHIFT;
        for (long next = nextTick(); next <= nowTick; next = nextTick()) {
            tick = next;
            for (int level = LEVELS - 1; level > 0; level--) {
                if ((tick & (1L << level * LEVEL_SHIFT) - 1) == 0) {
                    cascade(level);
                }
            }
            fire((int) tick & SLOTS - 1, nowNanos);
        }
        tick = Math.max(tick, nowTick);
    }

    /** When {@link #advance} has something to do, at the latest; Long.MAX_VALUE: never. */
    long deadlineNanos() {
        long next = nextTick();
        return next == Long.MAX_VALUE ? Long.MAX_VALUE : next << TICK_SHIFT;
    }

    private void insert(Timer timer, long earliestTick) {
        long due = timer.deadlineNanos + (1L << TICK_SHIFT) - 1 >> TICK_SHIFT;
        long at = Math.min(Math.max(due, earliestTick), tick + HORIZON_TICKS - 1);
        int level = Math.max(0, (63 - Long.numberOfLeadingZeros(at - tick)) / LEVEL_SHIFT);
        int slot = level << LEVEL_SHIFT | (int) (at >> level * LEVEL_SHIFT) & SLOTS - 1;
        timer.slot = slot;
        timer.next = slots[slot];
        if (timer.next != null) {
            timer.next.previous = timer;
        }
        slots[slot] = timer;
        occupied[level] |= 1L << slot;
    }

    /** The next tick at which a slot has to be fired or sorted into the levels below. */
    private long nextTick() {
        long next = Long.MAX_VALUE;
        for (int level = 0; level < LEVELS; level++) {
            if (occupied[level] != 0) {
                long here = tick >> level * LEVEL_SHIFT;
                long ahead = 1 + Long.numberOfTrailingZeros(Long.rotateRight(occupied[level], (int) (here + 1)));
                next = Math.min(next, here + ahead << level * LEVEL_SHIFT);
            }
        }
        return next;
    }

    /** Sorts a slot into the levels below: what is due now goes to the slot that is about to be fired. */
    private void cascade(int level) {
        int slot = level << LEVEL_SHIFT | (int) (tick >> level * LEVEL_SHIFT) & SLOTS - 1;
        for (Timer timer = slots[slot]; timer != null; timer = slots[slot]) {
            long deadlineNanos = timer.deadlineNanos;
            cancel(timer);
            timer.deadlineNanos = deadlineNanos;
            insert(timer, tick);
        }
    }

    private void fire(int slot, long nowNanos) {
        for (Timer timer = slots[slot]; timer != null; timer = slots[slot]) {
            cancel(timer);
            timer.target.onTimer(nowNanos);
        }
    }
}
