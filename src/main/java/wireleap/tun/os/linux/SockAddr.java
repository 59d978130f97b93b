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
import wireleap.tun.os.linux.gen.sockaddr_in;
import wireleap.tun.os.linux.gen.sockaddr_in6;

/**
 * One socket address with room for both families, and its length beside it, for calls that read it and calls that tell
 * it. Belongs to one thread, used again and again.
 *
 * <pre>
 * struct sockaddr_in  { sa_family_t sin_family; in_port_t sin_port; struct in_addr sin_addr; char sin_zero[8]; };
 * struct sockaddr_in6 { sa_family_t sin6_family; in_port_t sin6_port; uint32_t sin6_flowinfo;
 *                       struct in6_addr sin6_addr; uint32_t sin6_scope_id; };
 * </pre>
 */
final class SockAddr {
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt IPV4 = JAVA_INT.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfLong HALF_OF_IPV6 = JAVA_LONG.withOrder(ByteOrder.BIG_ENDIAN);
    private static final long MAPPED = 0xffff_0000_0000L;

    private final MemorySegment memory;
    private final MemorySegment length;

    SockAddr(Arena arena) {
        memory = arena.allocate(sockaddr_in6.sizeof(), JAVA_LONG.byteAlignment());
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

    /** An IPv4 address and port if it is a mapped one, else an IPv6 one without a scope. */
    SockAddr fill(long hi, long lo, int port) {
        if (Endpoint.isIpv4(hi, lo)) {
            memory.fill((byte) 0);
            sockaddr_in.sin_family(memory, (short) Linux.AF_INET());
            memory.set(IPV4, sockaddr_in.sin_addr$offset(), (int) lo);
            length.set(JAVA_INT, 0, (int) sockaddr_in.sizeof());
        } else {
            sockaddr_in6.sin6_family(memory, (short) Linux.AF_INET6());
            sockaddr_in6.sin6_flowinfo(memory, 0);
            sockaddr_in6.sin6_scope_id(memory, 0);
            memory.set(HALF_OF_IPV6, sockaddr_in6.sin6_addr$offset(), hi);
            memory.set(HALF_OF_IPV6, sockaddr_in6.sin6_addr$offset() + Long.BYTES, lo);
            length.set(JAVA_INT, 0, (int) sockaddr_in6.sizeof());
        }
        memory.set(PORT, sockaddr_in.sin_port$offset(), (short) port); // both families have it in the same place
        return this;
    }

    /** Tells what it holds. */
    void copyTo(Endpoint endpoint) {
        int port = Short.toUnsignedInt(memory.get(PORT, sockaddr_in.sin_port$offset()));
        if (sockaddr_in.sin_family(memory) == Linux.AF_INET()) {
            long ipv4 = Integer.toUnsignedLong(memory.get(IPV4, sockaddr_in.sin_addr$offset()));
            endpoint.fill(0, MAPPED | ipv4, port);
        } else {
            endpoint.fill(memory.get(HALF_OF_IPV6, sockaddr_in6.sin6_addr$offset()),
                    memory.get(HALF_OF_IPV6, sockaddr_in6.sin6_addr$offset() + Long.BYTES), port);
        }
    }
}
