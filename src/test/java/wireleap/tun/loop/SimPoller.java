package wireleap.tun.loop;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;
import wireleap.tun.os.Poller;

/** A poller whose readiness a test tells. Told nothing, it waits only if the test says so. */
final class SimPoller implements Poller {
    private static final int MOST = 64;

    /** By descriptor. */
    final Map<Integer, Long> data = new HashMap<>();
    final Map<Integer, Integer> interests = new HashMap<>();
    private final long[] ready = new long[MOST];
    private final int[] events = new int[MOST];
    private int count;
    /** What the next wait tells. */
    private int shown;
    /** Permits of those who woke it; a wait without readiness takes one where {@link #waits} is set. */
    final Semaphore wakes = new Semaphore(0);
    boolean waits;
    /** Happens while the loop waits. */
    Runnable onAwait = () -> { };
    long lastTimeoutNanos;
    int addError;
    int awaitError;
    volatile boolean closed;

    /** Tells that a descriptor is ready, in the next wait. */
    void ready(int fd, int bits) {
        ready(data.get(fd), bits);
    }

    /** Tells something about a datum, whether it is watched or not. */
    void ready(long datum, int bits) {
        ready[count] = datum;
        events[count] = bits;
        count++;
    }

    @Override
    public int add(int fd, int interest, long datum) {
        if (addError < 0) {
            return addError;
        }
        data.put(fd, datum);
        interests.put(fd, interest);
        return 0;
    }

    @Override
    public int modify(int fd, int interest, long datum) {
        throw new AssertionError("nothing is modified");
    }

    @Override
    public int remove(int fd) {
        throw new AssertionError("what is closed leaves by itself");
    }

    @Override
    public int await(long timeoutNanos) {
        lastTimeoutNanos = timeoutNanos;
        onAwait.run();
        if (awaitError < 0) {
            return awaitError;
        }
        if (count == 0 && waits) {
            wakes.acquireUninterruptibly();
        }
        shown = count;
        count = 0;
        return shown;
    }

    @Override
    public long datum(int i) {
        return ready[i];
    }

    @Override
    public int events(int i) {
        return events[i];
    }

    @Override
    public void wake() {
        wakes.release();
    }

    @Override
    public void close() {
        closed = true;
    }
}
