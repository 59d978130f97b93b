package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.dns.AskedServers;
import wireleap.tun.dns.DnsOverTcp;
import wireleap.tun.dns.DnsOwner;
import wireleap.tun.dns.Redirect;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.SipHash;
import wireleap.tun.udp.UdpSession;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStream;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.UdpHeader;

/**
 * What becomes of datagrams and connections to port 53: they go to the resolver that the user names, if there is one,
 * and datagrams go over TCP where the upstream cannot carry them. Answers come from the server that was asked.
 */
final class DnsFlows implements DnsOwner, Turn.Target, Timer.Target {
    /** A client that has no session. */
    private static final class Client extends UdpSession {
        void is(long hi, long lo, int port) {
            begin(hi, lo, port, 0);
        }
    }

    private final Core core;
    private final Redirect redirect;
    private final DatagramOutput output;
    private final DnsOverTcp overTcp;
    private final AskedServers asked;
    private final Timer timer = new Timer(this);
    private final Turn.Place turn = new Turn.Place(this);
    /** Whose answer is being sent, and to whom. */
    private final DatagramMeta meta = new DatagramMeta();
    private final Client client = new Client();

    DnsFlows(Core core, DatagramOutput output, SipHash hash) {
        this.core = core;
        this.redirect = core.settings.dns();
        this.output = output;
        this.overTcp = new DnsOverTcp(redirect, core.upstream, core.slab, core.counters, hash, this);
        this.asked = new AskedServers(hash);
    }

    /** Opens a stream to a target, or to the resolver in its place. */
    UpstreamStream open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        if (!redirect.takes(port)) {
            return core.upstream.open(hi, lo, port, owner, nowNanos);
        }
        core.counters.increment(Counter.DNS_REDIRECTED);
        return core.upstream.open(redirect.hi(), redirect.lo(), redirect.port(), owner, nowNanos);
    }

    /**
     * Whether a datagram is to go over TCP: it is for port 53, and the upstream carries none, or its socket for the
     * client's family does not reach the resolver's.
     */
    boolean takes(IpPacket packet, int port, long nowNanos) {
        return port == Redirect.DNS_PORT && (!core.upstream.carriesDatagrams(nowNanos)
                || redirect.isOn() && IpWriter.isIpv4(redirect.hi(), redirect.lo()) != (packet.version() == 4));
    }

    /** Takes a datagram, or a super-datagram of many. */
    void onDatagram(IpPacket packet, UdpHeader header, int segmentBytes, long nowNanos) {
        int length = header.payloadLength();
        int piece = segmentBytes > 0 ? segmentBytes : Math.max(1, length);
        int done = 0;
        do {
            ask(packet.srcHi(), packet.srcLo(), header.srcPort(), packet.dstHi(), packet.dstLo(), packet.memory(),
                    header.payloadOffset() + done, Math.min(piece, length - done), nowNanos);
            done += piece;
        } while (done < length);
    }

    /** Takes a session's datagram that cannot be sent or kept as one; false: it is not for port 53. */
    boolean takesInstead(UdpSession from, long askedHi, long askedLo, int port, MemorySegment memory, long offset,
                         int length, long nowNanos) {
        if (port != Redirect.DNS_PORT) {
            return false;
        }
        ask(from.clientHi(), from.clientLo(), from.clientPort(), askedHi, askedLo, memory, offset, length, nowNanos);
        return true;
    }

    private void ask(long clientHi, long clientLo, int clientPort, long askedHi, long askedLo, MemorySegment memory,
                     long offset, int length, long nowNanos) {
        overTcp.ask(clientHi, clientLo, clientPort, askedHi, askedLo, memory, offset, length, nowNanos);
        core.wheel.scheduleBy(timer, overTcp.deadlineNanos());
    }

    @Override
    public void onAnswer(long clientHi, long clientLo, int clientPort, long askedHi, long askedLo,
                         MemorySegment memory, long offset, int length) {
        client.is(clientHi, clientLo, clientPort);
        meta.fill(askedHi, askedLo, Redirect.DNS_PORT, offset);
        send(client, memory, length);
    }

    private void send(UdpSession to, MemorySegment memory, int length) {
        boolean sent = output.send(meta, to, memory, length, Math.max(1, length));
        core.counters.increment(sent ? Counter.DATAGRAMS_DOWN : Counter.DATAGRAMS_DOWN_TOO_LARGE);
    }

    @Override
    public void onWork() {
        core.turn.add(turn);
    }

    @Override
    public void onTurn(long nowNanos) {
        overTcp.turn(nowNanos);
        core.wheel.scheduleBy(timer, overTcp.deadlineNanos());
    }

    @Override
    public void onTimer(long nowNanos) {
        overTcp.onTimer(nowNanos);
        core.wheel.scheduleBy(timer, overTcp.deadlineNanos());
    }

    /** Sends a session's datagrams to their target, or to the resolver in its place: {@link DatagramSession#send}. */
    int send(DatagramSession session, UdpSession from, long hi, long lo, int port, MemorySegment memory, long offset,
             int length, int segmentBytes, boolean mayFragment) {
        if (!redirect.takes(port)) {
            return session.send(hi, lo, port, memory, offset, length, segmentBytes, mayFragment);
        }
        for (int at = 0; at < length; at += segmentBytes) {
            asked.remember(from.clientHi(), from.clientLo(), from.clientPort(), id(memory, offset + at, length - at),
                    hi, lo);
        }
        int sent = session.send(redirect.hi(), redirect.lo(), redirect.port(), memory, offset, length, segmentBytes,
                mayFragment);
        core.counters.add(Counter.DNS_REDIRECTED, Math.max(0, sent + segmentBytes - 1) / segmentBytes);
        return sent;
    }

    /** Whether a datagram has come from the resolver. */
    boolean isResolver(DatagramMeta from) {
        return redirect.is(from.hi(), from.lo(), from.port());
    }

    /** Passes the resolver's datagrams on to a session's client, as the servers' that the client asked. */
    void pass(DatagramMeta from, UdpSession to, MemorySegment memory, int length) {
        int piece = from.segmentBytes() > 0 ? from.segmentBytes() : Math.max(1, length);
        int done = 0;
        do {
            long at = from.offset() + done;
            int bytes = Math.min(piece, length - done);
            boolean known = asked.recall(to.clientHi(), to.clientLo(), to.clientPort(), id(memory, at, bytes));
            meta.fill(known ? asked.hi() : from.hi(), known ? asked.lo() : from.lo(),
                    known ? Redirect.DNS_PORT : from.port(), at);
            send(to, memory, bytes);
            done += piece;
        } while (done < length);
    }

    /** If a session's datagram to the resolver came to nothing, says that it was to the server that was asked last. */
    void restoreTarget(DatagramMeta to, UdpSession from) {
        if (isResolver(to) && asked.recallLast(from.clientHi(), from.clientLo(), from.clientPort())) {
            int mtu = to.mtu();
            to.fill(asked.hi(), asked.lo(), Redirect.DNS_PORT, to.offset());
            to.mtu(mtu);
        }
    }

    /** The first two bytes of a DNS message; 0 for what is shorter, and so is none. */
    private static int id(MemorySegment memory, long offset, int length) {
        return length < 2 ? 0 : Bytes.u16(memory, offset);
    }

    /** Queries that wait for their answers over TCP. */
    int outstanding() {
        return overTcp.outstanding();
    }

    void close() {
        core.wheel.cancel(timer);
        overTcp.close();
    }
}
