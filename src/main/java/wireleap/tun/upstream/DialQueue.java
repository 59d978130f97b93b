package wireleap.tun.upstream;

/**
 * All that is being dialled, oldest first. All have the same patience, so the first one's deadline is the next one:
 * O(1) without a wheel.
 */
final class DialQueue {
    private final long patienceNanos;
    private Dial oldest;
    private Dial youngest;
    private int size;

    DialQueue(long patienceNanos) {
        this.patienceNanos = patienceNanos;
    }

    void add(Dial dial, long nowNanos) {
        dial.deadlineNanos = nowNanos + patienceNanos;
        dial.older = youngest;
        dial.younger = null;
        dial.queued = true;
        if (youngest == null) {
            oldest = dial;
        } else {
            youngest.younger = dial;
        }
        youngest = dial;
        size++;
    }

    /** Takes a dial out, if it is in. */
    void remove(Dial dial) {
        if (!dial.queued) {
            return;
        }
        if (dial.older == null) {
            oldest = dial.younger;
        } else {
            dial.older.younger = dial.younger;
        }
        if (dial.younger == null) {
            youngest = dial.older;
        } else {
            dial.younger.older = dial.older;
        }
        dial.older = null;
        dial.younger = null;
        dial.queued = false;
        size--;
    }

    int size() {
        return size;
    }

    long deadlineNanos() {
        return oldest == null ? Long.MAX_VALUE : oldest.deadlineNanos;
    }

    /** Gives up all whose time is over. */
    void onTimer(long nowNanos) {
        while (oldest != null && oldest.deadlineNanos <= nowNanos) {
            Dial silent = oldest;
            remove(silent);
            silent.onSilence(nowNanos);
        }
    }
}
