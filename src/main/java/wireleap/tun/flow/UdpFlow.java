package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.icmp.IcmpError;
import wireleap.tun.mem.Counter;
import wireleap.tun.udp.PendingDatagrams;
import wireleap.tun.udp.UdpSession;
import wireleap.tun.upstream.DatagramOwner;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.UdpHeader;

/**
 * A UDP session and its way through the upstream: what the client's port sends goes to any target, what comes back from
 * anywhere goes to the client. Pooled by {@link UdpFlows}.
 */
final class UdpFlow extends UdpSession implements DatagramOwner, Timer.Target, Turn.Target {
    /** So much of a turn is a session's share. */
    private static final int DATAGRAMS_A_TURN = 32;

    private final Core core;
    private final UdpFlows flows;
    private final Timer timer = new Timer(this);
    private final Turn.Place turn = new Turn.Place(this);
    private final PendingDatagrams pending;
    /** Null: out of use. */
    private DatagramSession session;
    private boolean mayRead;

    UdpFlow(Core core, UdpFlows flows) {
        this.core = core;
        this.flows = flows;
        this.pending = new PendingDatagrams(core.slab);
    }

    /** Says whose session it is. */
    void of(long clientHi, long clientLo, int clientPort, long nowNanos) {
        begin(clientHi, clientLo, clientPort, nowNanos);
    }

    /** Asks the upstream; false: it refused at once, and the flow is to be closed. */
    boolean open(long nowNanos) {
        mayRead = false;
        session = core.upstream.datagrams(!IpWriter.isIpv4(clientHi(), clientLo()), this, nowNanos);
        core.wheel.scheduleBy(timer, flows.deadlineNanos(this));
        return session.refusal() == Refusal.NONE;
    }

    /**
     * Sends a datagram of the client; while the upstream is being asked, keeps it if there is room.
     *
     * @return the result of sending, see {@link SocketError}; AGAIN: lost
     */
    int send(long hi, long lo, int port, MemorySegment memory, long offset, int length) {
        if (!session.isOpen()) {
            return pending.keep(hi, lo, port, memory, offset, length) ? length : SocketError.AGAIN;
        }
        int sent = session.send(hi, lo, port, memory, offset, length);
        if (sent >= 0) {
            core.counters.increment(Counter.DATAGRAMS_UP);
        }
        return sent;
    }

    /** The session's time begins anew, at the latest when the timer fires. */
    void keepAlive() {
        core.wheel.scheduleBy(timer, flows.deadlineNanos(this));
    }

    @Override
    public void onOpened(long nowNanos) {
        while (pending.next()) {
            if (send(pending.hi(), pending.lo(), pending.port(), pending.memory(), pending.offset(),
                    pending.length()) < 0) {
                core.counters.increment(Counter.DATAGRAMS_UP_LOST);
            }
        }
        pending.discard();
    }

    @Override
    public void onEnded(long nowNanos) {
        while (pending.next()) {
            core.counters.increment(Counter.DATAGRAMS_UP_LOST);
            tellUnreachable(IcmpError.PORT_UNREACHABLE, pending.hi(), pending.lo(), pending.port(), pending.length(),
                    nowNanos);
        }
        flows.close(this);
    }

    @Override
    public void onReady(int events, long nowNanos) {
        if ((events & LinkOwner.FAILED) != 0) {
            flows.tellUnreachable(this, session, nowNanos);
        }
        mayRead |= (events & LinkOwner.READABLE) != 0;
        core.turn.add(turn);
    }

    @Override
    public void onTurn(long nowNanos) {
        for (int i = 0; i < DATAGRAMS_A_TURN && mayRead && session != null; i++) {
            mayRead = flows.receive(this, session, nowNanos);
        }
        if (mayRead && session != null) {
            core.turn.add(turn);
        }
    }

    @Override
    public void onTimer(long nowNanos) {
        long deadlineNanos = flows.deadlineNanos(this);
        if (deadlineNanos <= nowNanos) {
            flows.close(this);
        } else {
            core.wheel.scheduleBy(timer, deadlineNanos);
        }
    }

    /** A datagram to this target came to nothing. */
    void tellUnreachable(IcmpError error, long hi, long lo, int port, int length, long nowNanos) {
        if (IpWriter.isIpv4(hi, lo) == IpWriter.isIpv4(clientHi(), clientLo())) {
            long udpStart = (long) clientPort() << 48 | (long) port << 32 | (UdpHeader.BYTES + length & 0xffffL) << 16;
            core.icmp.error(error, clientHi(), clientLo(), hi, lo, UdpHeader.PROTOCOL, udpStart, nowNanos);
        }
    }

    /** Gives everything back. */
    void end() {
        core.wheel.cancel(timer);
        pending.discard();
        session.close();
        session = null;
    }
}
