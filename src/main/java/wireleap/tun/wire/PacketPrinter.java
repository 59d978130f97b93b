package wireleap.tun.wire;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;

/**
 * Says in one line what the headers of a packet say, or shows them in hex, for logs and failed tests; never a byte of
 * payload. Takes anything and never throws for it. Allocates: not for the packet path.
 */
public final class PacketPrinter {
    private static final String FLAGS = "FSRPAUEC";

    private final StringBuilder text = new StringBuilder();
    private final IpPacket packet = new IpPacket();

    private PacketPrinter() {}

    /** The line for a packet that begins with its virtio header. */
    public static String withVirtio(MemorySegment memory, long offset, int length) {
        VirtioNetHeader virtio = new VirtioNetHeader();
        if (!virtio.wrap(memory, offset, length)) {
            return "no virtio header in " + length + " bytes";
        }
        PacketPrinter printer = new PacketPrinter();
        printer.print(memory, offset + VirtioNetHeader.BYTES, length - VirtioNetHeader.BYTES);
        if (virtio.gsoType() != VirtioNetHeader.GSO_NONE) {
            printer.text.append(", in segments of ").append(virtio.gsoSize());
        }
        if ((virtio.flags() & VirtioNetHeader.NEEDS_CSUM) != 0) {
            printer.text.append(", checksum partial");
        }
        return printer.text.toString();
    }

    /** The line for a packet that begins with its IP header. */
    public static String of(MemorySegment memory, long offset, int length) {
        PacketPrinter printer = new PacketPrinter();
        printer.print(memory, offset, length);
        return printer.text.toString();
    }

    /**
     * The bytes of all headers of a packet that begins with its virtio header, in hex; where they make no sense, those of
     * the shortest IP header. Never a byte of payload.
     */
    public static String headersInHex(MemorySegment memory, long offset, int length) {
        int bytes = Math.min(length, VirtioNetHeader.BYTES);
        if (length > bytes) {
            bytes += new PacketPrinter().headerBytes(memory, offset + bytes, length - bytes);
        }
        return HexFormat.of().formatHex(memory.asSlice(offset, bytes).toArray(ValueLayout.JAVA_BYTE));
    }

    private int headerBytes(MemorySegment memory, long offset, int length) {
        if (packet.parse(memory, offset, length) != IpPacket.OK) {
            return Math.min(length, IpPacket.IPV4_HEADER_BYTES);
        }
        int ipBytes = (int) (packet.payloadOffset() - offset);
        TcpHeader tcp = new TcpHeader();
        return ipBytes + switch (packet.isFragment() ? -1 : packet.protocol()) {
            case TcpHeader.PROTOCOL -> tcp.wrap(memory, packet.payloadOffset(), packet.payloadLength())
                    ? tcp.headerLength() : 0;
            case UdpHeader.PROTOCOL -> Math.min(UdpHeader.BYTES, packet.payloadLength());
            default -> 0;
        };
    }

    private void print(MemorySegment memory, long offset, int length) {
        int reason = packet.parse(memory, offset, length);
        if (reason != IpPacket.OK) {
            text.append(IpPacket.counter(reason)).append(", ").append(length).append(" bytes");
        } else if (packet.isFragment()) {
            ends();
            text.append(" protocol ").append(packet.protocol()).append(", fragment ")
                    .append(Integer.toUnsignedString(packet.identification())).append(" at ")
                    .append(packet.fragmentOffset()).append(packet.moreFragments() ? " and more" : ", the last");
            payload(packet.payloadLength());
        } else {
            transport(memory);
        }
    }

    private void transport(MemorySegment memory) {
        TcpHeader tcp = new TcpHeader();
        UdpHeader udp = new UdpHeader();
        IcmpMessage icmp = new IcmpMessage();
        int protocol = packet.protocol();
        long offset = packet.payloadOffset();
        int length = packet.payloadLength();
        if (protocol == TcpHeader.PROTOCOL && tcp.wrap(memory, offset, length)) {
            ends(tcp.srcPort(), tcp.dstPort());
            tcp(tcp);
        } else if (protocol == UdpHeader.PROTOCOL && udp.wrap(memory, offset, length)) {
            ends(udp.srcPort(), udp.dstPort());
            text.append(" UDP");
            payload(udp.payloadLength());
        } else if (protocol == IcmpMessage.protocol(packet.version()) && icmp.wrap(packet)) {
            ends();
            text.append(" ICMP type ").append(icmp.type()).append(" code ").append(icmp.code());
            payload(icmp.bodyLength());
        } else {
            ends();
            text.append(" protocol ").append(protocol);
            payload(length);
        }
    }

    private void tcp(TcpHeader tcp) {
        text.append(" TCP ");
        for (int i = 0; i < 8; i++) {
            text.append((tcp.flags() >>> i & 1) == 0 ? "" : FLAGS.charAt(i));
        }
        text.append(" seq ").append(Integer.toUnsignedString(tcp.seq()));
        if (tcp.has(TcpHeader.ACK)) {
            text.append(" ack ").append(Integer.toUnsignedString(tcp.ack()));
        }
        text.append(" win ").append(tcp.window());
        options(tcp.options());
        payload(tcp.payloadLength());
    }

    private void options(TcpOptions options) {
        text.append(options.mss() > 0 ? " mss " + options.mss() : "");
        text.append(options.windowScale() >= 0 ? " scale " + options.windowScale() : "");
        text.append(options.sackPermitted() ? " sack permitted" : "");
        if (options.hasTimestamps()) {
            text.append(" ts ").append(Integer.toUnsignedString(options.tsVal())).append('/')
                    .append(Integer.toUnsignedString(options.tsEcr()));
        }
        for (int i = 0; i < options.sackCount(); i++) {
            text.append(" sack ").append(Integer.toUnsignedString(options.sackLeft(i))).append("..")
                    .append(Integer.toUnsignedString(options.sackRight(i)));
        }
    }

    private void ends() {
        text.append(AddressText.of(packet.srcHi(), packet.srcLo())).append(" > ")
                .append(AddressText.of(packet.dstHi(), packet.dstLo()));
    }

    private void ends(int srcPort, int dstPort) {
        text.append(AddressText.of(packet.srcHi(), packet.srcLo(), srcPort)).append(" > ")
                .append(AddressText.of(packet.dstHi(), packet.dstLo(), dstPort));
    }

    private void payload(int bytes) {
        text.append(", ").append(bytes).append(bytes == 1 ? " byte" : " bytes");
    }
}
