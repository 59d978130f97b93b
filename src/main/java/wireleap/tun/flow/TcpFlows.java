package wireleap.tun.flow;

import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Gauge;
import wireleap.tun.mem.KeyTable;
import wireleap.tun.mem.Pool;
import wireleap.tun.mem.SipHash;
import wireleap.tun.tcp.Isn;
import wireleap.tun.tcp.ResetReply;
import wireleap.tun.tcp.TcpSettings;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.TcpHeader;

/** All TCP flows of a stack: finds the flow of a segment, opens and counts them, keeps to the limits. */
final class TcpFlows {
    private static final int IDLE_FLOWS = 1 << 10;
    /** With more than this share of the half-open flows that may be, strangers have to wait. */
    private static final int CALM_SHARE = 16;

    private final Core core;
    private final SegmentOutput output;
    private final Isn isn;
    private final Doorkeeper door;
    private final KeyTable<TcpFlow> table;
    private final Pool<TcpFlow> idle;
    private final TcpHeader header = new TcpHeader();
    private long opened;
    /** Target or client have not answered yet. */
    private final Chain<TcpFlow> halfOpen = new Chain<>();
    private final Chain<TcpFlow> established = new Chain<>();
    private final Chain<TcpFlow> timeWait = new Chain<>();
    /** In no table any more: the client is gone, its last bytes are on their way. */
    private final Chain<TcpFlow> draining = new Chain<>();

    TcpFlows(Core core, SegmentOutput output, SipHash hash, Isn isn) {
        this.core = core;
        this.output = output;
        this.isn = isn;
        TcpSettings settings = TcpSettings.forLocalPeer().withMaxWindowBytes(core.settings.maxRingBytes());
        this.door = new Doorkeeper(core.settings.maxHalfOpen() / CALM_SHARE, core.ownership.loops());
        this.table = new KeyTable<>(core.settings.maxFlows(), hash);
        this.idle = new Pool<>(() -> new TcpFlow(core, this, output, settings), IDLE_FLOWS);
    }

    /**
     * A TCP segment, in a packet that is no fragment.
     *
     * @param trusted whether its checksum need not be verified
     */
    void onSegment(IpPacket packet, boolean trusted, long nowNanos) {
        if (!header.wrap(packet.memory(), packet.payloadOffset(), packet.payloadLength())) {
            core.counters.increment(Counter.DROP_TCP_HEADER);
            return;
        }
        if (!trusted && !Checksum.transportIntact(packet)) {
            core.counters.increment(Counter.DROP_TCP_CHECKSUM);
            return;
        }
        TcpFlow flow = table.find(packet.srcHi(), packet.srcLo(), packet.dstHi(), packet.dstLo(),
                TcpFlow.ports(header.srcPort(), header.dstPort()));
        if (flow == null) {
            onStray(packet, nowNanos);
        } else if (flow.connection().yieldsTo(header)) {
            int iss = flow.connection().successorIss();
            flow.endTimeWait(nowNanos);
            admit(packet, iss, nowNanos);
        } else {
            flow.onSegment(header, packet.memory(), header.payloadOffset(), header.payloadLength(), nowNanos);
        }
    }

    /** A segment of no flow here: a SYN opens one, if it may; anything else is answered by a reset where it is of none. */
    private void onStray(IpPacket packet, long nowNanos) {
        boolean opens = header.has(TcpHeader.SYN) && !header.has(TcpHeader.ACK | TcpHeader.RST | TcpHeader.FIN);
        if (!opens) {
            if (core.ownership.giveOn(packet)) {
                return;
            }
            core.counters.increment(Counter.TCP_NO_FLOW);
            reset(packet, Counter.TCP_RESET_SENT_NO_FLOW);
        } else if (core.settings.isSelf(packet.dstHi(), packet.dstLo()) || header.dstPort() == 0) {
            reset(packet, Counter.TCP_RESET_TO_SELF);
        } else if (!door.admits(packet.srcHi(), packet.srcLo(), halfOpen.size(), nowNanos)) {
            core.counters.increment(Counter.DROP_TCP_STRANGER);
        } else {
            judge(packet, nowNanos);
        }
    }

    private void judge(IpPacket packet, long nowNanos) {
        switch (core.breaker.judge(packet.dstHi(), packet.dstLo(), header.dstPort(), nowNanos)) {
            case WAIT -> core.counters.increment(Counter.DROP_LOOP_SUSPECTED);
            case REFUSE -> reset(packet, Counter.TCP_RESET_LOOP);
            case ADMIT -> admit(packet, isn.next(packet.dstHi(), packet.dstLo(), header.dstPort(), packet.srcHi(), packet.srcLo(),
                    header.srcPort(), nowNanos), nowNanos);
        }
    }

    private void admit(IpPacket packet, int iss, long nowNanos) {
        Counter obstacle = makeRoom(nowNanos);
        if (obstacle == null) {
            open(packet, iss, nowNanos);
        } else {
            reset(packet, obstacle);
        }
    }

    /** Why no other flow may begin, or null: it may. TIME-WAIT and the oldest half-open flow make room for it. */
    private Counter makeRoom(long nowNanos) {
        if (core.slab.isScarce()) {
            return Counter.TCP_RESET_NO_MEMORY;
        }
        if (flows() >= core.settings.maxFlows() && timeWait.size() > 0) {
            timeWait.oldest().endTimeWait(nowNanos);
        }
        if (halfOpen.size() >= core.settings.maxHalfOpen()) {
            halfOpen.oldest().abort(Counter.TCP_HALF_OPEN_EVICTED, nowNanos);
        }
        return flows() < core.settings.maxFlows() ? null : Counter.TCP_RESET_TABLE_FULL;
    }

    private void open(IpPacket packet, int iss, long nowNanos) {
        core.counters.increment(Counter.TCP_FLOWS_OPENED);
        TcpFlow flow = idle.take();
        flow.between(packet.srcHi(), packet.srcLo(), header.srcPort(), packet.dstHi(), packet.dstLo(),
                header.dstPort(), ++opened);
        table.add(flow);
        halfOpen.add(flow.link);
        flow.open(header, iss, nowNanos);
    }

    private void reset(IpPacket packet, Counter cause) {
        long at = output.begin(packet.dstHi(), packet.dstLo(), packet.srcHi(), packet.srcLo());
        int bytes = ResetReply.write(header, header.payloadLength(), output.headers(), at);
        if (bytes > 0) {
            core.counters.increment(cause);
            output.send(bytes, 0, packet.memory(), 0, 0, 0, 0);
        }
    }

    void resetMatching(AddressFilter filter, long nowNanos) {
        resetMatching(halfOpen, filter, Counter.TCP_RESET_BYPASSED, nowNanos);
        resetMatching(established, filter, Counter.TCP_RESET_BYPASSED, nowNanos);
    }

    private static void resetMatching(Chain<TcpFlow> flows, AddressFilter filter, Counter cause, long nowNanos) {
        for (TcpFlow flow = flows.oldest(); flow != null; ) {
            TcpFlow next = flow.link.younger();
            if (filter.matches(flow.targetHi(), flow.targetLo())) {
                flow.abort(cause, nowNanos);
            }
            flow = next;
        }
    }

    void close(long nowNanos) {
        resetAll(halfOpen, nowNanos);
        resetAll(established, nowNanos);
        resetAll(timeWait, nowNanos);
        resetAll(draining, nowNanos);
    }

    private static void resetAll(Chain<TcpFlow> flows, long nowNanos) {
        resetMatching(flows, (hi, lo) -> true, Counter.TCP_RESET_STOPPED, nowNanos);
    }

    /** All flows, those included whose client is gone. */
    int flows() {
        return table.size() + draining.size();
    }

    /** Puts more flows down, but for those whose client is gone; true: that was all. */
    boolean copy(FlowPage page) {
        return page.walk(table.slots(), table::at, flow -> flow.show(page));
    }

    /** Shows how many flows there are in each state. */
    void show(Counters counters) {
        counters.show(Gauge.FLOWS_HALF_OPEN, halfOpen.size());
        counters.show(Gauge.FLOWS_ESTABLISHED, established.size());
        counters.show(Gauge.FLOWS_TIME_WAIT, timeWait.size());
        counters.show(Gauge.FLOWS_DRAINING, draining.size());
    }

    // what flows tell of themselves

    void isEstablished(TcpFlow flow) {
        if (flow.link.isIn(halfOpen)) {
            established.add(flow.link);
            door.know(flow.clientHi(), flow.clientLo());
        }
    }

    void isInTimeWait(TcpFlow flow) {
        if (!flow.link.isIn(timeWait)) {
            timeWait.add(flow.link);
        }
    }

    /** Its connection is over: the client may use its port anew. */
    void isClosed(TcpFlow flow) {
        table.remove(flow);
        if (!flow.link.isIn(draining)) {
            draining.add(flow.link);
        }
    }

    void recycle(TcpFlow flow) {
        flow.link.leave();
        idle.give(flow);
    }
}
