package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.udp.UdpSession;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.wire.Fragmenter;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * Makes packets of answers to UDP clients: whole ones whose checksum is the kernel's to complete, several of one size in
 * one that the kernel will cut, or fragments. One a stack.
 */
final class DatagramOutput {
    private final PacketOutput output;
    private final Fragmenter fragmenter;
    private final int mtu;
    private final IpWriter ip = new IpWriter();

    DatagramOutput(PacketOutput output, Fragmenter fragmenter, int mtu) {
        this.output = output;
        this.fragmenter = fragmenter;
        this.mtu = mtu;
    }

    /**
     * Sends datagrams of one sender to a client.
     *
     * @param from whose they are, and where in the memory they lie
     * @param length bytes in all
     * @param segmentBytes of each but the last, which may be shorter; 1 or more
     * @return false: larger than IP can carry
     */
    boolean send(DatagramMeta from, UdpSession to, MemorySegment memory, int length, int segmentBytes) {
        ip.between(from.hi(), from.lo(), to.clientHi(), to.clientLo(), UdpHeader.PROTOCOL);
        if (length > segmentBytes && output.cutsDatagrams() && ip.headerBytes() + UdpHeader.BYTES + segmentBytes <= mtu) {
            sendWhole(from, to, memory, from.offset(), length, segmentBytes);
            return true;
        }
        boolean sent = true;
        int done = 0;
        do {
            int bytes = Math.min(segmentBytes, length - done);
            sent &= sendOne(from, to, memory, from.offset() + done, bytes);
            done += bytes;
        } while (done < length);
        return sent;
    }

    private boolean sendOne(DatagramMeta from, UdpSession to, MemorySegment memory, long offset, int length) {
        if (ip.headerBytes() + UdpHeader.BYTES + length <= mtu) {
            sendWhole(from, to, memory, offset, length, Math.max(1, length));
            return true;
        }
        MemorySegment headers = output.headers();
        long at = Fragmenter.transportOffset(ip);
        int total = UdpHeader.BYTES + length;
        if (total > 0xffff) {
            return false;
        }
        UdpHeader.writeComplete(headers, at, ip, from.port(), to.clientPort(), memory, offset, length);
        return fragmenter.send(ip, UdpHeader.BYTES, memory, offset, length, mtu);
    }

    private void sendWhole(DatagramMeta from, UdpSession to, MemorySegment memory, long offset, int length,
                           int segmentBytes) {
        MemorySegment headers = output.headers();
        int total = UdpHeader.BYTES + length;
        UdpHeader.write(headers, Fragmenter.transportOffset(ip), from.port(), to.clientPort(), length,
                ip.pseudoHeaderSum(total));
        VirtioNetHeader.writePartial(headers, PacketOutput.HEADER_OFFSET, VirtioNetHeader.GSO_UDP_L4,
                ip.headerBytes(), UdpHeader.BYTES, UdpHeader.CHECKSUM_OFFSET, length, segmentBytes);
        ip.write(headers, PacketOutput.IP_OFFSET, total);
        output.send(VirtioNetHeader.BYTES + ip.headerBytes() + UdpHeader.BYTES, memory, offset, length,
                MemorySegment.NULL, 0, 0);
    }
}
