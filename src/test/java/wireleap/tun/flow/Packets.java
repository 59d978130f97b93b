package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import wireleap.tun.mem.Bytes;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/** Packets as a kernel writes them to the TUN: virtio header and IP packet, checksums complete. */
final class Packets {
    static final int SYN = TcpHeader.SYN;
    static final int ACK = TcpHeader.ACK;
    static final int RST = TcpHeader.RST;
    static final int FIN = TcpHeader.FIN;

    private Packets() {
    }

    /** A TCP segment between IPv4 addresses, without options and payload. */
    static byte[] tcp(long src, int srcPort, long dst, int dstPort, int seq, int ack, int flags) {
        MemorySegment segment = MemorySegment.ofArray(new byte[TcpHeader.BYTES]);
        TcpHeader.write(segment, 0, srcPort, dstPort, seq, ack, TcpHeader.BYTES, flags, 0xffff);
        IpWriter ip = new IpWriter().between(0, src, 0, dst, TcpHeader.PROTOCOL);
        int sum = Checksum.sum(segment, 0, TcpHeader.BYTES, ip.pseudoHeaderSum(TcpHeader.BYTES));
        Bytes.putU16(segment, TcpHeader.CHECKSUM_OFFSET, Checksum.complement(sum));
        return packet(ip, segment.toArray(ValueLayout.JAVA_BYTE));
    }

    /** A UDP datagram. */
    static byte[] udp(long srcHi, long srcLo, int srcPort, long dstHi, long dstLo, int dstPort, byte[] payload) {
        IpWriter ip = new IpWriter().between(srcHi, srcLo, dstHi, dstLo, UdpHeader.PROTOCOL);
        return packet(ip, udpBytes(ip, srcPort, dstPort, payload));
    }

    static byte[] udpBytes(IpWriter ip, int srcPort, int dstPort, byte[] payload) {
        byte[] bytes = new byte[UdpHeader.BYTES + payload.length];
        System.arraycopy(payload, 0, bytes, UdpHeader.BYTES, payload.length);
        MemorySegment datagram = MemorySegment.ofArray(bytes);
        UdpHeader.write(datagram, 0, srcPort, dstPort, payload.length, 0);
        int sum = Checksum.sum(datagram, 0, bytes.length, ip.pseudoHeaderSum(bytes.length));
        UdpHeader.write(datagram, 0, srcPort, dstPort, payload.length, Checksum.complementForUdp(sum));
        return bytes;
    }

    /** An ICMP message of the addresses' version. */
    static byte[] icmp(IpWriter ip, int type, int code, int parameter, byte[] body) {
        byte[] bytes = new byte[IcmpMessage.HEADER_BYTES + body.length];
        System.arraycopy(body, 0, bytes, IcmpMessage.HEADER_BYTES, body.length);
        MemorySegment message = MemorySegment.ofArray(bytes);
        int pseudoHeader = ip.isIpv4() ? 0 : ip.pseudoHeaderSum(bytes.length);
        IcmpMessage.write(message, 0, type, code, parameter, pseudoHeader, message, IcmpMessage.HEADER_BYTES,
                body.length);
        return bytes;
    }

    static byte[] packet(IpWriter ip, byte[] transport) {
        byte[] bytes = new byte[VirtioNetHeader.BYTES + ip.headerBytes() + transport.length];
        MemorySegment memory = MemorySegment.ofArray(bytes);
        VirtioNetHeader.writeComplete(memory, 0);
        ip.write(memory, VirtioNetHeader.BYTES, transport.length);
        System.arraycopy(transport, 0, bytes, bytes.length - transport.length, transport.length);
        return bytes;
    }

    /** The fragments of a transport datagram, each with at most so many bytes of it, a multiple of 8. */
    static byte[][] fragments(IpWriter ip, byte[] transport, int most, int identification) {
        byte[][] fragments = new byte[(transport.length + most - 1) / most][];
        for (int i = 0; i < fragments.length; i++) {
            byte[] part = Arrays.copyOfRange(transport, i * most, Math.min(transport.length, (i + 1) * most));
            byte[] bytes = new byte[VirtioNetHeader.BYTES + ip.fragmentHeaderBytes() + part.length];
            MemorySegment memory = MemorySegment.ofArray(bytes);
            ip.writeFragment(memory, VirtioNetHeader.BYTES, part.length, i * most, i < fragments.length - 1,
                    identification);
            System.arraycopy(part, 0, bytes, bytes.length - part.length, part.length);
            fragments[i] = bytes;
        }
        return fragments;
    }
}
