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
    /** What a page has of a session in place of a state of TCP's. */
    static final int OPEN = -1;
    private static final int OPENING = -2;

    private final Core core;
    private final UdpFlows flows;
    private final Timer timer = new Timer(this);
    private final Turn.Place turn = new Turn.Place(this);
    private final PendingDatagrams pending;
    private boolean inUse;
    /** Of this life, of all sessions of the stack. */
    private long number;
    private long openedNanos;
    /** Where the last datagram went; all 0: there was none. */
    private long targetHi;
    private long targetLo;
    private int targetPort;
    private long bytesUp;
    private long bytesDown;
    /** Null: out of use, or none could be made. */
    private DatagramSession session;
    /** Where it is counted as one that has heard nothing yet. */
    private int unheard = LoopBreaker.NOWHERE;
    private boolean mayRead;
    /** Whether the network may have said something about what was sent. */
    private boolean mayHear;

    UdpFlow(Core core, UdpFlows flows) {
        this.core = core;
        this.flows = flows;
        this.pending = new PendingDatagrams(core.slab);
    }

    /** Says whose session it is. */
    void of(long clientHi, long clientLo, int clientPort, long number, long nowNanos) {
        begin(clientHi, clientLo, clientPort, nowNanos);
        this.number = number;
        openedNanos = nowNanos;
        targetHi = 0;
        targetLo = 0;
        targetPort = 0;
        bytesUp = 0;
        bytesDown = 0;
    }

    /** Asks the upstream; false: it refused at once, and the flow is to be closed. */
    boolean open(long nowNanos) {
        try {
            mayRead = false;
            mayHear = false;
            inUse = true;
            session = core.upstream.datagrams(!IpWriter.isIpv4(clientHi(), clientLo()), this, nowNanos);
            core.wheel.scheduleBy(timer, flows.deadlineNanos(this));
            return session.refusal() == Refusal.NONE;
        } catch (Throwable bug) {
            flows.abandon(this, bug);
            throw bug;
        }
    }

    /** Whether it is between its beginning and its end. */
    boolean isInUse() {
        return inUse;
    }

    /** Whether what is sent goes on at once. */
    boolean isOpen() {
        return session.isOpen();
    }

    /**
     * Sends datagrams of the client to one target; while the upstream is being asked, keeps them if there is room. What
     * comes to nothing is counted, and the client told why.
     *
     * @param length bytes in all
     * @param segmentBytes of each but the last, which may be shorter; 1 or more
     * @param mayFragment whether they may become fragments on their way
     */
    void send(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes,
              boolean mayFragment, long nowNanos) {
        try {
            sendAll(hi, lo, port, memory, offset, length, segmentBytes, mayFragment, nowNanos);
        } catch (Throwable bug) {
            flows.abandon(this, bug);
            throw bug;
        }
    }

    private void sendAll(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes,
                         boolean mayFragment, long nowNanos) {
        int done = 0;
        targetHi = hi;
        targetLo = lo;
        targetPort = port;
        do {
            int left = length - done;
            int sent = session.isOpen()
                    ? core.dns.send(session, this, hi, lo, port, memory, offset + done, left, segmentBytes, mayFragment)
                    : keep(hi, lo, port, memory, offset + done, Math.min(left, segmentBytes), mayFragment, nowNanos);
            if (sent < 0) {
                flows.tellLost(this, session, sent, hi, lo, port, nowNanos);
                if (sent == SocketError.MESSAGE_SIZE && !mayFragment && !IpWriter.isIpv4(hi, lo)) {
                    // A sender may cut (RFC 8200 section 5), and here that is us. The client's kernel may not heed what
                    // it was told: it learns of the route for its TUN address, and asks the one for none [seen on 6.18].
                    sendAll(hi, lo, port, memory, offset + done, left, segmentBytes, true, nowNanos);
                } else {
                    core.counters.add(lossOf(sent), datagrams(left, segmentBytes));
                }
                return;
            }
            if (session.isOpen()) {
                core.counters.add(Counter.DATAGRAMS_UP, datagrams(sent, segmentBytes));
                bytesUp += sent;
            }
            done += sent;
        } while (done < length);
    }

    private int keep(long hi, long lo, int port, MemorySegment memory, long offset, int length, boolean mayFragment,
                     long nowNanos) {
        boolean kept = pending.keep(hi, lo, port, mayFragment, memory, offset, length)
                || core.dns.takesInstead(this, hi, lo, port, memory, offset, length, nowNanos);
        return kept ? length : SocketError.AGAIN;
    }

    /** Where datagrams are counted that could not be sent. */
    private static Counter lossOf(int socketError) {
        return switch (socketError) {
            case SocketError.AGAIN -> Counter.DATAGRAMS_UP_NO_ROOM;
            case SocketError.MESSAGE_SIZE -> Counter.DATAGRAMS_UP_TOO_LARGE;
            default -> Counter.DATAGRAMS_UP_FAILED;
        };
    }

    /** How many datagrams so many bytes are; none is one too. */
    private static int datagrams(int length, int segmentBytes) {
        return Math.max(1, (length + segmentBytes - 1) / segmentBytes);
    }

    /** Its first datagram goes to this target. */
    void enter(long hi, long lo, int port, long nowNanos) {
        unheard = core.breaker.enters(hi, lo, port, nowNanos);
    }

    /** Whether what it sends is known to come back. */
    boolean comesBack(long nowNanos) {
        return core.breaker.isRefused(unheard, nowNanos);
    }

    /** So many bytes went to the client. */
    void delivered(int bytes, long nowNanos) {
        bytesDown += bytes;
        if (unheard != LoopBreaker.NOWHERE) {
            core.breaker.hears(unheard, nowNanos);
            unheard = LoopBreaker.NOWHERE;
        }
    }

    void show(FlowPage page) {
        page.add(number, session.isOpen() ? OPEN : OPENING, clientHi(), clientLo(), clientPort(), targetHi, targetLo,
                targetPort, openedNanos, bytesUp, bytesDown, pending.usedBytes(), 0);
    }

    /** The session's time begins anew, at the latest when the timer fires. */
    void keepAlive() {
        core.wheel.scheduleBy(timer, flows.deadlineNanos(this));
    }

    @Override
    public void onOpened(long nowNanos) {
        try {
            sendPending(nowNanos);
        } catch (Throwable bug) {
            flows.abandon(this, bug);
            throw bug;
        }
    }

    private void sendPending(long nowNanos) {
        while (pending.next()) {
            send(pending.hi(), pending.lo(), pending.port(), pending.memory(), pending.offset(), pending.length(),
                    Math.max(1, pending.length()), pending.mayFragment(), nowNanos);
        }
        pending.discard();
    }

    @Override
    public void onEnded(long nowNanos) {
        try {
            endWithUpstream(nowNanos);
        } catch (Throwable bug) {
            flows.abandon(this, bug);
            throw bug;
        }
    }

    private void endWithUpstream(long nowNanos) {
        core.counters.increment(Counter.UDP_SESSIONS_UPSTREAM_ENDED);
        while (pending.next()) {
            if (!core.dns.takesInstead(this, pending.hi(), pending.lo(), pending.port(), pending.memory(),
                    pending.offset(), pending.length(), nowNanos)) {
                core.counters.increment(Counter.DATAGRAMS_UP_UNSENT);
                tell(IcmpError.PORT_UNREACHABLE, pending.hi(), pending.lo(), pending.port(), nowNanos);
            }
        }
        flows.close(this, nowNanos);
    }

    @Override
    public void onReady(int events, long nowNanos) {
        mayHear |= (events & LinkOwner.FAILED) != 0;
        mayRead |= (events & LinkOwner.READABLE) != 0;
        core.turn.add(turn);
    }

    @Override
    public void onTurn(long nowNanos) {
        try {
            serve(nowNanos);
        } catch (Throwable bug) {
            flows.abandon(this, bug);
            throw bug;
        }
    }

    private void serve(long nowNanos) {
        if (session == null) {
            return;
        }
        mayHear = mayHear && flows.tellUnreachable(this, session, 0, nowNanos);
        mayRead = mayRead && flows.receive(this, session, nowNanos);
        if (mayRead || mayHear) {
            core.turn.add(turn);
        }
    }

    @Override
    public void onTimer(long nowNanos) {
        long deadlineNanos = flows.deadlineNanos(this);
        if (deadlineNanos <= nowNanos) {
            core.counters.increment(Counter.UDP_SESSIONS_IDLE);
            flows.close(this, nowNanos);
        } else {
            core.wheel.scheduleBy(timer, deadlineNanos);
        }
    }

    /** A datagram to this target came to nothing. */
    void tell(IcmpError error, long hi, long lo, int port, long nowNanos) {
        if (IpWriter.isIpv4(hi, lo) == IpWriter.isIpv4(clientHi(), clientLo())) {
            core.icmp.error(error, clientHi(), clientLo(), hi, lo, UdpHeader.PROTOCOL, udpStart(port), nowNanos);
        }
    }

    /** A datagram to this target was larger than its way allows, IP header included. */
    void tellTooBig(int allowedBytes, long hi, long lo, int port, long nowNanos) {
        if (allowedBytes > 0 && IpWriter.isIpv4(hi, lo) == IpWriter.isIpv4(clientHi(), clientLo())) {
            core.icmp.packetTooBig(allowedBytes, clientHi(), clientLo(), hi, lo, UdpHeader.PROTOCOL, udpStart(port),
                    nowNanos);
        }
    }

    /** The UDP header that errors quote: its ports are what the client's kernel looks at. */
    private long udpStart(int port) {
        return (long) clientPort() << 48 | (long) port << 32 | UdpHeader.BYTES << 16;
    }

    /** Gives everything back. */
    void end() {
        core.wheel.cancel(timer);
        while (pending.next()) {
            core.counters.increment(Counter.DATAGRAMS_UP_UNSENT);
        }
        pending.discard();
        if (session != null) {
            session.close();
            session = null;
        }
        if (unheard != LoopBreaker.NOWHERE) {
            core.breaker.leaves(unheard);
            unheard = LoopBreaker.NOWHERE;
        }
        inUse = false;
    }
}
