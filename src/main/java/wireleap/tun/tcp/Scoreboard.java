package wireleap.tun.tcp;

/**
 * What the peer has reported to hold beyond the acknowledged (RFC 2018), by byte range, however segments were cut.
 * Blocks that are not beyond it (D-SACK, RFC 2883) or cannot be true are ignored, and so is one for which there is no
 * room: that costs at most a retransmission.
 */
final class Scoreboard {
    /** Duplicate segments that mean a loss (RFC 5681 section 3.2). */
    private static final int DUP_THRESH = 3;

    private final RangeSet sacked = new RangeSet(32);

    void clear() {
        sacked.clear();
    }

    boolean isEmpty() {
        return sacked.isEmpty();
    }

    /** Takes in a block; true if it says anything new. */
    boolean add(long left, long right, long sndUna, long sndNxt) {
        boolean credible = left > sndUna && left < right && right <= sndNxt;
        return credible && !sacked.containsAll(left, right) && sacked.add(left, right);
    }

    /** Everything before sndUna is acknowledged. */
    void acknowledged(long sndUna) {
        if (!sacked.isEmpty()) {
            sacked.removeBelow(sndUna);
        }
    }

    long sackedBytes() {
        return sacked.total();
    }

    /** How many bytes of [from, to) the peer is not known to hold. */
    long missingBytes(long from, long to) {
        return from >= to ? 0 : to - from - sacked.overlap(from, to);
    }

    /** The first position from {@code from} on that the peer is not known to hold. */
    long holeStart(long from) {
        return sacked.firstAbsent(from);
    }

    /** Where the hole that begins at {@code from} ends, at most {@code limit}. */
    long holeEnd(long from, long limit) {
        return sacked.firstPresent(from, limit);
    }

    /**
     * What is not reported below this position is lost, by IsLost of RFC 6675 section 4: three ranges, or more than two
     * segments' bytes, have been reported above. At most {@code sndUna} if nothing is lost.
     */
    long lostBelow(long sndUna, int mss) {
        long bytesAbove = 0;
        int rangesAbove = 0;
        for (int i = sacked.size() - 1; i >= 0; i--) {
            bytesAbove += sacked.right(i) - sacked.left(i);
            rangesAbove++;
            if (bytesAbove > (DUP_THRESH - 1) * (long) mss || rangesAbove >= DUP_THRESH) {
                return sacked.left(i);
            }
        }
        return sndUna;
    }
}
