package wireleap.tun.testing;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wireleap.tun.demo.Namespace;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;

/**
 * Puts bytes into a device as packets, whatever they are: a packet(7) socket. What is written to a TUN device this way,
 * its daemon reads. Confined to no thread but used by one.
 */
public final class RawPackets implements AutoCloseable {
    private static final int AF_PACKET = 17;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCKADDR_LL_BYTES = 20;
    private static final int MOST_BYTES = 65_535;
    private static final int IPV4 = 0x0800;
    private static final int IPV6 = 0x86dd;
    private static final ValueLayout.OfShort NETWORK_SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final Fd socket;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment packet = arena.allocate(MOST_BYTES);
    private final MemorySegment address = arena.allocate(SOCKADDR_LL_BYTES, Integer.BYTES);

    private RawPackets(Fd socket, int device) {
        this.socket = socket;
        address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_PACKET);
        address.set(ValueLayout.JAVA_INT, 4, device);
    }

    /** Opens a socket towards a device of a namespace. */
    public static RawPackets open(Namespace in, String device) throws Exception {
        String line = TestNet.output(in, "ip", "-o", "link", "show", device);
        int index = Integer.parseInt(line.substring(0, line.indexOf(':')));
        return new RawPackets(in.call(() -> Fd.of("packet socket", Sys.socket(AF_PACKET, SOCK_DGRAM, 0))), index);
    }

    /** Sends one packet, as IPv4 or IPv6. False when the kernel will not take it: empty, or longer than the MTU. */
    public boolean send(byte[] bytes, boolean ipv6) {
        address.set(NETWORK_SHORT, 2, (short) (ipv6 ? IPV6 : IPV4));
        MemorySegment.copy(bytes, 0, packet, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return Sys.sendto(socket.number(), packet, 0, bytes.length, 0, address, SOCKADDR_LL_BYTES) >= 0;
    }

    @Override
    public void close() {
        socket.close();
        arena.close();
    }
}
