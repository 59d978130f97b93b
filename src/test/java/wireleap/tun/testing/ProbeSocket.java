package wireleap.tun.testing;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import wireleap.tun.demo.Namespace;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.gen.msghdr;
import wireleap.tun.os.linux.gen.sock_extended_err;

/**
 * A socket that can do what those of Java cannot: any protocol, a hop limit, DF; and that hears which ICMP error came
 * from whom. Confined to no thread but used by one.
 */
public final class ProbeSocket implements AutoCloseable {
    public static final int STREAM = Linux.SOCK_STREAM();
    public static final int DATAGRAM = Linux.SOCK_DGRAM();
    public static final int RAW = 3;

    private static final int IP_TTL = 2;
    private static final int IPV6_UNICAST_HOPS = 16;
    private static final int SO_NO_CHECK = 11;
    private static final int CMSG_HEADER_BYTES = 16;
    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final ValueLayout.OfShort PORT = JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

    private final Fd socket;
    private final Family family;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment header = msghdr.allocate(arena);
    private final MemorySegment control = arena.allocate(256, 8);
    private final MemorySegment payload = arena.allocate(1 << 16);

    /**
     * What was told of a packet that came to nothing.
     *
     * @param errno as the application would get it
     * @param by who sent the ICMP error
     * @param mtu with EMSGSIZE: what the way allows
     */
    public record Told(Errno errno, InetAddress by, int mtu) {
    }

    private ProbeSocket(Fd socket, Family family) {
        this.socket = socket;
        this.family = family;
    }

    /** A socket of a namespace, blocking. */
    public static ProbeSocket open(Namespace in, Family family, int type, int protocol) throws Exception {
        boolean ipv4 = family == Family.IPV4;
        var probe = new ProbeSocket(in.call(() -> Fd.of("probe", Sys.socket(ipv4 ? Linux.AF_INET() : Linux.AF_INET6(),
                type, protocol))), family);
        probe.option(ipv4 ? Linux.SOL_IP() : Linux.SOL_IPV6(), ipv4 ? Linux.IP_RECVERR() : Linux.IPV6_RECVERR(), 1);
        return probe;
    }

    /** TTL or hop limit of what is sent. */
    public ProbeSocket hopLimit(int hops) {
        return option(family == Family.IPV4 ? Linux.SOL_IP() : Linux.SOL_IPV6(),
                family == Family.IPV4 ? IP_TTL : IPV6_UNICAST_HOPS, hops);
    }

    /** UDP over IPv4 without checksums. */
    public ProbeSocket withoutChecksum() {
        return option(Linux.SOL_SOCKET(), SO_NO_CHECK, 1);
    }

    /** What is sent in one go are datagrams of this size each, but for the last, which may be shorter (UDP_SEGMENT). */
    public ProbeSocket segments(int bytes) {
        return option(Linux.IPPROTO_UDP(), Linux.UDP_SEGMENT(), bytes);
    }

    /** What is too large for the way is not cut into fragments. */
    public ProbeSocket dontFragment() {
        return family == Family.IPV4 ? option(Linux.SOL_IP(), Linux.IP_MTU_DISCOVER(), Linux.IP_PMTUDISC_DO())
                : option(Linux.SOL_IPV6(), Linux.IPV6_MTU_DISCOVER(), Linux.IPV6_PMTUDISC_DO());
    }

    private ProbeSocket option(int level, int name, int value) {
        int result = Sys.setsockopt(socket.number(), level, name, value);
        if (result < 0) {
            throw new AssertionError("setsockopt " + name + ": " + Errno.text(-result));
        }
        return this;
    }

    /** Connects: 0, or minus errno. */
    public int connect(InetSocketAddress to) {
        byte[] bytes = to.getAddress().getAddress();
        boolean ipv4 = bytes.length == 4;
        MemorySegment address = arena.allocate(28, 8);
        address.set(JAVA_SHORT, 0, (short) (ipv4 ? Linux.AF_INET() : Linux.AF_INET6()));
        address.set(PORT, 2, (short) to.getPort());
        MemorySegment.copy(bytes, 0, address, JAVA_BYTE, ipv4 ? 4 : 8, bytes.length);
        return Sys.connect(socket.number(), address, ipv4 ? 16 : 28);
    }

    /** Sends zeros to where it is connected: how many, or minus errno. */
    public int send(int bytes) {
        return Sys.send(socket.number(), payload, 0, bytes, 0);
    }

    /** Sends these bytes to where it is connected: how many, or minus errno. */
    public int send(byte[] bytes) {
        MemorySegment.copy(bytes, 0, payload, JAVA_BYTE, 0, bytes.length);
        return Sys.send(socket.number(), payload, 0, bytes.length, 0);
    }

    /** The next of what was told, once it has come. @throws AssertionError when nothing does within 5 s */
    public Told told() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            header.set(JAVA_LONG, msghdr.msg_control$offset(), control.address());
            msghdr.msg_controllen(header, control.byteSize());
            int result = Sys.recvmsg(socket.number(), header, Linux.MSG_ERRQUEUE() | Linux.MSG_DONTWAIT());
            if (result >= 0) {
                return read();
            }
            if (System.nanoTime() > deadline) {
                throw new AssertionError("nothing was told");
            }
            Thread.sleep(2);
        }
    }

    /** One struct cmsghdr with a struct sock_extended_err, behind it the sockaddr of who told. */
    private Told read() throws IOException {
        long error = CMSG_HEADER_BYTES;
        int errno = control.get(JAVA_INT, error + sock_extended_err.ee_errno$offset());
        int info = control.get(JAVA_INT, error + sock_extended_err.ee_info$offset());
        long offender = error + sock_extended_err.sizeof();
        boolean ipv4 = control.get(JAVA_SHORT, offender) == Linux.AF_INET();
        byte[] by = control.asSlice(offender + (ipv4 ? 4 : 8), ipv4 ? 4 : 16).toArray(JAVA_BYTE);
        return new Told(Errno.of(errno), InetAddress.getByAddress(by), info);
    }

    @Override
    public void close() {
        socket.close();
        arena.close();
    }
}
