package wireleap.tun.tcp;

import java.util.PriorityQueue;

/** Simulated time: events in the order of their time, those of one time in the order of their making. */
final class SimClock {
    private record Event(long atNanos, long order, Runnable action) implements Comparable<Event> {
        @Override
        public int compareTo(Event other) {
            return atNanos != other.atNanos ? Long.compare(atNanos, other.atNanos) : Long.compare(order, other.order);
        }
    }

    private final PriorityQueue<Event> events = new PriorityQueue<>();
    private long made;
    private long nowNanos;

    SimClock(long startNanos) {
        nowNanos = startNanos;
    }

    long nowNanos() {
        return nowNanos;
    }

    void after(long delayNanos, Runnable action) {
        events.add(new Event(nowNanos + delayNanos, made++, action));
    }

    /** When the next event is, or Long.MAX_VALUE. */
    long nextNanos() {
        return events.isEmpty() ? Long.MAX_VALUE : events.peek().atNanos;
    }

    /** Jumps to the next event and runs it. */
    void runNext() {
        Event event = events.remove();
        nowNanos = event.atNanos;
        event.action.run();
    }

    /** Jumps to a time at or before the next event. */
    void jumpTo(long nanos) {
        nowNanos = Math.max(nowNanos, nanos);
    }
}
