package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
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

    private final Core core;
    private final DatagramOutput output;
    private final SessionTable<UdpFlow> table;
    private final Pool<UdpFlow> idle;
    private final UdpHeader header = new UdpHeader();
    private final DatagramMeta meta = new DatagramMeta();
    /** Where in the slab datagrams are received. */
    private final long scratch;

    UdpFlows(Core core, DatagramOutput output, SipHash hash) {
        this.core = core;
        this.output = output;
        StackSettings settings = core.settings;
        this.table = new SessionTable<>(settings.maxSessions(), settings.maxSessionsPerClient(),
                settings.sessionIdleNanos(), settings.dnsIdleNanos(), hash);
        this.idle = new Pool<>(() -> new UdpFlow(core, this), IDLE_FLOWS);
        this.scratch = core.slab.allocate(DatagramSession.RECEIVE_BYTES);
        if (scratch < 0) {
            throw new AssertionError("no room for 64 KiB in a slab of " + core.slab.capacityBytes() + " bytes");
        }
    }

    /**
     * A UDP datagram, or a super-datagram of many, in a packet that is no fragment.
     *
     * @param trusted whether its checksum need not be verified
     * @param segmentBytes payload of each datagram but the last; 0: it is one
     */
    void onDatagram(IpPacket packet, boolean trusted, int segmentBytes, long nowNanos) {
        if (!header.wrap(packet.memory(), packet.payloadOffset(), packet.payloadLength()) || header.srcPort() == 0
                || header.dstPort() == 0) {
            core.counters.increment(Counter.DROP_UDP_HEADER);
        } else if (!trusted && !header.intact(packet)) {
            core.counters.increment(Counter.DROP_UDP_CHECKSUM);
        } else if (core.settings.isSelf(packet.dstHi(), packet.dstLo())) {
            core.icmp.error(IcmpError.PORT_UNREACHABLE, packet, nowNanos);
        } else {
            UdpFlow flow = table.find(packet.srcHi(), packet.srcLo(), header.srcPort());
            if (flow == null) {
                flow = open(packet, nowNanos);
            }
            if (flow != null) {
                send(flow, packet, segmentBytes, nowNanos);
            }
        }
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
            close(victim);
        }
        core.counters.increment(Counter.UDP_SESSIONS_OPENED);
        UdpFlow flow = idle.take();
        flow.of(packet.srcHi(), packet.srcLo(), header.srcPort(), nowNanos);
        table.add(flow);
        if (!flow.open(nowNanos)) {
            core.counters.increment(Counter.UDP_SESSIONS_REFUSED);
            core.icmp.error(IcmpError.PORT_UNREACHABLE, packet, nowNanos);
            close(flow);
            return null;
        }
        return flow;
    }

    private void send(UdpFlow flow, IpPacket packet, int segmentBytes, long nowNanos) {
        int length = header.payloadLength();
        int piece = segmentBytes > 0 ? segmentBytes : Math.max(1, length);
        if (length > (long) piece * MAX_SEGMENTS) {
            core.counters.increment(Counter.DROP_UDP_HEADER);
            return;
        }
        table.sent(flow, header.dstPort(), nowNanos);
        flow.keepAlive();
        int done = 0;
        do {
            int result = flow.send(packet.dstHi(), packet.dstLo(), header.dstPort(), packet.memory(),
                    header.payloadOffset() + done, Math.min(piece, length - done));
            if (result < 0) {
                lost(packet, result, nowNanos);
            }
            done += piece;
        } while (done < length);
    }

    private void lost(IpPacket packet, int socketError, long nowNanos) {
        core.counters.increment(Counter.DATAGRAMS_UP_LOST);
        IcmpError error = errorFor(socketError);
        if (error != null) {
            core.icmp.error(error, packet, nowNanos);
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

    /** Takes one datagram from the upstream to the client; false: there was none. */
    boolean receive(UdpFlow flow, DatagramSession session, long nowNanos) {
        MemorySegment memory = core.slab.memory();
        int length = session.recv(meta, memory, scratch, DatagramSession.RECEIVE_BYTES);
        if (length < 0) {
            return length != SocketError.AGAIN;
        }
        boolean sameFamily = IpWriter.isIpv4(meta.hi(), meta.lo()) == IpWriter.isIpv4(flow.clientHi(), flow.clientLo());
        if (sameFamily && meta.port() != 0 && output.send(meta, flow, memory, length)) {
            core.counters.increment(Counter.DATAGRAMS_DOWN);
            table.received(flow, nowNanos);
        } else {
            core.counters.increment(Counter.DATAGRAMS_DOWN_LOST);
        }
        return true;
    }

    /** Passes on what the network said about datagrams of a session. */
    void tellUnreachable(UdpFlow flow, DatagramSession session, long nowNanos) {
        for (int error = session.unreachable(meta); error != SocketError.AGAIN; error = session.unreachable(meta)) {
            IcmpError told = errorFor(error);
            if (told != null) {
                flow.tellUnreachable(told, meta.hi(), meta.lo(), meta.port(), 0, nowNanos);
            }
        }
    }

    /** The client's kernel says that nobody listens at the client's port any more. */
    void onClientGone(long clientHi, long clientLo, int clientPort) {
        UdpFlow flow = table.find(clientHi, clientLo, clientPort);
        if (flow != null) {
            close(flow);
        }
    }

    long deadlineNanos(UdpFlow flow) {
        return table.deadlineNanos(flow);
    }

    void close(UdpFlow flow) {
        table.remove(flow);
        flow.end();
        idle.give(flow);
    }

    void close() {
        for (UdpFlow flow = table.oldest(); flow != null; flow = table.oldest()) {
            close(flow);
        }
        core.slab.free(scratch, DatagramSession.RECEIVE_BYTES);
    }

    int sessions() {
        return table.size();
    }
}
