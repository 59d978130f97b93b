package wireleap.tun.tcp;

/**
 * How much may be in the network (RFC 5681). The bytes in flight are counted by {@link LossRecovery}, which also says
 * what was lost; an algorithm here only answers with a window. One a connection, reused.
 */
sealed interface CongestionControl permits NewReno {
    /**
     * A connection begins.
     *
     * @param mss bytes of payload in a full segment
     * @param synLost whether a SYN had to be sent again: then the first window is one segment (RFC 6928 section 2)
     */
    void begin(int mss, boolean synLost);

    /**
     * New bytes were acknowledged outside of fast recovery.
     *
     * @param bytes 1 or more; a super-segment's may come at once
     * @param flightBytes what was in flight before
     */
    void onAcknowledged(long bytes, long flightBytes);

    /** A loss was found by duplicate ACKs or SACK. */
    void onLoss(long flightBytes);

    /** The retransmission timer ran out; {@code again}: for the same data as before. */
    void onTimeout(long flightBytes, boolean again);

    /** Keeps the window and threshold of this moment, before a loss is answered. */
    void remember();

    /** There was no loss: what {@link #remember} kept holds again, unless there is more by now. */
    void undo();

    /** What may be in flight, one segment or more. */
    long cwndBytes();

    /** Where slow start ends. */
    long ssthreshBytes();
}
