package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;

/**
 * One end of a TCP connection (RFC 9293), whose peer is the local kernel. Reusable: each {@code open} begins anew. Owns
 * no bytes; run by the thread of the loop that owns the flow. Times are nanoseconds of a clock that only goes forward.
 *
 * <p>A turn of the loop is: any calls of {@link #onSegment}, {@link #accept} and so on, then one {@link #endOfTurn} for
 * each connection that was touched (or whose source or sink has news). Data is sent there, so that the ACKs of a turn
 * make one burst of full super-segments, and so is the one ACK that a turn owes. After it {@link #closed},
 * {@link #state} and {@link #deadlineNanos} are up to date.
 */
public final class TcpConnection {
    /** The deadline of who has none. */
    public static final long NO_DEADLINE = Long.MAX_VALUE;

    private final Tcb tcb;
    private final SegmentArrival arrival;

    /** A closed connection, of no peer. */
    public TcpConnection(TcpSettings settings, Counters counters) {
        tcb = new Tcb(settings, counters);
        arrival = new SegmentArrival(tcb);
    }

    /** Says, once, what this connection works with. */
    public void bind(TcpSource source, TcpSink sink, TcpOutput output) {
        tcb.bind(source, sink, output);
    }

    /**
     * Begins with a SYN that was received. Nothing is answered until {@link #accept} or {@link #refuse}; retransmitted
     * SYNs are absorbed, and one with another sequence number (the port was used anew) takes its place. Data in a SYN
     * is left to be sent again. The output must know the flow's addresses already.
     *
     * @param syn a segment with SYN and without ACK or RST
     * @param iss our initial sequence number, see {@link Isn}
     */
    public void openPassive(TcpHeader syn, int iss, long nowNanos) {
        tcb.begin(syn.dstPort(), syn.srcPort(), iss, nowNanos);
        tcb.takeSyn(syn, nowNanos);
        tcb.state = TcpState.DIALLING;
    }

    /** Begins by sending a SYN. */
    public void openActive(int localPort, int remotePort, int iss, long nowNanos) {
        tcb.begin(localPort, remotePort, iss, nowNanos);
        tcb.sendSyn(TcpState.SYN_SENT, nowNanos);
    }

    /** The upstream is connected: the SYN is answered. Only while dialling. */
    public void accept(long nowNanos) {
        if (tcb.state != TcpState.DIALLING) {
            throw new AssertionError("accept in state " + tcb.state);
        }
        tcb.sendSyn(TcpState.SYN_RECEIVED, nowNanos);
    }

    /** The upstream refused: the SYN is answered by a reset. Only while dialling. */
    public void refuse(long nowNanos) {
        if (tcb.state != TcpState.DIALLING) {
            throw new AssertionError("refuse in state " + tcb.state);
        }
        abort(nowNanos);
    }

    /** Ends without a packet, in any state: the SYN was answered by an ICMP error, or the place is needed. */
    public void forget() {
        if (!closed()) {
            tcb.close(TcpEnd.ABORTED);
        }
    }

    /**
     * Ends by a reset, in any state (RFC 9293 section 3.10.5).
     *
     * @return whether a reset was sent: in some states there is nothing to end, or nobody to tell
     */
    public boolean abort(long nowNanos) {
        if (tcb.state == TcpState.CLOSED) {
            return false;
        }
        boolean tells = tcb.state != TcpState.SYN_SENT && tcb.state != TcpState.TIME_WAIT;
        if (tcb.state == TcpState.DIALLING) {
            tcb.writer.refusal();
        } else if (tells) {
            tcb.writer.reset(tcb.sender.bareSegmentPosition(), nowNanos);
        }
        tcb.close(TcpEnd.ABORTED);
        return tells;
    }

    /**
     * A segment of this connection, with a good checksum, has arrived. Whatever it says, nothing is thrown.
     *
     * @param payloadOffset where its payload begins in {@code memory}
     * @param payloadLength in bytes, 0 or more
     */
    public void onSegment(TcpHeader segment, MemorySegment memory, long payloadOffset, int payloadLength,
                          long nowNanos) {
        arrival.arrives(segment, memory, payloadOffset, payloadLength, nowNanos);
    }

    /** The source has bytes or has ended, or the sink has room: sends what may be sent, a window update included. */
    public void pump(long nowNanos) {
        tcb.pump(nowNanos);
    }

    /** Does what {@link #pump} does, and then sends the ACK that is owed, if no data carried it. */
    public void endOfTurn(long nowNanos) {
        tcb.pump(nowNanos);
        if (tcb.state.isSynchronized() && tcb.receiver.delayedAck.isDueAtEndOfTurn(nowNanos)) {
            tcb.acknowledge(nowNanos);
        }
    }

    /** Does what is due by now; may be called early or late. Includes {@link #endOfTurn}. */
    public void onTimer(long nowNanos) {
        switch (tcb.state) {
            case CLOSED, DIALLING -> { }
            case SYN_SENT, SYN_RECEIVED -> onHandshakeTimer(nowNanos);
            default -> onSynchronizedTimer(nowNanos);
        }
        endOfTurn(nowNanos);
    }

    private void onHandshakeTimer(long nowNanos) {
        if (!tcb.sender.timer.isDue(nowNanos)) {
            return;
        }
        if (tcb.sender.timer.mustGiveUp(nowNanos)) {
            tcb.giveUp(nowNanos);
            return;
        }
        tcb.counters.increment(Counter.TCP_RETRANSMIT_SYN);
        tcb.sender.onSynTimeout(nowNanos);
        tcb.writer.syn(tcb.state == TcpState.SYN_RECEIVED, nowNanos);
    }

    private void onSynchronizedTimer(long nowNanos) {
        if (tcb.receiver.delayedAck.isTimerDue(nowNanos)) {
            tcb.receiver.delayedAck.onTimer();
        }
        if (nowNanos >= tcb.timeWaitNanos) {
            tcb.close(TcpEnd.CLEAN);
        } else if (tcb.sender.timer.isDue(nowNanos)) {
            onRetransmitTimer(nowNanos);
        } else if (nowNanos >= tcb.sender.recovery.reorderDeadlineNanos()) {
            tcb.sender.onReorderTimeout(nowNanos);
        } else if (tcb.sender.probe.isDue(nowNanos)) {
            tcb.sender.onProbeTimeout(tcb.state.maySend(), nowNanos);
        } else if (tcb.sender.persist.isDue(nowNanos)) {
            onPersistTimer(nowNanos);
        }
        if (!closed() && nowNanos >= tcb.keepAlive.deadlineNanos()) {
            onKeepAliveTimer(nowNanos);
        }
    }

    /** A closed window is no reason to give up as long as the peer answers (RFC 9293 section 3.8.6.1). */
    private void onRetransmitTimer(long nowNanos) {
        boolean answers = tcb.sender.isWindowClosed() && !tcb.keepAlive.isSilent(nowNanos);
        if (tcb.sender.timer.mustGiveUp(nowNanos) && !answers) {
            tcb.giveUp(nowNanos);
        } else {
            tcb.sender.onRetransmitTimeout(nowNanos);
        }
    }

    private void onPersistTimer(long nowNanos) {
        if (tcb.sender.persist.mustGiveUp(nowNanos) && tcb.keepAlive.isSilent(nowNanos)) {
            tcb.giveUp(nowNanos);
        } else {
            tcb.sender.onPersistTimeout(nowNanos);
        }
    }

    private void onKeepAliveTimer(long nowNanos) {
        if (!tcb.keepAlive.isProbeDue(nowNanos) || !tcb.sender.isIdle()) {
            return;
        }
        if (tcb.keepAlive.mustGiveUp()) {
            tcb.giveUp(nowNanos);
        } else {
            tcb.counters.increment(Counter.TCP_KEEP_ALIVE_PROBE);
            tcb.sender.probe(nowNanos);
        }
    }

    /** When {@link #onTimer} must be called at the latest, or {@link #NO_DEADLINE}. */
    public long deadlineNanos() {
        return switch (tcb.state) {
            case CLOSED, DIALLING -> NO_DEADLINE;
            case SYN_SENT, SYN_RECEIVED -> tcb.sender.timer.deadlineNanos();
            case TIME_WAIT -> Math.min(tcb.timeWaitNanos, tcb.receiver.delayedAck.deadlineNanos());
            default -> Math.min(tcb.sender.deadlineNanos(),
                    Math.min(tcb.receiver.delayedAck.deadlineNanos(), tcb.keepAlive.deadlineNanos()));
        };
    }

    /**
     * Whether a SYN for this connection's four ends begins a new one, because this one is only in TIME-WAIT and the SYN
     * is younger than all of it (RFC 9293 section 3.6.1, RFC 6191). Then open anew with {@link #successorIss}.
     */
    public boolean yieldsTo(TcpHeader syn) {
        return tcb.state == TcpState.TIME_WAIT && syn.has(TcpHeader.SYN) && !syn.has(TcpHeader.ACK | TcpHeader.RST)
                && (tcb.receiver.position(syn.seq()) > tcb.receiver.rcvNxt()
                || tcb.timestamps.isYounger(syn.options()));
    }

    /** An initial sequence number above all that this connection has used. */
    public int successorIss() {
        return SequenceNumbers.toSequence(tcb.sender.iss(), tcb.sender.sndNxt()) + 0x10000;
    }

    /** Where the connection stands. */
    public TcpState state() {
        return tcb.state;
    }

    /** Whether it is over, so that the object may be used for another. */
    public boolean closed() {
        return tcb.state == TcpState.CLOSED;
    }

    /** How it ended; NOT_YET unless {@link #closed}. */
    public TcpEnd end() {
        return tcb.end;
    }

    /** Position of the first byte that the peer has not acknowledged; -1 before the SYN is. */
    public long sndUna() {
        return tcb.sender.sndUna();
    }

    /** Position after the last byte sent, FIN included. */
    public long sndNxt() {
        return tcb.sender.sndNxt();
    }

    /** Position up to which the peer takes bytes. */
    public long sndWindowEdge() {
        return tcb.sender.windowEdge();
    }

    /**
     * How many new bytes may be sent now at the most: what the peer's window and the congestion window leave room for,
     * 0 where no data may be sent. Less may be sent (the rest of a silly window waits), and by a timer, as a probe, a
     * segment more.
     */
    public long sendableBytes() {
        return tcb.state.maySend() && !tcb.sender.finSent() ? tcb.sender.sendableBytes() : 0;
    }

    /** Position of the next byte expected, after the FIN if that has come; -1 before a SYN. */
    public long rcvNxt() {
        return tcb.receiver.rcvNxt();
    }

    /** The smoothed round trip time in nanoseconds, 0 before one was measured. */
    public long rttNanos() {
        return tcb.sender.timer.rtt.srttNanos();
    }

    /** The retransmission timeout in nanoseconds, with its doublings. */
    public long rtoNanos() {
        return tcb.sender.timer.rtoNanos();
    }

    /** The congestion window in bytes, 0 before the connection is established. */
    public long cwndBytes() {
        return tcb.sender.recovery.congestion().cwndBytes();
    }
}
