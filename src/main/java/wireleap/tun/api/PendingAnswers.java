package wireleap.tun.api;

import java.util.IdentityHashMap;
import java.util.Map;

/**
 * The bytes of answers that clients are still reading, bounded for all connections together. The same bytes count once,
 * however many read them, and a little does not count. Any thread.
 */
final class PendingAnswers {
    /** So much is free. */
    static final int FREE_BYTES = 16 << 10;

    private final long mostBytes;
    private final Map<byte[], Integer> readers = new IdentityHashMap<>();   // guarded by this, as all below
    private long pendingBytes;

    PendingAnswers(long mostBytes) {
        this.mostBytes = mostBytes;
    }

    /** Whether a client may be sent these bytes, which are never changed; if so, {@link #end} follows. */
    synchronized boolean begin(byte[] answer) {
        boolean counts = answer.length > FREE_BYTES && !readers.containsKey(answer);
        if (counts && answer.length > mostBytes - pendingBytes) {
            return false;
        }
        if (answer.length > FREE_BYTES) {
            pendingBytes += counts ? answer.length : 0;
            readers.merge(answer, 1, Integer::sum);
        }
        return true;
    }

    /** One client less is being sent these bytes. */
    synchronized void end(byte[] answer) {
        if (answer.length > FREE_BYTES && readers.merge(answer, -1, Integer::sum) == 0) {
            readers.remove(answer);
            pendingBytes -= answer.length;
        }
    }
}
