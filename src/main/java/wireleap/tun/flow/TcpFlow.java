package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.icmp.IcmpError;
import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.KeyTable;
import wireleap.tun.tcp.TcpConnection;
import wireleap.tun.tcp.TcpEnd;
import wireleap.tun.tcp.TcpSettings;
import wireleap.tun.tcp.TcpState;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStream;
import wireleap.tun.wire.TcpHeader;

/**
 * One TCP flow: a connection to the client and a stream of the upstream, spliced. What either end does is done to the
 * other: a FIN is passed on as one, and so is a reset; but what the upstream sent before it failed is delivered
 * first, and is then followed by a reset, never by a FIN. A client that has closed cleanly before all of its bytes
 * were taken upstream is gone from the table while the rest is still on its way: as long as the upstream takes some.
 *
 * <p>Pooled by {@link TcpFlows}, which owns it and hears of its end. Its memory lies in the slab.
 */
final class TcpFlow extends KeyTable.Entry implements StreamOwner, Timer.Target, Turn.Target {
    /** How long a flow waits that found no memory to read into. */
    private static final long STARVED_NANOS = 20_000_000;

    /** For so long may an upstream take nothing of what a client has left that is gone. */
    private static final long DRAIN_NANOS = 60_000_000_000L;

    /** Its place in one of the lists of {@link TcpFlows}. */
    final Chain.Link<TcpFlow> link = new Chain.Link<>(this);
    private final Timer timer = new Timer(this);
    private final Turn.Place turn = new Turn.Place(this);
    private final Core core;
    private final TcpFlows flows;
    private final TcpConnection connection;
    private final UpDirection up;
    private final PeekDirection peeking;
    /** Null until a stream needs it. */
    private RingDirection ring;
    /** One of the two. */
    private DownDirection down;
    private boolean inUse;
    /** Of this life, of all flows of the stack. */
    private long number;
    private long openedNanos;
    /** Null: gone, because it is done or broken. */
    private UpstreamStream stream;
    private boolean connected;
    /** Where it is counted as one that has heard nothing yet. */
    private int unheard = LoopBreaker.NOWHERE;
    /** Both ends of the connection have closed, whatever becomes of its TIME-WAIT. */
    private boolean closedCleanly;
    /** The connection is over, but the stream goes on. */
    private boolean draining;
    /** How much the upstream had taken when that was last looked at. */
    private long drainedTo;
    /** What an ICMP error quotes of the SYN: both ports and the sequence number. */
    private long synStart;

    TcpFlow(Core core, TcpFlows flows, SegmentOutput output, TcpSettings tcpSettings) {
        this.core = core;
        this.flows = flows;
        this.connection = new TcpConnection(tcpSettings, core.counters);
        this.up = new UpDirection(core.slab, core.counters);
        this.peeking = new PeekDirection(core.hot, core.counters);
        this.down = peeking;
        ClientSide client = new ClientSide(this, output);
        connection.bind(client, up, client);
    }

    /** The key of a flow between these ends. */
    static long ports(int client, int target) {
        return (long) client << 16 | target;
    }

    /** Says whose flow it is. */
    void between(long clientHi, long clientLo, int clientPort, long targetHi, long targetLo, int targetPort,
                 long number) {
        this.number = number;
        key(clientHi, clientLo, targetHi, targetLo, ports(clientPort, targetPort));
    }

    long clientHi() {
        return key0();
    }

    long clientLo() {
        return key1();
    }

    long targetHi() {
        return key2();
    }

    long targetLo() {
        return key3();
    }

    /** Begins with a SYN: the key is set and the flow in its lists, which it may leave again before this returns. */
    void open(TcpHeader syn, int iss, long nowNanos) {
        try {
            begin(syn, iss, nowNanos);
        } catch (Throwable bug) {
            abandon(bug, nowNanos);
            throw bug;
        }
    }

    private void begin(TcpHeader syn, int iss, long nowNanos) {
        inUse = true;
        openedNanos = nowNanos;
        connected = false;
        closedCleanly = false;
        draining = false;
        quote(syn);
        up.begin(core.settings.maxRingBytes());
        down.begin(null);
        connection.openPassive(syn, iss, nowNanos);
        unheard = core.breaker.enters(targetHi(), targetLo(), (int) key4() & 0xffff, nowNanos);
        stream = core.dns.open(targetHi(), targetLo(), (int) key4() & 0xffff, this, nowNanos);
        if (stream.refusal() != Refusal.NONE) {
            refuse(nowNanos);
        } else if (core.settings.earlyAccept()) {
            connection.accept(nowNanos);
            core.turn.add(turn);
        }
    }

    private void quote(TcpHeader syn) {
        synStart = key4() << 32 | Integer.toUnsignedLong(syn.seq());
    }

    void onSegment(TcpHeader segment, MemorySegment memory, long payloadOffset, int payloadLength, long nowNanos) {
        try {
            if (connection.state() == TcpState.DIALLING && segment.has(TcpHeader.SYN)) {
                quote(segment); // the port may have been used anew
            }
            connection.onSegment(segment, memory, payloadOffset, payloadLength, nowNanos);
            if (connection.closed()) {
                settle(nowNanos);
            } else {
                core.turn.add(turn);
            }
        } catch (Throwable bug) {
            abandon(bug, nowNanos);
            throw bug;
        }
    }

    @Override
    public void onConnected(long nowNanos) {
        try {
            join(nowNanos);
        } catch (Throwable bug) {
            abandon(bug, nowNanos);
            throw bug;
        }
    }

    private void join(long nowNanos) {
        connected = true;
        if (core.upstream.tellsConnected()) {
            hear(nowNanos);
        }
        up.open(stream);
        down = stream.peeks() ? peeking : ring();
        down.begin(stream);
        if (connection.state() == TcpState.DIALLING) {
            connection.accept(nowNanos);
        }
        core.turn.add(turn);
    }

    private void hear(long nowNanos) {
        if (unheard != LoopBreaker.NOWHERE) {
            core.breaker.hears(unheard, nowNanos);
            unheard = LoopBreaker.NOWHERE;
        }
    }

    private RingDirection ring() {
        if (ring == null) {
            ring = new RingDirection(core.slab, core.counters, core.settings.maxRingBytes());
        }
        return ring;
    }

    @Override
    public void onRefused(long nowNanos) {
        try {
            refuse(nowNanos);
        } catch (Throwable bug) {
            abandon(bug, nowNanos);
            throw bug;
        }
    }

    private void refuse(long nowNanos) {
        Refusal refusal = stream.refusal();
        stream.close();
        stream = null;
        IcmpError error = errorFor(refusal);
        if (connection.state() == TcpState.DIALLING && error != null && core.icmp.error(error, clientHi(), clientLo(),
                targetHi(), targetLo(), TcpHeader.PROTOCOL, synStart, nowNanos)) {
            connection.forget();
        } else {
            reset(Counter.TCP_RESET_REFUSED, nowNanos);
        }
        settle(nowNanos);
    }

    /** The ICMP error of that name; null: a reset says it. */
    private static IcmpError errorFor(Refusal refusal) {
        return switch (refusal) {
            case NET_UNREACHABLE -> IcmpError.NET_UNREACHABLE;
            case HOST_UNREACHABLE -> IcmpError.HOST_UNREACHABLE;
            case NOT_ALLOWED -> IcmpError.ADMIN_PROHIBITED;
            case TTL_EXPIRED -> IcmpError.HOP_LIMIT_EXCEEDED;
            case NONE, REFUSED, TIMED_OUT, NOT_SUPPORTED, FAILED -> null;
        };
    }

    @Override
    public void onReady(int events, long nowNanos) {
        if ((events & (LinkOwner.READABLE | LinkOwner.FAILED)) != 0) {
            down.readable();
        }
        if ((events & (LinkOwner.READABLE | LinkOwner.FAILED)) == LinkOwner.READABLE) {
            hear(nowNanos);
        }
        if ((events & (LinkOwner.WRITABLE | LinkOwner.FAILED)) != 0) {
            up.writable();
        }
        core.turn.add(turn);
    }

    @Override
    public void onTurn(long nowNanos) {
        if (!inUse) {
            return;
        }
        try {
            serve(nowNanos);
        } catch (Throwable bug) {
            abandon(bug, nowNanos);
            throw bug;
        }
    }

    private void serve(long nowNanos) {
        if (connected && stream != null) {
            up.flush();
            if (up.hasFailed()) {
                down.readable(); // what was sent before is there to be read, then the failure
            }
            if (isEstablished()) { // a half-open flow owns no ring
                down.fetch(connection.sndNxt() + connection.sendableBytes());
            }
        }
        connection.endOfTurn(nowNanos);
        settle(nowNanos);
    }

    @Override
    public void onTimer(long nowNanos) {
        try {
            if (draining) {
                onDrainTimer(nowNanos);
            } else {
                connection.onTimer(nowNanos);
            }
            serve(nowNanos);
        } catch (Throwable bug) {
            abandon(bug, nowNanos);
            throw bug;
        }
    }

    private void onDrainTimer(long nowNanos) {
        if (up.taken() == drainedTo) {
            core.counters.increment(Counter.TCP_DRAIN_TIMED_OUT);
            breakStream();
        } else {
            watchDrain(nowNanos);
        }
    }

    private void watchDrain(long nowNanos) {
        draining = true;
        drainedTo = up.taken();
        core.wheel.schedule(timer, nowNanos + DRAIN_NANOS);
    }

    /** A bug of ours has struck this flow: it ends, so that it does not fail again and again; the exception goes on. */
    private void abandon(Throwable bug, long nowNanos) {
        try {
            if (inUse) {
                abort(Counter.TCP_RESET_BUG, nowNanos);
            }
        } catch (Throwable another) {
            if (another != bug) {
                bug.addSuppressed(another);
            }
        }
    }

    /** Resets both ends; the cause is counted. */
    void abort(Counter cause, long nowNanos) {
        breakStream();
        reset(cause, nowNanos);
        settle(nowNanos);
    }

    private void reset(Counter cause, long nowNanos) {
        if (connection.abort(nowNanos)) {
            core.counters.increment(cause);
        }
    }

    /** Ends TIME-WAIT before its time. What the client sent is still on its way, if need be. */
    void endTimeWait(long nowNanos) {
        core.counters.increment(Counter.TCP_TIME_WAIT_CUT);
        closedCleanly = true;
        connection.forget();
        settle(nowNanos);
    }

    void show(FlowPage page) {
        page.add(number, connection.state().ordinal(), clientHi(), clientLo(), (int) (key4() >>> 16), targetHi(),
                targetLo(), (int) key4() & 0xffff, openedNanos, up.taken(), down.acknowledged(), up.held(), down.held());
    }

    TcpConnection connection() {
        return connection;
    }

    DownDirection down() {
        return down;
    }

    private boolean isEstablished() {
        return connection.state().compareTo(TcpState.ESTABLISHED) >= 0;
    }

    /** Draws the conclusions of what has happened; the flow may be another's after this. */
    private void settle(long nowNanos) {
        if (down.settle()) {
            core.turn.add(turn);
        }
        settleStream();
        if (down.hasFailed() && down.isEmpty()) {
            reset(Counter.TCP_RESET_UPSTREAM_FAILED, nowNanos);
        }
        if (connection.closed()) {
            settleClosed(nowNanos);
        } else {
            settleOpen(nowNanos);
        }
    }

    /** A stream that holds bytes which the client has not acknowledged must live on. */
    private void settleStream() {
        if (down.hasFailed()) {
            breakUp();
        }
        if (stream == null || down.needsStream()) {
            return;
        }
        if (down.hasFailed()) {
            breakStream();
        } else if (down.hasEnded() && up.isDone()) {
            stream.close();
            forgetStream();
        }
    }

    private void settleOpen(long nowNanos) {
        if (connection.state() == TcpState.TIME_WAIT) {
            closedCleanly = true;
            flows.isInTimeWait(this);
        } else if (connected && isEstablished()) {
            flows.isEstablished(this);
        }
        core.wheel.scheduleBy(timer, Math.min(connection.deadlineNanos(),
                down.isStarved() ? nowNanos + STARVED_NANOS : Long.MAX_VALUE));
    }

    /**
     * The connection is over. The stream goes on only where a client has closed cleanly and its bytes are on their
     * way.
     */
    private void settleClosed(long nowNanos) {
        flows.isClosed(this);
        boolean clean = closedCleanly || connection.end() == TcpEnd.CLEAN;
        if (!clean || up.hasFailed()) {
            breakStream();
        }
        if (stream == null) {
            core.wheel.cancel(timer);
            leavePlace();
            up.discard();
            down.discard();
            inUse = false;
            flows.recycle(this);
        } else if (!draining) {
            watchDrain(nowNanos);
        }
    }

    private void leavePlace() {
        if (unheard != LoopBreaker.NOWHERE) {
            core.breaker.leaves(unheard);
            unheard = LoopBreaker.NOWHERE;
        }
    }

    /** Gives a stream back that can do no more, if there is one. What it was to be sent is lost. */
    private void breakStream() {
        if (stream != null) {
            stream.reset();
            forgetStream();
            breakUp();
        }
    }

    /** The upstream takes nothing any more. */
    private void breakUp() {
        up.release();
        up.fail();
    }

    private void forgetStream() {
        stream = null;
        up.release();
        down.release();
    }
}
