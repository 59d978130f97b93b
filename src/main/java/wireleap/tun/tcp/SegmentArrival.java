package wireleap.tun.tcp;

import static wireleap.tun.wire.TcpHeader.ACK;
import static wireleap.tun.wire.TcpHeader.FIN;
import static wireleap.tun.wire.TcpHeader.RST;
import static wireleap.tun.wire.TcpHeader.SYN;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.wire.TcpHeader;

/**
 * What a segment that arrives does: RFC 9293 section 3.10.7, with RFC 5961's answers to resets, SYNs and ACKs that an
 * outsider may have made, and RFC 7323's timestamps. ECN bits and urgent pointers change nothing: urgent data is data.
 */
final class SegmentArrival {
    private final Tcb tcb;

    SegmentArrival(Tcb tcb) {
        this.tcb = tcb;
    }

    void arrives(TcpHeader segment, MemorySegment memory, long payloadOffset, int payloadLength, long nowNanos) {
        switch (tcb.state) {
            case CLOSED -> { }
            case DIALLING -> arrivesWhileDialling(segment, payloadLength, nowNanos);
            case SYN_SENT -> arrivesInSynSent(segment, payloadLength, nowNanos);
            default -> {
                if (isSound(segment, payloadLength, nowNanos)) {
                    proceed(segment, memory, payloadOffset, payloadLength, nowNanos);
                }
            }
        }
    }

    /** Nothing was answered yet, so this is LISTEN (section 3.10.7.2) with a SYN in mind. */
    private void arrivesWhileDialling(TcpHeader segment, int payloadLength, long nowNanos) {
        if (segment.has(RST)) {
            if (tcb.receiver.isNext(tcb.receiver.position(segment.seq()))) {
                resetByPeer();
            } else {
                tcb.counters.increment(Counter.DROP_TCP_SEQUENCE);
            }
        } else if (segment.has(ACK)) {
            tcb.rejectHandshake(segment, payloadLength);
        } else if (segment.has(SYN)) {
            if (tcb.receiver.position(segment.seq()) != -1) {
                tcb.begin(segment.dstPort(), segment.srcPort(), tcb.sender.iss(), nowNanos); // the port is used anew
            } else {
                tcb.counters.increment(Counter.TCP_SYN_ABSORBED);
            }
            tcb.takeSyn(segment, nowNanos);
        } else {
            tcb.counters.increment(Counter.DROP_TCP_FLAGS);
        }
    }

    /** Section 3.10.7.3. Payload of a SYN-ACK is left to be sent again. */
    private void arrivesInSynSent(TcpHeader segment, int payloadLength, long nowNanos) {
        boolean acknowledges = segment.has(ACK);
        if (acknowledges && tcb.sender.position(segment.ack()) != 0) {
            tcb.counters.increment(Counter.DROP_TCP_ACK);
            tcb.rejectHandshake(segment, payloadLength);
        } else if (segment.has(RST)) {
            if (acknowledges) {
                resetByPeer();
            }
        } else if (segment.has(SYN)) {
            tcb.takeSyn(segment, nowNanos);
            tcb.keepAlive.heard(nowNanos);
            if (acknowledges) {
                tcb.sender.onSynAcknowledged(segment, -1, 0, nowNanos);
                tcb.state = TcpState.ESTABLISHED;
                tcb.receiver.delayedAck.hurry();
            } else {
                tcb.state = TcpState.SYN_RECEIVED;
                tcb.writer.syn(true, nowNanos);
            }
        }
    }

    /** Sections 3.10.7.4 first to fifth, up to the ACK: whether the segment may have any effect. */
    private boolean isSound(TcpHeader segment, int payloadLength, long nowNanos) {
        long seq = tcb.receiver.position(segment.seq());
        boolean reset = segment.has(RST);
        int length = payloadLength + (segment.has(SYN) ? 1 : 0) + (segment.has(FIN) ? 1 : 0);
        if (!reset && tcb.timestamps.isOutdated(segment.options(), nowNanos)) {
            tcb.counters.increment(Counter.DROP_TCP_PAWS);
            tcb.challenge(nowNanos);
            return false;
        }
        if (!tcb.receiver.isAcceptable(seq, length)) {
            tcb.receiver.receiveOld(seq, payloadLength);
            onUnacceptable(segment, length, nowNanos);
            return false;
        }
        if (reset) {
            onReset(seq, nowNanos);
            return false;
        }
        if (segment.has(SYN) && !isSynRepeated(segment, seq, nowNanos)) {
            return false;
        }
        if (!segment.has(ACK)) {
            tcb.counters.increment(Counter.DROP_TCP_FLAGS);
            return false;
        }
        return isAckSound(segment, payloadLength, nowNanos);
    }

    private void onUnacceptable(TcpHeader segment, int length, long nowNanos) {
        tcb.counters.increment(Counter.DROP_TCP_SEQUENCE);
        if (segment.has(RST)) {
            return;
        }
        if (length > 0 && !segment.has(SYN)) {
            tcb.receiver.delayedAck.hurry(); // one ACK answers all old duplicates of a turn
        } else {
            tcb.challenge(nowNanos);
        }
        if (segment.has(FIN) && tcb.state == TcpState.TIME_WAIT) {
            tcb.timeWait(nowNanos);
        }
    }

    /**
     * RFC 5961 section 3.2: only a reset that is exactly the next is believed. Deviates: before our FIN is acknowledged
     * it is an error in CLOSING and LAST-ACK too, for the peer may not have got all.
     */
    private void onReset(long seq, long nowNanos) {
        if (!tcb.receiver.isNext(seq)) {
            tcb.challenge(nowNanos);
        } else if (tcb.state == TcpState.TIME_WAIT) {
            tcb.close(TcpEnd.CLEAN);
        } else {
            resetByPeer();
        }
    }

    private void resetByPeer() {
        tcb.counters.increment(Counter.TCP_RESET_RECEIVED);
        tcb.close(TcpEnd.RESET_BY_PEER);
    }

    /**
     * A SYN in the window: the handshake's, repeated, is answered by ours again, and read on if it acknowledges ours
     * (simultaneous open); any other is challenged (RFC 5961 section 4.2).
     */
    private boolean isSynRepeated(TcpHeader segment, long seq, long nowNanos) {
        if (tcb.state != TcpState.SYN_RECEIVED || seq != -1) {
            tcb.challenge(nowNanos);
            return false;
        }
        if (!segment.has(ACK)) {
            tcb.counters.increment(Counter.TCP_RETRANSMIT_SYN);
            tcb.writer.syn(true, nowNanos);
            return false;
        }
        return true;
    }

    private boolean isAckSound(TcpHeader segment, int payloadLength, long nowNanos) {
        long ack = tcb.sender.position(segment.ack());
        boolean handshake = tcb.state == TcpState.SYN_RECEIVED;
        if (handshake ? ack == 0 : tcb.sender.isAcceptable(ack)) {
            return true;
        }
        tcb.counters.increment(Counter.DROP_TCP_ACK);
        if (handshake) {
            tcb.rejectHandshake(segment, payloadLength);
        } else {
            tcb.challenge(nowNanos);
        }
        return false;
    }

    /** Section 3.10.7.4, fifth to eighth: ACK, payload, FIN of a segment that is sound. */
    private void proceed(TcpHeader segment, MemorySegment memory, long payloadOffset, int payloadLength,
                         long nowNanos) {
        long seq = tcb.receiver.position(segment.seq());
        tcb.keepAlive.heard(nowNanos);
        if (tcb.receiver.coversLastAck(seq)) {
            tcb.timestamps.take(segment.options(), nowNanos);
        }
        takeAck(segment, seq, payloadLength, nowNanos);
        boolean fin = segment.has(FIN);
        if (payloadLength == 0 && !fin) {
            return;
        }
        if (tcb.state.mayReceive()) {
            long first = seq + (segment.has(SYN) ? 1 : 0);
            boolean atOnce = tcb.receiver.receive(first, fin, memory, payloadOffset, payloadLength);
            if (atOnce) {
                tcb.acknowledge(nowNanos);
            }
            if (tcb.receiver.finReceived()) {
                tcb.onFinReceived(nowNanos);
            }
        } else {
            tcb.receiver.ignore(seq, payloadLength);
            if (tcb.state == TcpState.TIME_WAIT) {
                tcb.timeWait(nowNanos);
            }
        }
    }

    private void takeAck(TcpHeader segment, long seq, int payloadLength, long nowNanos) {
        long ack = tcb.sender.position(segment.ack());
        if (tcb.state == TcpState.SYN_RECEIVED) {
            tcb.sender.onSynAcknowledged(segment, seq, ack, nowNanos);
            tcb.state = TcpState.ESTABLISHED;
            return;
        }
        boolean bare = payloadLength == 0 && !segment.has(SYN | FIN);
        tcb.sender.onAck(segment, seq, ack, bare, nowNanos);
        if (tcb.sender.finAcknowledged()) {
            tcb.onFinAcknowledged(nowNanos);
        }
    }
}
