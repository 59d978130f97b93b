package wireleap.tun.events;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The last events of this process, numbered from 1 without gaps. Bounded by number and weight: the oldest go, whether
 * anybody has read them or not, so that no reader is ever waited for. Any thread.
 */
public final class EventLog implements AutoCloseable {
    /** The most events that are kept. */
    public static final int MAX_EVENTS = 1024;
    /** The most weight that is kept behind the last event, which is kept whatever it weighs: about 1 MB. */
    public static final int MAX_WEIGHT = 16_384;

    private final InstantSource clock;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<Entry> entries = new ArrayDeque<>();   // guarded by lock, as all below
    private long lastNumber;
    private int weight;                                        // of all entries
    private int waiting;                                       // readers
    private boolean closed;

    /**
     * An event as it was published.
     *
     * @param number 1 for a process's first
     * @param at when, by the wall clock
     */
    public record Entry(long number, Instant at, Event event) {
    }

    /** A log without events; times come from the machine's clock. */
    public EventLog() {
        this(InstantSource.system());
    }

    EventLog(InstantSource clock) {
        this.clock = clock;
    }

    /** Appends an event and wakes all who wait; never blocks for longer than that takes. */
    public void publish(Event event) {
        lock.lock();
        try {
            entries.addLast(new Entry(++lastNumber, clock.instant(), event));
            weight += event.weight();
            while (entries.size() > MAX_EVENTS || weight > MAX_WEIGHT && entries.size() > 1) {
                weight -= entries.removeFirst().event().weight();
            }
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /** The number of the last event; 0 before the first. */
    public long lastNumber() {
        lock.lock();
        try {
            return lastNumber;
        } finally {
            lock.unlock();
        }
    }

    /**
     * Waits for events.
     *
     * @param number of the last one that the reader has, 0..{@link #lastNumber}
     * @param nanos how long to wait, at most
     * @return those that are kept and come after it, oldest first; empty if none came, or the log was closed. If the
     *     first is not {@code number + 1}, those between are lost
     */
    public List<Entry> awaitAfter(long number, long nanos) throws InterruptedException {
        lock.lock();
        waiting++;
        try {
            for (long left = nanos; lastNumber <= number && !closed && left > 0; ) {
                left = changed.awaitNanos(left);
            }
            return entries.stream().filter(entry -> entry.number() > number).toList();
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    /** How many readers wait now. */
    public int waiting() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /** Whether nobody waits any more. What is kept can still be read. */
    public boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    /** Ends all waiting, now and later. */
    @Override
    public void close() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
