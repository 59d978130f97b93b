package wireleap.tun.flow;

import wireleap.tun.icmp.TokenBucket;

/**
 * Who may open a flow while many are half-open. A flood of SYNs comes from addresses that nobody has, and each dial costs as
 * much as hundreds of kilobytes of a flow that there is (measured: a third of a millisecond); so strangers are then let in
 * one by one. Clients of whom a flow was ever established are no strangers: such as this host itself.
 */
final class Doorkeeper {
    private static final int STRANGERS_A_SECOND = 256;
    private static final int STRANGERS_AT_ONCE = 64;
    private static final int KNOWN = 256;

    private final int calm;
    private final TokenBucket strangers;
    /** Addresses by a few bits of theirs; a later one takes the place of an earlier one. */
    private final long[] knownHi = new long[KNOWN];
    private final long[] knownLo = new long[KNOWN];

    /**
     * One of several doors.
     *
     * @param calm up to so many half-open flows everybody is let in here
     * @param doors that share what strangers may have
     */
    Doorkeeper(int calm, int doors) {
        this.calm = calm;
        this.strangers = new TokenBucket(STRANGERS_AT_ONCE / doors, STRANGERS_A_SECOND / doors);
    }

    /** A client has answered. */
    void know(long hi, long lo) {
        int index = index(hi, lo);
        knownHi[index] = hi;
        knownLo[index] = lo;
    }

    /** Whether a client may open a flow now. */
    boolean admits(long hi, long lo, int halfOpen, long nowNanos) {
        int index = index(hi, lo);
        return halfOpen <= calm || knownHi[index] == hi && knownLo[index] == lo || strangers.take(nowNanos);
    }

    private static int index(long hi, long lo) {
        return (int) (hi ^ lo ^ lo >>> 32) & KNOWN - 1;
    }
}
