package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * Makes packets of TCP segments: IP header, virtio header, and the pseudo-header's sum for the kernel to go on from.
 * One a stack.
 */
final class SegmentOutput {
    private static final int MAX_IP_BYTES = 65_535;

    private final PacketOutput output;
    private final int mtu;
    private final IpWriter ip = new IpWriter();

    SegmentOutput(PacketOutput output, int mtu) {
        this.output = output;
        this.mtu = mtu;
    }

    /** Where a header is to be written for a packet between these ends; it has to be sent before another is begun. */
    long begin(long srcHi, long srcLo, long dstHi, long dstLo) {
        ip.between(srcHi, srcLo, dstHi, dstLo, TcpHeader.PROTOCOL);
        return PacketOutput.IP_OFFSET + ip.headerBytes();
    }

    MemorySegment headers() {
        return output.headers();
    }

    /** The largest payload of a packet without options. */
    int mss(boolean ipv4) {
        return mtu - ipHeaderBytes(ipv4) - TcpHeader.BYTES;
    }

    /** The largest header and payload of a super-segment. */
    int maxSegmentBytes(boolean ipv4) {
        return MAX_IP_BYTES - ipHeaderBytes(ipv4);
    }

    private static int ipHeaderBytes(boolean ipv4) {
        return ipv4 ? 20 : 40;
    }

    /** Completes and sends the packet begun, its payload in up to two slices. */
    void send(int tcpHeaderBytes, int mss, MemorySegment memory, long offset1, int length1, long offset2, int length2) {
        MemorySegment headers = output.headers();
        int payload = length1 + length2;
        int ipBytes = ip.headerBytes();
        long tcp = PacketOutput.IP_OFFSET + ipBytes;
        ip.write(headers, PacketOutput.IP_OFFSET, tcpHeaderBytes + payload);
        Bytes.putU16(headers, tcp + TcpHeader.CHECKSUM_OFFSET, ip.pseudoHeaderSum(tcpHeaderBytes + payload));
        int gsoType = ip.isIpv4() ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6;
        VirtioNetHeader.writePartial(headers, PacketOutput.HEADER_OFFSET, gsoType, ipBytes, tcpHeaderBytes,
                TcpHeader.CHECKSUM_OFFSET, payload, mss);
        output.send(VirtioNetHeader.BYTES + ipBytes + tcpHeaderBytes, memory, offset1, length1, memory, offset2,
                length2);
    }
}
