package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.linux.gen.Linux;

/**
 * One socket address with room for both families, and its length beside it, for calls that read it and calls that tell
 * it. Belongs to one thread, used again and again.
 *
 * <pre>
 * struct sockaddr_in  { sa_family_t sin_family; in_port_t sin_port; struct in_addr sin_addr; char sin_zero[8]; };
 * struct sockaddr_in6 { sa_family_t sin6_family; in_port_t sin6_port; uint32_t sin6_flowinfo;
 *                       struct in6_addr sin6_addr; uint32_t sin6_scope_id; };
 * </pre>
 *
 * <p>The offsets stand here, held to the bindings by a test: jextract's classes of structs with arrays in them build
 * var handles for these, which costs a start 20 ms of processor time.
 */
final class SockAddr {
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt IPV4 = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong HALF_OF_IPV6 = JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
    static final int FAMILY_OFFSET = 0;
    static final int PORT_OFFSET = 2;
    static final int IPV4_OFFSET = 4;
    static final int IPV4_SOCKADDR_BYTES = 16;
    static final int IPV6_OFFSET = 8;
    static final int IPV6_SOCKADDR_BYTES = 28;
    private static final long MAPPED = 0xffff_0000_0000L;

    private final MemorySegment memory;
    private final MemorySegment length;

    SockAddr(Arena arena) {
        memory = arena.allocate(IPV6_SOCKADDR_BYTES, JAVA_LONG.byteAlignment());
        length = arena.allocate(JAVA_INT);
    }

    /** Where it lies. */
    MemorySegment memory() {
        return memory;
    }

    /** A socklen_t: what the kernel has filled in, or is to look at. */
    MemorySegment length() {
        return length;
    }

    /** How many bytes it has. */
    int bytes() {
        return length.get(JAVA_INT, 0);
    }

    /** Makes room for the kernel to tell an address of either family. */
    SockAddr clear() {
        length.set(JAVA_INT, 0, (int) memory.byteSize());
        return this;
    }

    /** An IPv4 address and port if it is a mapped one, else an IPv6 one without flow label and scope. */
    SockAddr fill(long hi, long lo, int port) {
        boolean ipv4 = Endpoint.isIpv4(hi, lo);
        memory.fill((byte) 0);
        memory.set(JAVA_SHORT, FAMILY_OFFSET, (short) (ipv4 ? Linux.AF_INET() : Linux.AF_INET6()));
        memory.set(PORT, PORT_OFFSET, (short) port);
        if (ipv4) {
            memory.set(IPV4, IPV4_OFFSET, (int) lo);
        } else {
            memory.set(HALF_OF_IPV6, IPV6_OFFSET, hi);
            memory.set(HALF_OF_IPV6, IPV6_OFFSET + Long.BYTES, lo);
        }
        length.set(JAVA_INT, 0, ipv4 ? IPV4_SOCKADDR_BYTES : IPV6_SOCKADDR_BYTES);
        return this;
    }

    /** Tells what it holds. */
    void copyTo(Endpoint endpoint) {
        int port = Short.toUnsignedInt(memory.get(PORT, PORT_OFFSET));
        if (memory.get(JAVA_SHORT, FAMILY_OFFSET) == Linux.AF_INET()) {
            endpoint.fill(0, MAPPED | Integer.toUnsignedLong(memory.get(IPV4, IPV4_OFFSET)), port);
        } else {
            endpoint.fill(memory.get(HALF_OF_IPV6, IPV6_OFFSET), memory.get(HALF_OF_IPV6, IPV6_OFFSET + Long.BYTES),
                    port);
        }
    }
}
