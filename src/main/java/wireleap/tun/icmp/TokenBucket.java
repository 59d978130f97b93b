package wireleap.tun.icmp;

/**
 * Lets at most {@code perSecond} things a second happen in the long run, and {@code burst} at once (RFC 4443 section
 * 2.4 f). Kept as one number: how long the bucket would need to be full again.
 */
public final class TokenBucket {
    private static final long SECOND_NANOS = 1_000_000_000L;

    private final long tokenNanos;
    private final long mostDebtNanos;
    /** The time until the bucket is full again, seen from {@link #seenNanos}; 0: it is full. */
    private long debtNanos;
    private long seenNanos;

    /**
     * A full bucket.
     *
     * @param burst 1 or more
     * @param perSecond 1..1,000,000,000
     */
    public TokenBucket(int burst, int perSecond) {
        this.tokenNanos = SECOND_NANOS / perSecond;
        this.mostDebtNanos = tokenNanos * (burst - 1);
    }

    /** Takes a token; false: there is none. Time never goes back between two calls. */
    public boolean take(long nowNanos) {
        if (debtNanos > 0) {
            debtNanos = Math.max(0, debtNanos - (nowNanos - seenNanos));
        }
        seenNanos = nowNanos;
        if (debtNanos > mostDebtNanos) {
            return false;
        }
        debtNanos += tokenNanos;
        return true;
    }
}
