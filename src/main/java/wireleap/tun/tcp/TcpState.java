package wireleap.tun.tcp;

/** The states of RFC 9293 section 3.3.2; LISTEN is the flow table's, DIALLING is ours. */
public enum TcpState {
    /** No connection, or no more. */
    CLOSED,
    /** A SYN was seen and is not answered yet: the upstream is being connected. */
    DIALLING,
    /** A SYN was sent. */
    SYN_SENT,
    /** SYN received, SYN sent; its acknowledgment is awaited. */
    SYN_RECEIVED,
    /** Data both ways. */
    ESTABLISHED,
    /** FIN sent, not acknowledged; the peer may send. */
    FIN_WAIT_1,
    /** FIN sent and acknowledged; the peer may send, for as long as it likes. */
    FIN_WAIT_2,
    /** The peer's FIN came; we may send. */
    CLOSE_WAIT,
    /** FINs both ways, ours not acknowledged, sent before the peer's came. */
    CLOSING,
    /** FINs both ways, ours not acknowledged, sent after the peer's came. */
    LAST_ACK,
    /** All done; a retransmitted FIN is still answered. */
    TIME_WAIT;

    /** Whether data of ours that was never sent, or a FIN, may be sent now. */
    boolean maySend() {
        return this == ESTABLISHED || this == CLOSE_WAIT;
    }

    /** Whether data of the peer may still come. */
    boolean mayReceive() {
        return this == ESTABLISHED || this == FIN_WAIT_1 || this == FIN_WAIT_2;
    }

    /** From ESTABLISHED on, until CLOSED. */
    boolean isSynchronized() {
        return compareTo(ESTABLISHED) >= 0;
    }
}
