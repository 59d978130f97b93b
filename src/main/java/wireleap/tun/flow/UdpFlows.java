package wireleap.tun.flow;

import wireleap.tun.icmp.IcmpError;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Pool;
import wireleap.tun.mem.SipHash;
import wireleap.tun.udp.SessionTable;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.UdpHeader;

/** All UDP sessions of a stack: finds the session of a datagram, opens and counts them, passes errors on. */
final class UdpFlows {
    private static final int IDLE_FLOWS = 1 << 10;
    /** What the kernel cuts a super-datagram into at most: UDP_MAX_SEGMENTS of linux/udp.h. */
    private static final int MAX_SEGMENTS = 128;

    /** So much of a turn is a session's share: as many times is received, unless it is so many bytes before. */
    private static final int RECEIPTS_A_TURN = 32;
    private static final int BYTES_A_TURN = 256 << 10;
    private static final int ERRORS_A_TURN = 32;

    private final Core core;
    private final DatagramOutput output;
    private final SessionTable<UdpFlow> table;
    private final Pool<UdpFlow> idle;
    private final UdpHeader header = new UdpHeader();
    private long opened;
    private final DatagramMeta meta = new DatagramMeta();
    private final DatagramTrain train;
    private final AnswerTrain answers;

    UdpFlows(Core core, DatagramOutput output, SipHash hash) {
        this.core = core;
        this.output = output;
        StackSettings settings = core.settings;
        this.table = new SessionTable<>(settings.maxSessions(), settings.maxSessionsPerClient(),
                settings.sessionIdleNanos(), settings.dnsIdleNanos(), hash);
        this.idle = new Pool<>(() -> new UdpFlow(core, this), IDLE_FLOWS);
        this.train = new DatagramTrain(core.slab);
        this.answers = new AnswerTrain(core.slab);
    }

    /**
     * A UDP datagram, or a super-datagram of many, in a packet that is no fragment.
     *
     * @param trusted whether its checksum need not be verified
     * @param segmentBytes payload of each datagram but the last; 0: it is one
     * @param mayFragment whether it may become fragments on its way
     */
    void onDatagram(IpPacket packet, boolean trusted, int segmentBytes, boolean mayFragment, long nowNanos) {
        if (!header.wrap(packet.memory(), packet.payloadOffset(), packet.payloadLength()) || header.srcPort() == 0
                || header.dstPort() == 0) {
            core.counters.increment(Counter.DROP_UDP_HEADER);
        } else if (!trusted && !header.intact(packet)) {
            core.counters.increment(Counter.DROP_UDP_CHECKSUM);
        } else if (segmentBytes > 0 && header.payloadLength() > (long) segmentBytes * MAX_SEGMENTS) {
            core.counters.increment(Counter.DROP_UDP_HEADER);
        } else if (core.settings.isSelf(packet.dstHi(), packet.dstLo())) {
            core.counters.increment(Counter.DROP_UDP_TO_SELF);
            core.icmp.error(IcmpError.PORT_UNREACHABLE, packet, nowNanos);
        } else if (core.ownership.giveToSession(packet, packet.srcHi(), packet.srcLo(), header.srcPort(), segmentBytes,
                mayFragment)) {
            return;
        } else if (core.dns.takes(packet, header.dstPort(), nowNanos)) {
            core.dns.onDatagram(packet, header, segmentBytes, nowNanos);
        } else {
            UdpFlow flow = table.find(packet.srcHi(), packet.srcLo(), header.srcPort());
            if (flow == null && mayOpen(packet, nowNanos)) {
                flow = open(packet, nowNanos);
            }
            if (flow != null && flow.comesBack(nowNanos)) {
                refuseLoop(packet, nowNanos);
            } else if (flow != null) {
                sendOn(flow, packet, segmentBytes, mayFragment, nowNanos);
            }
        }
    }

    private boolean mayOpen(IpPacket packet, long nowNanos) {
        LoopBreaker.Verdict verdict =
                core.breaker.judge(packet.dstHi(), packet.dstLo(), header.dstPort(), nowNanos);
        if (verdict == LoopBreaker.Verdict.WAIT) {
            core.counters.increment(Counter.DROP_LOOP_SUSPECTED);
        } else if (verdict == LoopBreaker.Verdict.REFUSE) {
            refuseLoop(packet, nowNanos);
        }
        return verdict == LoopBreaker.Verdict.ADMIT;
    }

    private void refuseLoop(IpPacket packet, long nowNanos) {
        core.counters.increment(Counter.DROP_UDP_LOOP);
        core.icmp.error(IcmpError.ADMIN_PROHIBITED, packet, nowNanos);
    }

    /** Null: the upstream carries no datagrams, and the client is told so. */
    private UdpFlow open(IpPacket packet, long nowNanos) {
        if (!core.upstream.carriesDatagrams(nowNanos)) {
            core.counters.increment(Counter.UDP_SESSIONS_REFUSED);
            core.icmp.error(IcmpError.PORT_UNREACHABLE, packet, nowNanos);
            return null;
        }
        UdpFlow victim = table.victim(packet.srcHi(), packet.srcLo());
        if (victim != null) {
            core.counters.increment(Counter.UDP_SESSIONS_EVICTED);
            close(victim, nowNanos);
        }
        core.counters.increment(Counter.UDP_SESSIONS_OPENED);
        UdpFlow flow = idle.take();
        flow.of(packet.srcHi(), packet.srcLo(), header.srcPort(), ++opened, nowNanos);
        flow.enter(packet.dstHi(), packet.dstLo(), header.dstPort(), nowNanos);
        table.add(flow);
        if (!flow.open(nowNanos)) {
            core.counters.increment(Counter.UDP_SESSIONS_REFUSED);
            core.icmp.error(IcmpError.PORT_UNREACHABLE, packet, nowNanos);
            close(flow, nowNanos);
            return null;
        }
        return flow;
    }

    private void sendOn(UdpFlow flow, IpPacket packet, int segmentBytes, boolean mayFragment, long nowNanos) {
        try {
            send(flow, packet, segmentBytes, mayFragment, nowNanos);
        } catch (Throwable bug) {
            abandon(flow, bug);
            throw bug;
        }
    }

    private void send(UdpFlow flow, IpPacket packet, int segmentBytes, boolean mayFragment, long nowNanos) {
        int length = header.payloadLength();
        int piece = segmentBytes > 0 ? segmentBytes : Math.max(1, length);
        table.sent(flow, header.dstPort(), nowNanos);
        flow.keepAlive();
        if (length == piece && DatagramTrain.takes(length) && flow.isOpen()) {
            gather(flow, packet, length, mayFragment, nowNanos);
        } else {
            train.leave(nowNanos);
            flow.send(packet.dstHi(), packet.dstLo(), header.dstPort(), packet.memory(), header.payloadOffset(), length,
                    piece, mayFragment, nowNanos);
        }
    }

    private void gather(UdpFlow flow, IpPacket packet, int length, boolean mayFragment, long nowNanos) {
        while (!train.add(flow, packet.dstHi(), packet.dstLo(), header.dstPort(), mayFragment, packet.memory(),
                header.payloadOffset(), length)) {
            train.leave(nowNanos);
        }
    }

    /** After a batch of packets: what was gathered goes on. */
    void endOfTurn(long nowNanos) {
        train.leave(nowNanos);
    }

    /** Tells a client why its datagram to this target could not be sent. */
    void tellLost(UdpFlow flow, DatagramSession session, int socketError, long hi, long lo, int port, long nowNanos) {
        if (socketError == SocketError.MESSAGE_SIZE) {
            tellUnreachable(flow, session, port, nowNanos);
            return;
        }
        IcmpError error = errorFor(socketError);
        if (error != null) {
            flow.tell(error, hi, lo, port, nowNanos);
        }
    }

    /** The ICMP error of that name; null: none, the datagram is just lost. */
    private static IcmpError errorFor(int socketError) {
        return switch (socketError) {
            case SocketError.REFUSED -> IcmpError.PORT_UNREACHABLE;
            case SocketError.HOST_UNREACHABLE -> IcmpError.HOST_UNREACHABLE;
            case SocketError.NET_UNREACHABLE, SocketError.ADDRESS_GONE -> IcmpError.NET_UNREACHABLE;
            case SocketError.NO_PERMISSION -> IcmpError.ADMIN_PROHIBITED;
            default -> null;
        };
    }

    /** Takes a share of what has come from the upstream to the client; false: that was all. */
    boolean receive(UdpFlow flow, DatagramSession session, long nowNanos) {
        boolean more = true;
        int bytes = 0;
        for (int i = 0; more && i < RECEIPTS_A_TURN && bytes < BYTES_A_TURN; i++) {
            if (answers.room() < 0) {
                pass(flow, nowNanos);
            }
            int length = session.recv(meta, answers.memory(), answers.room(), DatagramSession.RECEIVE_BYTES);
            more = length != SocketError.AGAIN;
            if (length >= 0) {
                bytes += length;
                if (core.dns.isResolver(meta)) {
                    pass(flow, nowNanos);
                    core.dns.pass(meta, flow, answers.memory(), length);
                    table.received(flow, nowNanos);
                } else if (!answers.add(meta, length)) {
                    pass(flow, nowNanos);
                    answers.begin(meta, length);
                }
            }
        }
        pass(flow, nowNanos);
        return more;
    }

    /** Sends what was gathered of answers to the client. */
    private void pass(UdpFlow flow, long nowNanos) {
        if (answers.count() == 0) {
            return;
        }
        DatagramMeta from = answers.from();
        boolean sameFamily = IpWriter.isIpv4(from.hi(), from.lo()) == IpWriter.isIpv4(flow.clientHi(), flow.clientLo());
        if (!sameFamily || from.port() == 0) {
            core.counters.add(Counter.DATAGRAMS_DOWN_FOREIGN, answers.count());
        } else if (!output.send(from, flow, answers.memory(), answers.length(), answers.segmentBytes())) {
            core.counters.add(Counter.DATAGRAMS_DOWN_TOO_LARGE, answers.count());
        } else {
            core.counters.add(Counter.DATAGRAMS_DOWN, answers.count());
            flow.delivered(answers.length(), nowNanos);
            table.received(flow, nowNanos);
        }
        answers.clear();
    }

    /**
     * Passes on a share of what the network said about datagrams of a session.
     *
     * @param sentPort the port of a datagram that could not be sent just now; 0: there is none
     * @return false: that was all
     */
    boolean tellUnreachable(UdpFlow flow, DatagramSession session, int sentPort, long nowNanos) {
        for (int i = 0; i < ERRORS_A_TURN; i++) {
            int error = session.unreachable(meta);
            if (error == SocketError.AGAIN) {
                return false;
            }
            core.dns.restoreTarget(meta, flow);
            int port = meta.port() == 0 ? sentPort : meta.port();
            IcmpError told = errorFor(error);
            if (told != null) {
                flow.tell(told, meta.hi(), meta.lo(), port, nowNanos);
            } else if (error == SocketError.MESSAGE_SIZE) {
                flow.tellTooBig(meta.mtu(), meta.hi(), meta.lo(), port, nowNanos);
            }
        }
        return true;
    }

    /** The client's kernel says that nobody listens at the client's port any more. */
    void onClientGone(long clientHi, long clientLo, int clientPort, long nowNanos) {
        UdpFlow flow = table.find(clientHi, clientLo, clientPort);
        if (flow != null) {
            core.counters.increment(Counter.UDP_SESSIONS_CLIENT_GONE);
            close(flow, nowNanos);
        }
    }

    long deadlineNanos(UdpFlow flow) {
        return table.deadlineNanos(flow);
    }

    /** Ends a flow; what was gathered, of whomever, goes on before. */
    void close(UdpFlow flow, long nowNanos) {
        train.leave(nowNanos);
        end(flow);
    }

    private void end(UdpFlow flow) {
        table.remove(flow);
        flow.end();
        idle.give(flow);
    }

    /** A bug of ours has struck this flow: it ends, so that it does not fail again and again; the exception goes on. */
    void abandon(UdpFlow flow, Throwable bug) {
        answers.clear();
        core.counters.add(Counter.DATAGRAMS_UP_UNSENT, train.drop(flow));
        try {
            if (flow.isInUse()) {
                end(flow);
            }
        } catch (Throwable another) {
            if (another != bug) {
                bug.addSuppressed(another);
            }
        }
    }

    void close(long nowNanos) {
        for (UdpFlow flow = table.oldest(); flow != null; flow = table.oldest()) {
            close(flow, nowNanos);
        }
        train.close();
        answers.close();
    }

    /** Puts more sessions down; true: that was all. */
    boolean copy(FlowPage page) {
        return page.walk(table.slots(), table::at, flow -> flow.show(page));
    }

    int sessions() {
        return table.size();
    }
}
