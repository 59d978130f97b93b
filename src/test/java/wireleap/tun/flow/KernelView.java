package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.VirtioNetHeader;

/** What a kernel looks at in a packet that is written to a TUN, and what it ought to look at but accepts in silence. */
final class KernelView {
    private KernelView() {
    }

    /** Throws an AssertionError for a packet (virtio header, IP packet) that a kernel would refuse or misunderstand. */
    static void check(byte[] bytes, int mtu) {
        MemorySegment memory = MemorySegment.ofArray(bytes);
        VirtioNetHeader virtio = new VirtioNetHeader();
        virtio.wrap(memory, 0, bytes.length);
        IpPacket ip = new IpPacket();
        int length = bytes.length - VirtioNetHeader.BYTES;
        require(ip.parse(memory, VirtioNetHeader.BYTES, length) == IpPacket.OK, "cannot be parsed");
        require(ip.totalLength() == length, "its length says " + ip.totalLength() + ", it has " + length);
        int transport = (int) (ip.payloadOffset() - VirtioNetHeader.BYTES);
        boolean tcp = ip.protocol() == 6;
        if (virtio.gsoType() == VirtioNetHeader.GSO_NONE) {
            require(length <= mtu, length + " bytes without GSO");
        } else if (virtio.gsoType() == VirtioNetHeader.GSO_UDP_L4) {
            require(ip.protocol() == 17, "GSO of another kind than the packet");
            int headers = transport + 8;
            require(Bytes.u16(memory, ip.payloadOffset() + 4) == length - transport, "UDP length");
            require(virtio.hdrLen() == headers, "hdr_len");
            require(virtio.gsoSize() > 0 && length - headers > virtio.gsoSize(), "GSO without need");
            require(length - headers <= 64 * virtio.gsoSize(), "more than UDP_MAX_SEGMENTS");
            require(headers + virtio.gsoSize() <= mtu, "segments above the MTU");
            require(virtio.flags() == VirtioNetHeader.NEEDS_CSUM, "GSO without NEEDS_CSUM");
        } else {
            require(virtio.gsoType() == (ip.version() == 4 ? VirtioNetHeader.GSO_TCPV4 : VirtioNetHeader.GSO_TCPV6)
                    && tcp, "GSO of another kind than the packet");
            int headers = transport + (Bytes.u8(memory, ip.payloadOffset() + 12) >>> 4) * 4;
            require(virtio.hdrLen() == headers, "hdr_len");
            require(virtio.gsoSize() > 0 && length - headers > virtio.gsoSize(), "GSO without need");
            require(headers + virtio.gsoSize() <= mtu, "segments above the MTU");
            require(virtio.flags() == VirtioNetHeader.NEEDS_CSUM, "GSO without NEEDS_CSUM");
        }
        if ((virtio.flags() & VirtioNetHeader.NEEDS_CSUM) != 0) {
            require(virtio.csumStart() == transport, "csum_start");
            require(virtio.csumOffset() == (tcp ? 16 : 6), "csum_offset");
            int sum = Checksum.pseudoHeader(ip.srcHi(), ip.srcLo(), ip.dstHi(), ip.dstLo(), ip.protocol(),
                    ip.payloadLength());
            require(Bytes.u16(memory, ip.payloadOffset() + virtio.csumOffset()) == sum, "pseudo-header's sum");
        } else if (!ip.isFragment() && (ip.protocol() == 17 || ip.protocol() == 58)) {
            require(Checksum.transportIntact(ip), "checksum");
        }
    }

    private static void require(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError("a packet that is no good: " + what);
        }
    }
}
