package wireleap.tun.icmp;

import static wireleap.tun.mem.Bytes.putI64;
import static wireleap.tun.mem.Bytes.u8;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.Fragmenter;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * Sends ICMP to the hosts behind the TUN: echo replies, and errors about packets that cannot go on. One a loop.
 *
 * <p>Errors are limited in rate and never sent about errors, multicast, broadcast, or fragments other than the first
 * (RFC 1122 section 3.2.2, RFC 4443 section 2.4 e); that a source is a single host, {@link IpPacket#parse} has seen.
 */
public final class IcmpSender {
    /** An error's whole packet in IPv4 (RFC 1812 section 4.3.2.3). */
    private static final int MAX_ERROR_BYTES_V4 = 576;
    /** An error's whole packet in IPv6 (RFC 4443 section 2.4 c). */
    private static final int MAX_ERROR_BYTES_V6 = 1280;
    /** What both RFCs want to be quoted of the transport at the least. */
    private static final int QUOTED_TRANSPORT_BYTES = 8;
    /** Where an IPv6 header without extensions names the transport. */
    private static final int IPV6_NEXT_HEADER_AT = 6;
    /** Nothing follows (RFC 8200 section 4.7), so there is nothing to answer either. */
    private static final int NO_NEXT_HEADER = 59;
    private static final int ECHO_REPLY_V4 = 0;
    private static final int ECHO_REPLY_V6 = 129;

    private final PacketOutput output;
    private final Fragmenter fragmenter;
    private final TokenBucket errorLimit;
    private final Counters counters;
    private final int mtu;
    private final long routerV4;
    private final long routerV6Hi;
    private final long routerV6Lo;
    private final IpWriter ip = new IpWriter();
    private final IpWriter quotedIp = new IpWriter();

    /**
     * A sender to an output.
     *
     * @param fragmenter to the same output
     * @param errorLimit how many errors may be sent
     * @param mtu of the TUN in bytes, 1280 or more
     * @param routerV4 the address of ours that errors of routers come from, low half of the mapped form; 0: they come
     *        from the packet's destination
     * @param routerV6Hi the same for IPv6, high half
     * @param routerV6Lo low half; both 0: they come from the packet's destination
     */
    public IcmpSender(PacketOutput output, Fragmenter fragmenter, TokenBucket errorLimit, Counters counters, int mtu,
                      long routerV4, long routerV6Hi, long routerV6Lo) {
        this.output = output;
        this.fragmenter = fragmenter;
        this.errorLimit = errorLimit;
        this.counters = counters;
        this.mtu = mtu;
        this.routerV4 = routerV4;
        this.routerV6Hi = routerV6Hi;
        this.routerV6Lo = routerV6Lo;
    }

    /**
     * Answers an echo request with its own data, in fragments if need be (RFC 1122 section 3.2.2.6, RFC 4443 section
     * 4.2).
     *
     * @param packet whole and intact
     * @param request its message, for which {@link IcmpMessage#isEchoRequest} holds
     */
    public void answerEcho(IpPacket packet, IcmpMessage request) {
        if (packet.isMulticast()) {
            return;
        }
        boolean ipv4 = packet.version() == 4;
        ip.between(packet.dstHi(), packet.dstLo(), packet.srcHi(), packet.srcLo(), packet.protocol());
        writeMessage(ipv4 ? ECHO_REPLY_V4 : ECHO_REPLY_V6, 0, request.parameter(), packet.memory(),
                request.bodyOffset(), request.bodyLength());
        fragmenter.send(ip, IcmpMessage.HEADER_BYTES, packet.memory(), request.bodyOffset(), request.bodyLength(),
                mtu);
        counters.increment(Counter.ICMP_ECHO_ANSWERED);
    }

    /**
     * Tells the packet's sender of an error, if the RFCs and the rate allow. PACKET_TOO_BIG names the TUN's own MTU.
     *
     * @param about whole or a first fragment; as much of it as may be is quoted
     * @return whether an error was sent
     */
    public boolean error(IcmpError error, IpPacket about, long nowNanos) {
        if (!mayBeAnswered(about)) {
            counters.increment(Counter.ICMP_ERROR_WITHHELD);
            return false;
        }
        if (!withinRate(nowNanos)) {
            return false;
        }
        boolean ipv4 = about.version() == 4;
        address(error, about.srcHi(), about.srcLo(), about.dstHi(), about.dstLo());
        int most = (ipv4 ? MAX_ERROR_BYTES_V4 : MAX_ERROR_BYTES_V6) - ip.headerBytes() - IcmpMessage.HEADER_BYTES;
        int quoted = Math.min(about.totalLength(), most);
        int pointer = (int) (about.protocolOffset() - about.headerOffset());
        writeMessage(error.type(ipv4), error.code(ipv4), parameter(error, mtu, pointer), about.memory(),
                about.headerOffset(), quoted);
        send(IcmpMessage.HEADER_BYTES, about.memory(), about.headerOffset(), quoted);
        return true;
    }

    /**
     * Tells of an error about a packet that is no longer at hand, such as a SYN whose target could not be reached; what
     * is quoted is made anew, as far as hosts look at it. The packet was no multicast and no ICMP. PACKET_TOO_BIG names
     * the TUN's own MTU.
     *
     * @param srcHi of the packet that could not go on: who is told
     * @param dstHi of that packet
     * @param protocol of its transport, such as 6
     * @param transportStart the first eight bytes of its transport header, such as both ports and the sequence number
     * @return whether an error was sent
     */
    public boolean error(IcmpError error, long srcHi, long srcLo, long dstHi, long dstLo, int protocol,
                         long transportStart, long nowNanos) {
        return error(error, mtu, srcHi, srcLo, dstHi, dstLo, protocol, transportStart, nowNanos);
    }

    /**
     * Tells that a packet which is no longer at hand was longer than the way allows; otherwise as {@link #error(IcmpError,
     * long, long, long, long, int, long, long)}.
     *
     * @param allowedBytes of a packet, IP header included; IPv4 says at most 65,535
     */
    public boolean packetTooBig(int allowedBytes, long srcHi, long srcLo, long dstHi, long dstLo, int protocol,
                                long transportStart, long nowNanos) {
        return error(IcmpError.PACKET_TOO_BIG, allowedBytes, srcHi, srcLo, dstHi, dstLo, protocol, transportStart,
                nowNanos);
    }

    private boolean error(IcmpError error, int allowedBytes, long srcHi, long srcLo, long dstHi, long dstLo,
                          int protocol, long transportStart, long nowNanos) {
        if (!withinRate(nowNanos)) {
            return false;
        }
        address(error, srcHi, srcLo, dstHi, dstLo);
        boolean ipv4 = ip.isIpv4();
        quotedIp.between(srcHi, srcLo, dstHi, dstLo, protocol);
        int quoted = quotedIp.headerBytes() + QUOTED_TRANSPORT_BYTES;
        MemorySegment headers = output.headers();
        long quote = Fragmenter.transportOffset(ip) + IcmpMessage.HEADER_BYTES;
        quotedIp.write(headers, quote, QUOTED_TRANSPORT_BYTES);
        putI64(headers, quote + quotedIp.headerBytes(), transportStart);
        writeMessage(error.type(ipv4), error.code(ipv4), parameter(error, allowedBytes, IPV6_NEXT_HEADER_AT), headers, quote,
                quoted);
        send(IcmpMessage.HEADER_BYTES + quoted, MemorySegment.NULL, 0, 0);
        return true;
    }

    private static boolean mayBeAnswered(IpPacket packet) {
        if (packet.isMulticast() || packet.fragmentOffset() != 0 || packet.protocol() == NO_NEXT_HEADER) {
            return false;
        }
        if (packet.protocol() != IcmpMessage.protocol(packet.version())) {
            return true;
        }
        return packet.payloadLength() > 0
                && !IcmpMessage.isError(packet.version(), u8(packet.memory(), packet.payloadOffset()));
    }

    private boolean withinRate(long nowNanos) {
        boolean within = errorLimit.take(nowNanos);
        counters.increment(within ? Counter.ICMP_ERROR_SENT : Counter.ICMP_RATE_LIMITED);
        return within;
    }

    /** Sets the ends of the error from those of the packet that it is about. */
    private void address(IcmpError error, long srcHi, long srcLo, long dstHi, long dstLo) {
        boolean ipv4 = IpWriter.isIpv4(dstHi, dstLo);
        boolean unnamed = ipv4 ? routerV4 == 0 : (routerV6Hi | routerV6Lo) == 0;
        if (unnamed || error.fromDestination()) {
            ip.between(dstHi, dstLo, srcHi, srcLo, IcmpMessage.protocol(ipv4 ? 4 : 6));
        } else if (ipv4) {
            ip.between(0, routerV4, srcHi, srcLo, IcmpMessage.PROTOCOL_V4);
        } else {
            ip.between(routerV6Hi, routerV6Lo, srcHi, srcLo, IcmpMessage.PROTOCOL_V6);
        }
    }

    private int parameter(IcmpError error, int allowedBytes, int pointer) {
        return switch (error) {
            case PACKET_TOO_BIG -> ip.isIpv4() ? Math.min(allowedBytes, 0xffff) : allowedBytes;
            case PROTOCOL_UNREACHABLE -> ip.isIpv4() ? 0 : pointer;
            default -> 0;
        };
    }

    private void writeMessage(int type, int code, int parameter, MemorySegment body, long bodyOffset, int bodyLength) {
        int pseudoHeader = ip.isIpv4() ? 0 : ip.pseudoHeaderSum(IcmpMessage.HEADER_BYTES + bodyLength);
        IcmpMessage.write(output.headers(), Fragmenter.transportOffset(ip), type, code, parameter, pseudoHeader, body,
                bodyOffset, bodyLength);
    }

    private void send(int transportBytes, MemorySegment body, long bodyOffset, int bodyLength) {
        MemorySegment headers = output.headers();
        VirtioNetHeader.writeComplete(headers, PacketOutput.HEADER_OFFSET);
        ip.write(headers, PacketOutput.IP_OFFSET, transportBytes + bodyLength);
        output.send(VirtioNetHeader.BYTES + ip.headerBytes() + transportBytes, body, bodyOffset, bodyLength,
                MemorySegment.NULL, 0, 0);
    }
}
