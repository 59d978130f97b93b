package wireleap.tun.tcp;

import static wireleap.tun.tcp.TcpConnection.NO_DEADLINE;

import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.TcpHeader;

/** The transmission control block (RFC 9293 section 3.3.1): a connection's state and parts, and how states change. */
final class Tcb {
    final TcpSettings settings;
    final Counters counters;
    final Agreement agreement;
    final Timestamps timestamps = new Timestamps();
    final Receiver receiver;
    final SegmentWriter writer;
    final Sender sender;
    final KeepAlive keepAlive;
    final ChallengeAcks challengeAcks = new ChallengeAcks();
    TcpState state = TcpState.CLOSED;
    TcpEnd end = TcpEnd.NOT_YET;
    /** When TIME-WAIT is over; NO_DEADLINE in all other states. */
    long timeWaitNanos = NO_DEADLINE;

    Tcb(TcpSettings settings, Counters counters) {
        this.settings = settings;
        this.counters = counters;
        this.agreement = new Agreement(settings);
        this.receiver = new Receiver(settings, counters);
        this.writer = new SegmentWriter(agreement, timestamps, receiver);
        this.sender = new Sender(settings, agreement, timestamps, writer, counters);
        this.keepAlive = new KeepAlive(settings);
    }

    void bind(TcpSource source, TcpSink sink, TcpOutput output) {
        receiver.bind(sink);
        writer.bind(output);
        sender.bind(source);
    }

    /** A connection begins, nothing is known of the peer. */
    void begin(int localPort, int remotePort, int iss, long nowNanos) {
        writer.begin(localPort, remotePort, iss);
        agreement.offer();
        receiver.begin(writer.ourMss(), agreement.rcvScale);
        sender.begin(iss);
        timestamps.begin(iss);
        challengeAcks.begin(nowNanos);
        keepAlive.begin(nowNanos);
        end = TcpEnd.NOT_YET;
        timeWaitNanos = NO_DEADLINE;
    }

    /** The peer's SYN has come. */
    void takeSyn(TcpHeader syn, long nowNanos) {
        agreement.take(syn.options());
        receiver.onSyn(syn.seq());
        receiver.window.scale(agreement.rcvScale);
        if (agreement.timestamps) {
            timestamps.enable(syn.options().tsVal(), nowNanos);
        }
    }

    /** Sends SYN or SYN-ACK for the first time. */
    void sendSyn(TcpState next, long nowNanos) {
        state = next;
        writer.syn(next == TcpState.SYN_RECEIVED, nowNanos);
        sender.onSynSent(nowNanos);
    }

    /** Sends what may be sent, and tells of a window that has opened. */
    void pump(long nowNanos) {
        if (!state.isSynchronized() || state == TcpState.TIME_WAIT) {
            return;
        }
        sender.pump(state.maySend(), nowNanos);
        if (sender.finSent()) {
            onFinSent();
        }
        if (state.mayReceive() && receiver.isWindowUpdateDue()) {
            acknowledge(nowNanos);
        }
    }

    void acknowledge(long nowNanos) {
        writer.ack(sender.bareSegmentPosition(), nowNanos);
    }

    /** Answers what cannot be accepted by an ACK that tells the peer where we are (RFC 5961). */
    void challenge(long nowNanos) {
        if (challengeAcks.permit(nowNanos)) {
            counters.increment(Counter.TCP_CHALLENGE_ACK);
            acknowledge(nowNanos);
        } else {
            counters.increment(Counter.TCP_CHALLENGE_ACK_WITHHELD);
        }
    }

    /** Answers a segment that fits no handshake by a reset (RFC 9293 sections 3.10.7.2 to 3.10.7.4). */
    void rejectHandshake(TcpHeader segment, int payloadLength) {
        if (writer.resetReply(segment, payloadLength)) {
            counters.increment(Counter.TCP_RESET_BAD_HANDSHAKE);
        }
    }

    /** The connection is over. */
    void close(TcpEnd how) {
        state = TcpState.CLOSED;
        end = how;
        timeWaitNanos = NO_DEADLINE;
    }

    /** The peer does not answer any more. */
    void giveUp(long nowNanos) {
        counters.increment(Counter.TCP_GIVEN_UP);
        if (state != TcpState.SYN_SENT) {
            writer.reset(sender.bareSegmentPosition(), nowNanos);
        }
        close(TcpEnd.TIMED_OUT);
    }

    void onFinSent() {
        if (state == TcpState.ESTABLISHED) {
            state = TcpState.FIN_WAIT_1;
        } else if (state == TcpState.CLOSE_WAIT) {
            state = TcpState.LAST_ACK;
        }
    }

    void onFinAcknowledged(long nowNanos) {
        if (state == TcpState.FIN_WAIT_1) {
            state = TcpState.FIN_WAIT_2;
        } else if (state == TcpState.CLOSING) {
            timeWait(nowNanos);
        } else if (state == TcpState.LAST_ACK) {
            close(TcpEnd.CLEAN);
        }
    }

    void onFinReceived(long nowNanos) {
        if (state == TcpState.ESTABLISHED) {
            state = TcpState.CLOSE_WAIT;
        } else if (state == TcpState.FIN_WAIT_1) {
            state = TcpState.CLOSING;
        } else if (state == TcpState.FIN_WAIT_2) {
            timeWait(nowNanos);
        }
    }

    /** Begins TIME-WAIT, or begins it anew. */
    void timeWait(long nowNanos) {
        state = TcpState.TIME_WAIT;
        timeWaitNanos = nowNanos + settings.timeWaitNanos();
    }
}
