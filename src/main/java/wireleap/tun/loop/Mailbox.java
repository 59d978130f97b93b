package wireleap.tun.loop;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import wireleap.tun.os.Poller;

/** Tasks for a loop from any platform thread, in order and bounded; each wakes the loop's poller. */
final class Mailbox {
    static final int SLOTS = 1024;

    private final Poller poller;
    private final ConcurrentLinkedQueue<LoopTask> tasks = new ConcurrentLinkedQueue<>();
    /** Tasks that are in or about to be. */
    private final AtomicInteger taken = new AtomicInteger();
    private volatile boolean closed;

    Mailbox(Poller poller) {
        this.poller = poller;
    }

    /** Puts a task in; false: there is no room, or nobody who would ever look. */
    boolean post(LoopTask task) {
        if (closed) {
            return false;
        }
        if (taken.incrementAndGet() > SLOTS) {
            taken.decrementAndGet();
            return false;
        }
        tasks.add(task);
        poller.wake();
        return true;
    }

    /** The oldest task, or null; the loop's thread only. */
    LoopTask take() {
        var task = tasks.poll();
        if (task != null) {
            taken.decrementAndGet();
        }
        return task;
    }

    /** Nobody looks any more. */
    void close() {
        closed = true;
    }
}
