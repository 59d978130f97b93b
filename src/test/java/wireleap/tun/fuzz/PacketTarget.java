package wireleap.tun.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wireleap.tun.icmp.QuotedPacket;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.PacketPrinter;
import wireleap.tun.wire.TcpHeader;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * The flyweights over a packet that came in: all they say lies within the packet, which lies in a segment of exactly its
 * size. And the printer, which must take anything and show headers only.
 */
final class PacketTarget implements Target {
    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 17);
    private final Frames frame = new Frames();
    private final VirtioNetHeader virtio = new VirtioNetHeader();
    private final IpPacket ip = new IpPacket();
    private final TcpHeader tcp = new TcpHeader();
    private final UdpHeader udp = new UdpHeader();
    private final IcmpMessage icmp = new IcmpMessage();
    private final QuotedPacket quoted = new QuotedPacket();
    private long read;

    /** The first byte says whether checksums are made right; the rest is the packet. */
    @Override
    public void run(Input input, Stopwatch watch) {
        boolean mended = (input.u8() & 3) != 0;
        byte[] bytes = input.rest();
        frame.copy(bytes, bytes.length);
        if (mended) {
            Sums.fixHeader(frame.bytes, frame.length);
            Sums.fixTransport(frame.bytes, frame.length, false);
        }
        MemorySegment packet = memory.asSlice(64, frame.length);
        MemorySegment.copy(frame.bytes, 0, packet, ValueLayout.JAVA_BYTE, 0, frame.length);
        watch.begin();
        look(packet, frame.length);
        watch.end();
        print(packet, frame.length);
    }

    private void look(MemorySegment packet, int length) {
        if (!virtio.wrap(packet, 0, length)) {
            return;
        }
        read += virtio.flags() + virtio.gsoType() + virtio.gsoSize() + virtio.hdrLen() + virtio.csumStart();
        int reason = ip.parse(packet, VirtioNetHeader.BYTES, length - VirtioNetHeader.BYTES);
        if (reason != IpPacket.OK) {
            must(IpPacket.counter(reason) != null);
            return;
        }
        must(ip.headerLength() >= 20 && ip.payloadLength() >= 0 && ip.totalLength() <= length - VirtioNetHeader.BYTES);
        must(ip.payloadOffset() + ip.payloadLength() <= length && ip.protocolOffset() < ip.payloadOffset());
        must(ip.fragmentOffset() % 8 == 0 && ip.fragmentOffset() <= 0xffff);
        if (!ip.isFragment()) {
            transport(packet);
        }
    }

    private void transport(MemorySegment packet) {
        long at = ip.payloadOffset();
        int length = ip.payloadLength();
        if (tcp.wrap(packet, at, length)) {
            must(tcp.payloadLength() >= 0 && tcp.payloadOffset() + tcp.payloadLength() == at + length);
            read += tcp.srcPort() + tcp.dstPort() + tcp.seq() + tcp.ack() + tcp.window();
            must(tcp.options().sackCount() <= 4 && tcp.options().windowScale() >= -1);
            for (int i = 0; i < tcp.options().sackCount(); i++) {
                read += tcp.options().sackLeft(i) + tcp.options().sackRight(i);
            }
        }
        if (udp.wrap(packet, at, length)) {
            must(udp.payloadLength() >= 0 && udp.payloadOffset() + udp.payloadLength() <= at + length);
            read += udp.intact(ip) ? 1 : 0;
        }
        if (icmp.wrap(ip)) {
            must(icmp.bodyLength() >= 0 && icmp.bodyOffset() + icmp.bodyLength() == at + length);
            read += icmp.intact(ip) ? 1 : 0;
            if (quoted.wrap(ip, icmp)) {
                must(quoted.mtu() >= 0);
                read += quoted.srcPort() + quoted.dstPort() + quoted.sequence() + quoted.srcLo() + quoted.dstLo();
            }
        }
    }

    private void print(MemorySegment packet, int length) {
        must(PacketPrinter.withVirtio(packet, 0, length).length() < 500);
        int shown = PacketPrinter.headersInHex(packet, 0, length).length() / 2;
        int headers = length;
        if (length > VirtioNetHeader.BYTES
                && ip.parse(packet, VirtioNetHeader.BYTES, length - VirtioNetHeader.BYTES) == IpPacket.OK) {
            headers = (int) ip.payloadOffset() + (ip.isFragment() ? 0 : switch (ip.protocol()) {
                case TcpHeader.PROTOCOL -> tcp.wrap(packet, ip.payloadOffset(), ip.payloadLength()) ? tcp.headerLength() : 0;
                case UdpHeader.PROTOCOL -> UdpHeader.BYTES;
                default -> 0;
            });
        }
        must(shown <= headers);
    }

    private static void must(boolean holds) {
        if (!holds) {
            throw new AssertionError("what is read of a packet lies outside of it");
        }
    }
}
