package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.Fragmenter;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * Makes packets of answers to UDP clients: whole ones whose checksum is the kernel's to complete, or fragments. One a
 * stack.
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
     * Sends a datagram to a session's client.
     *
     * @param from whose it is, and where in the memory it lies
     * @return false: it is larger than IP can carry
     */
    boolean send(DatagramMeta from, UdpFlow to, MemorySegment memory, int length) {
        ip.between(from.hi(), from.lo(), to.clientHi(), to.clientLo(), UdpHeader.PROTOCOL);
        MemorySegment headers = output.headers();
        long at = Fragmenter.transportOffset(ip);
        int total = UdpHeader.BYTES + length;
        if (total > 0xffff) {
            return false;
        }
        int pseudoHeader = ip.pseudoHeaderSum(total);
        UdpHeader.write(headers, at, from.port(), to.clientPort(), length, pseudoHeader);
        if (ip.headerBytes() + total <= mtu) {
            VirtioNetHeader.writePartial(headers, PacketOutput.HEADER_OFFSET, VirtioNetHeader.GSO_NONE,
                    ip.headerBytes(), UdpHeader.BYTES, UdpHeader.CHECKSUM_OFFSET, 0, 1);
            ip.write(headers, PacketOutput.IP_OFFSET, total);
            output.send(VirtioNetHeader.BYTES + ip.headerBytes() + UdpHeader.BYTES, memory, from.offset(), length,
                    MemorySegment.NULL, 0, 0);
            return true;
        }
        UdpHeader.write(headers, at, from.port(), to.clientPort(), length, 0);
        int sum = Checksum.sum(headers, at, UdpHeader.BYTES, memory, from.offset(), length, pseudoHeader);
        UdpHeader.write(headers, at, from.port(), to.clientPort(), length, Checksum.complementForUdp(sum));
        return fragmenter.send(ip, UdpHeader.BYTES, memory, from.offset(), length, mtu);
    }
}
