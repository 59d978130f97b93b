package wireleap.tun.flow;

/** One deadline in a {@link TimerWheel}; intrusive: the object is the list's link. Owned by whom it is for. */
final class Timer {
    /** Who is told that the time has come. */
    interface Target {
        /** The deadline has passed; the timer is off and may be scheduled again. */
        void onTimer(long nowNanos);
    }

    final Target target;
    /** Long.MAX_VALUE while off. */
    long deadlineNanos = Long.MAX_VALUE;
    /** The list that it is in, an index of the wheel; meaningless while off. */
    int slot;
    Timer next;
    Timer previous;

    Timer(Target target) {
        this.target = target;
    }
}
