package wireleap.tun.testing;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;

/** Counts what a thread allocates on the heap, for tests that claim: nothing. */
public final class HeapAllocation {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private HeapAllocation() {}

    /**
     * Runs work until it is warm, and then once more, counted.
     *
     * @param warmUps how often to run it uncounted
     * @return bytes that this thread allocated in the counted run
     */
    public static long of(int warmUps, Runnable work) {
        THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < warmUps; i++) {
            work.run();
        }
        long before = THREADS.getCurrentThreadAllocatedBytes();
        work.run();
        return THREADS.getCurrentThreadAllocatedBytes() - before;
    }

    /**
     * Runs work again and again until it allocates nothing. When the JIT compiler is done, and that it allocates a
     * little itself when it throws code away, depends on how busy the machine is. Work that allocates for each packet
     * does so in every round, and is found.
     *
     * @param rounds how often to run it at most
     * @return bytes that this thread allocated in the round that allocated least
     */
    public static long leastOf(int rounds, Runnable work) {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < rounds && least > 0; i++) {
            least = Math.min(least, of(0, work));
        }
        return least;
    }
}
