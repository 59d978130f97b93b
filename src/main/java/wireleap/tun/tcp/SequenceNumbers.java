package wireleap.tun.tcp;

/**
 * Sequence numbers on the wire and positions inside (see the package): the arithmetic of RFC 9293 section 3.4. A
 * position is found as the one nearest to another that is known, so windows stay below 2^30 (RFC 7323 section 2.3).
 */
final class SequenceNumbers {
    private SequenceNumbers() {}

    /** The sequence number of a position; position -1, the SYN, has the initial one. */
    static int toSequence(int initial, long position) {
        return initial + 1 + (int) position;
    }

    /** The position of a sequence number that is within 2^31 of a position near it. */
    static long toPosition(int initial, int sequence, long near) {
        return near + (sequence - toSequence(initial, near));
    }
}
