package wireleap.tun.wire;

import java.lang.foreign.MemorySegment;

/**
 * Sends datagrams whose transport checksum is complete: whole where they fit, else in fragments (RFC 791 section 3.2,
 * RFC 8200 section 4.5). One a loop; it numbers the datagrams that it cuts.
 */
public final class Fragmenter {
    private final PacketOutput output;
    private final int step;
    private int nextIdentification;

    /**
     * A sender to this output.
     *
     * @param firstIdentification of the first datagram that is cut; any number
     * @param step to the next one's; a power of two, so that several senders of one step never use the same number
     */
    public Fragmenter(PacketOutput output, int firstIdentification, int step) {
        this.output = output;
        this.step = step;
        this.nextIdentification = firstIdentification;
    }

    /** Where in the output's scratch a transport header must stand for {@link #send}. */
    public static long transportOffset(IpWriter ip) {
        return PacketOutput.IP_OFFSET + ip.headerBytes();
    }

    /**
     * Sends the datagram whose transport header stands in the output's scratch at {@link #transportOffset}.
     *
     * @param transportBytes of that header, a multiple of 8, such as 8
     * @param memory where the payload lies
     * @param length of the payload, 0 or more
     * @param mtu bytes of the largest packet, 1280 or more
     * @return false: more than IP can say, nothing was sent
     */
    public boolean send(IpWriter ip, int transportBytes, MemorySegment memory, long offset, int length, int mtu) {
        int total = transportBytes + length;
        if (total > (ip.isIpv4() ? 0xffff - IpPacket.IPV4_HEADER_BYTES : 0xffff)) {
            return false;
        }
        if (ip.headerBytes() + total > mtu) {
            sendFragments(ip, transportBytes, memory, offset, length, mtu);
            return true;
        }
        MemorySegment headers = output.headers();
        VirtioNetHeader.writeComplete(headers, PacketOutput.HEADER_OFFSET);
        ip.write(headers, PacketOutput.IP_OFFSET, total);
        output.send(VirtioNetHeader.BYTES + ip.headerBytes() + transportBytes, memory, offset, length,
                MemorySegment.NULL, 0, 0);
        return true;
    }

    private void sendFragments(IpWriter ip, int transportBytes, MemorySegment memory, long offset, int length,
                               int mtu) {
        int headerBytes = ip.fragmentHeaderBytes();
        MemorySegment scratch = output.headers();
        MemorySegment.copy(scratch, transportOffset(ip), scratch, PacketOutput.IP_OFFSET + headerBytes,
                transportBytes); // makes room for IPv6's fragment header
        int identification = nextIdentification;
        nextIdentification += step;
        int total = transportBytes + length;
        int most = mtu - headerBytes & ~7;
        for (int start = 0; start < total; start += most) {
            int bytes = Math.min(most, total - start);
            int ofTransport = start == 0 ? transportBytes : 0;
            MemorySegment headers = output.headers();
            VirtioNetHeader.writeComplete(headers, PacketOutput.HEADER_OFFSET);
            ip.writeFragment(headers, PacketOutput.IP_OFFSET, bytes, start, start + bytes < total, identification);
            output.send(VirtioNetHeader.BYTES + headerBytes + ofTransport, memory,
                    offset + start + ofTransport - transportBytes, bytes - ofTransport, MemorySegment.NULL, 0, 0);
        }
    }
}
