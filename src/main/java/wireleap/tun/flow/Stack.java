package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.icmp.IcmpError;
import wireleap.tun.icmp.IcmpSender;
import wireleap.tun.icmp.QuotedPacket;
import wireleap.tun.icmp.TokenBucket;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Gauge;
import wireleap.tun.mem.SipHash;
import wireleap.tun.mem.Slab;
import wireleap.tun.tcp.Isn;
import wireleap.tun.upstream.Upstream;
import wireleap.tun.wire.Fragmenter;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.Reassembly;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * The core of a loop: packets of the TUN come in, packets for it go out, flows go to the upstream. Everything of a
 * flow is run here to completion, by the loop's one thread, and in this order a turn: packets and socket events, then
 * {@link #endOfTurn}, then {@link #onTimer} when its time has come.
 *
 * <p>What is received from a client goes on at once; what an event announces is fetched at the end of the turn, a
 * bounded amount for each flow, so that no flow starves another. What is left then makes {@link #deadlineNanos} lie
 * in the past.
 */
public final class Stack {
    private static final int MAX_PARTIAL_DATAGRAMS = 64;
    private static final int MAX_PARTIAL_BYTES = 1 << 20;
    /** RFC 8200 section 4.5 has 60 s, RFC 791 section 3.2 15 s. */
    private static final long REASSEMBLY_NANOS = 30_000_000_000L;
    private static final int ICMP_ERRORS_A_SECOND = 1000;
    private static final int ICMP_ERRORS_AT_ONCE = 100;

    private final Core core;
    private final TcpFlows tcp;
    private final UdpFlows udp;
    private final Reassembly reassembly;
    private final VirtioNetHeader virtio = new VirtioNetHeader();
    private final IpPacket received = new IpPacket();
    private final IpPacket reassembled = new IpPacket();
    private final IcmpMessage message = new IcmpMessage();
    private final QuotedPacket quoted = new QuotedPacket();
    /** The time of the last call. */
    private long lastNanos;

    /**
     * A stack without flows.
     *
     * @param slab where rings, scratch and incomplete datagrams lie, 512 KiB at the least; all is given back by {@link
     *     #close}
     * @param upstream where flows go; closed with the stack
     * @param seed secret, for hashes and sequence numbers
     * @param nowNanos the time, on the clock of all calls to come
     */
    public Stack(StackSettings settings, Slab slab, PacketOutput output, Upstream upstream, Counters counters,
                 long seed, long nowNanos) {
        this(settings, slab, output, upstream, counters, Siblings.NONE, seed, nowNanos);
    }

    /**
     * A stack without flows that is not the only one.
     *
     * @param settings whose limits are this stack's own
     * @param siblings where packets go that are other stacks'
     * @see #Stack(StackSettings, Slab, PacketOutput, Upstream, Counters, long, long) the other parameters
     */
    public Stack(StackSettings settings, Slab slab, PacketOutput output, Upstream upstream, Counters counters,
                 Siblings siblings, long seed, long nowNanos) {
        SipHash secret = new SipHash(seed, ~seed);
        int count = siblings.count();
        int step = Integer.highestOneBit(2 * count - 1);
        Fragmenter fragmenter = new Fragmenter(output, (int) secret.begin().add(0).end() & -step | siblings.self(), step);
        TokenBucket errorLimit = new TokenBucket(ICMP_ERRORS_AT_ONCE / count, ICMP_ERRORS_A_SECOND / count);
        IcmpSender icmp = new IcmpSender(output, fragmenter, errorLimit, counters, settings.mtu(),
                settings.ipv4Self(), settings.ipv6SelfHi(), settings.ipv6SelfLo());
        Isn isn = new Isn(secret.begin().add(1).end(), secret.begin().add(2).end());
        SipHash hash = new SipHash(secret.begin().add(3).end(), secret.begin().add(4).end());
        DatagramOutput datagrams = new DatagramOutput(output, fragmenter, settings.mtu());
        core = new Core(settings, slab, upstream, counters, new TimerWheel(nowNanos), icmp, datagrams, hash,
                new Ownership(siblings, counters));
        tcp = new TcpFlows(core, new SegmentOutput(output, settings.mtu()), hash, isn);
        udp = new UdpFlows(core, datagrams, hash);
        reassembly = new Reassembly(slab, MAX_PARTIAL_DATAGRAMS, MAX_PARTIAL_BYTES, REASSEMBLY_NANOS, counters);
        lastNanos = nowNanos;
        show();
    }

    /**
     * A packet from the TUN, whatever it holds. It is not looked at again after this returns.
     *
     * @param offset where its virtio header begins
     * @param length bytes, the virtio header included
     */
    public void onPacket(MemorySegment memory, long offset, int length, long nowNanos) {
        if (!virtio.wrap(memory, offset, length)) {
            core.counters.increment(Counter.DROP_TRUNCATED);
            return;
        }
        int bytes = length - VirtioNetHeader.BYTES;
        core.counters.increment(Counter.PACKETS_IN);
        core.counters.add(Counter.BYTES_IN, bytes);
        if (virtio.isSuperSegment()) {
            core.counters.increment(Counter.SUPER_SEGMENTS_IN);
        }
        int reason = received.parse(memory, offset + VirtioNetHeader.BYTES, bytes);
        if (reason != IpPacket.OK) {
            core.counters.increment(IpPacket.counter(reason));
        } else if (received.isMulticast()) {
            core.counters.increment(Counter.DROP_MULTICAST);
        } else if (received.hopLimit() <= 1 && !core.settings.isSelf(received.dstHi(), received.dstLo())) {
            // RFC 1812 section 5.3.1, RFC 8200 section 3: a router may not pass it on
            core.counters.increment(Counter.DROP_HOP_LIMIT);
            core.icmp.error(IcmpError.HOP_LIMIT_EXCEEDED, received, nowNanos);
        } else if (received.isFragment()) {
            onFragment(nowNanos);
        } else {
            boolean cut = virtio.gsoType() == VirtioNetHeader.GSO_UDP_L4;
            onWhole(received, virtio.checksumTrusted(), cut ? virtio.gsoSize() : 0, !received.dontFragment(), nowNanos);
        }
    }

    /**
     * A packet that another stack has received and {@link Siblings#give given} to this one. It is not looked at again
     * after this returns.
     *
     * @param offset where its IP header begins
     * @param length bytes
     * @param note that it was given with
     */
    public void onGiven(MemorySegment memory, long offset, int length, int note, long nowNanos) {
        int reason = received.parse(memory, offset, length);
        if (reason != IpPacket.OK) {
            core.counters.increment(IpPacket.counter(reason));
        } else if (received.isFragment()) {
            onFragment(nowNanos);
        } else {
            core.ownership.beginGiven(note);
            try {
                onWhole(received, Ownership.isTrusted(note), Ownership.segmentBytes(note), Ownership.mayFragment(note),
                        nowNanos);
            } finally {
                core.ownership.endGiven();
            }
        }
    }

    private void onFragment(long nowNanos) {
        if (core.ownership.giveToReassembly(received) || !reassembly.add(received, nowNanos)) {
            return;
        }
        int reason = reassembly.parse(reassembled);
        if (reason == IpPacket.OK) {
            onWhole(reassembled, false, 0, true, nowNanos);
        } else {
            core.counters.increment(IpPacket.counter(reason));
        }
        reassembly.release();
    }

    private void onWhole(IpPacket packet, boolean trusted, int segmentBytes, boolean mayFragment, long nowNanos) {
        int protocol = packet.protocol();
        if (protocol == TcpHeader.PROTOCOL) {
            tcp.onSegment(packet, trusted, nowNanos);
        } else if (protocol == UdpHeader.PROTOCOL) {
            udp.onDatagram(packet, trusted, segmentBytes, mayFragment, nowNanos);
        } else if (protocol == IcmpMessage.protocol(packet.version())) {
            onIcmp(packet, trusted, nowNanos);
        } else {
            core.counters.increment(Counter.DROP_PROTOCOL);
            core.icmp.error(IcmpError.PROTOCOL_UNREACHABLE, packet, nowNanos);
        }
    }

    private void onIcmp(IpPacket packet, boolean trusted, long nowNanos) {
        if (!message.wrap(packet)) {
            core.counters.increment(Counter.DROP_ICMP_HEADER);
        } else if (!trusted && !message.intact(packet)) {
            core.counters.increment(Counter.DROP_ICMP_CHECKSUM);
        } else if (message.isEchoRequest()) {
            onEcho(packet);
        } else if (!message.isError() || !quoted.wrap(packet, message)
                || quoted.error() != IcmpError.PORT_UNREACHABLE || quoted.protocol() != UdpHeader.PROTOCOL) {
            core.counters.increment(Counter.ICMP_IGNORED);
        } else if (!core.ownership.giveToSession(packet, quoted.dstHi(), quoted.dstLo(), quoted.dstPort(), 0, false)) {
            core.counters.increment(Counter.ICMP_IGNORED);
            udp.onClientGone(quoted.dstHi(), quoted.dstLo(), quoted.dstPort(), nowNanos);
        }
    }

    private void onEcho(IpPacket packet) {
        if (core.settings.echoReply()) {
            core.icmp.answerEcho(packet, message);
        } else {
            core.counters.increment(Counter.ICMP_ECHO_IGNORED);
        }
    }

    /** After a batch of packets and socket events: fetches what is there, sends what is owed. */
    public void endOfTurn(long nowNanos) {
        lastNanos = nowNanos;
        udp.endOfTurn(nowNanos);
        core.turn.end(nowNanos);
        show();
    }

    /** Does what is due; may be called at any time. */
    public void onTimer(long nowNanos) {
        lastNanos = nowNanos;
        core.upstream.onTimer(nowNanos);
        core.wheel.advance(nowNanos);
        while (reassembly.expire(nowNanos)) {
            if (reassembly.length() > 0 && reassembled.parse(reassembly.memory(), reassembly.offset(),
                    reassembly.length()) == IpPacket.OK) {
                core.icmp.error(IcmpError.REASSEMBLY_TIME_EXCEEDED, reassembled, nowNanos);
            }
        }
        show();
    }

    /** A dozen plain stores, so that whoever reads them costs the loop nothing. */
    private void show() {
        Counters counters = core.counters;
        tcp.show(counters);
        counters.show(Gauge.SESSIONS_OPEN, udp.sessions());
        counters.show(Gauge.DNS_OUTSTANDING, core.dns.outstanding());
        counters.show(Gauge.FRAGMENTS_INCOMPLETE, reassembly.size());
        counters.show(Gauge.UPSTREAM_DIALLING, core.upstream.dialling());
        counters.show(Gauge.SLAB_USED, core.slab.usedBytes());
        counters.show(Gauge.SLAB_PEAK, core.slab.peakUsedBytes());
        counters.show(Gauge.SLAB_CAPACITY, core.slab.capacityBytes());
        counters.show(Gauge.SLAB_REFUSALS, core.slab.refusals());
    }

    /** When {@link #endOfTurn} and {@link #onTimer} have to be called at the latest: in the past, at once; or never. */
    public long deadlineNanos() {
        if (!core.turn.isEmpty()) {
            return lastNanos;
        }
        long flows = Math.min(core.upstream.deadlineNanos(), core.wheel.deadlineNanos());
        return Math.min(flows, reassembly.deadlineNanos());
    }

    /** Resets the flows to these destinations at once, so that their applications connect anew. */
    public void resetMatching(AddressFilter filter, long nowNanos) {
        tcp.resetMatching(filter, nowNanos);
    }

    /** Resets all flows and gives everything back; the upstream is closed too. */
    public void close(long nowNanos) {
        tcp.close(nowNanos);
        udp.close(nowNanos);
        core.dns.close();
        reassembly.clear();
        core.hot.close();
        core.upstream.close();
        show();
    }

    /**
     * Puts the next flows on a page, whatever was on it before: a bounded piece of work, so that it may be asked for
     * again and again. Those are left out whose client is gone, and the queries of --dns.
     */
    public void copyFlows(FlowPage page) {
        page.clear();
        if (page.walksTcp() ? tcp.copy(page) : udp.copy(page)) {
            page.endOfTable();
        }
    }

    /** TCP flows that there are, those included whose last bytes are on their way upstream. */
    public int tcpFlows() {
        return tcp.flows();
    }

    /** UDP sessions that there are. */
    public int udpSessions() {
        return udp.sessions();
    }
}
