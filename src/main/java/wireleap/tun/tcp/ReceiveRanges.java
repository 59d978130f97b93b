package wireleap.tun.tcp;

/**
 * What the sink keeps out of order, and the order in which SACK blocks tell of it: what came twice (D-SACK, RFC 2883
 * section 4), then the range of the segment that came last, then those reported before (RFC 2018 section 4).
 */
final class ReceiveRanges {
    /** SACK blocks that fit beside timestamps: 12 + 4 + 3 * 8 = 40 bytes of options. */
    static final int MAX_BLOCKS = 3;
    /** In place of an index: the range that came twice. */
    private static final int TWICE = -1;

    private final RangeSet stored = new RangeSet(16);
    /** A position in each of the ranges that grew last, the youngest first; what is gone is found in none. */
    private final long[] recent = new long[MAX_BLOCKS];
    /** Indexes into stored, as {@link #chooseBlocks} left them. */
    private final int[] blocks = new int[MAX_BLOCKS];
    /** [twiceLeft, twiceRight) came again and was not reported yet; empty if twiceLeft is not below. */
    private long twiceLeft;
    private long twiceRight;

    void clear() {
        stored.clear();
        reportSent();
    }

    /** [from, to) came again; the next segment reports the last such range, with those that it touches. */
    void cameTwice(long from, long to) {
        boolean touches = twiceLeft < twiceRight && from <= twiceRight && twiceLeft <= to;
        twiceLeft = touches ? Math.min(twiceLeft, from) : from;
        twiceRight = touches ? Math.max(twiceRight, to) : to;
    }

    /** A segment with the blocks was sent: a duplicate is reported once. */
    void reportSent() {
        twiceLeft = 0;
        twiceRight = 0;
    }

    boolean isEmpty() {
        return stored.isEmpty();
    }

    /** The end of the last range; only when not empty. */
    long highest() {
        return stored.highest();
    }

    boolean containsAll(long from, long to) {
        return stored.containsAll(from, to);
    }

    /** Whether {@link #add} would find room. */
    boolean hasRoomFor(long from, long to) {
        return stored.hasRoomFor(from, to);
    }

    void add(long from, long to) {
        stored.add(from, to);
        touch(from);
    }

    /** A segment with this position came again: its range is reported first. */
    void touch(long position) {
        System.arraycopy(recent, 0, recent, 1, MAX_BLOCKS - 1);
        recent[0] = position;
    }

    /**
     * All before rcvNxt is in order.
     *
     * @return how far what is stored continues without a gap: rcvNxt or beyond
     */
    long consume(long rcvNxt) {
        if (stored.isEmpty()) {
            return rcvNxt;
        }
        long end = stored.firstAbsent(rcvNxt);
        stored.removeBelow(end);
        return end;
    }

    /** How many SACK blocks the next segment carries, 0..3; they stand in {@link #blockLeft} and blockRight. */
    int chooseBlocks() {
        int count = 0;
        if (twiceLeft < twiceRight) {
            blocks[count++] = TWICE;
        }
        if (stored.isEmpty()) {
            return count;
        }
        for (int i = 0; i < MAX_BLOCKS && count < MAX_BLOCKS; i++) {
            int index = stored.indexOf(recent[i]);
            if (index >= 0 && !isChosen(index, count)) {
                blocks[count++] = index;
            }
        }
        for (int index = stored.size() - 1; index >= 0 && count < MAX_BLOCKS; index--) {
            if (!isChosen(index, count)) {
                blocks[count++] = index;
            }
        }
        return count;
    }

    long blockLeft(int block) {
        return blocks[block] == TWICE ? twiceLeft : stored.left(blocks[block]);
    }

    long blockRight(int block) {
        return blocks[block] == TWICE ? twiceRight : stored.right(blocks[block]);
    }

    private boolean isChosen(int index, int count) {
        for (int i = 0; i < count; i++) {
            if (blocks[i] == index) {
                return true;
            }
        }
        return false;
    }
}
