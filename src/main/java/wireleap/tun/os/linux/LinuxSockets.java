package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.os.DatagramInfo;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.Errno;
import wireleap.tun.os.SocketSettings;
import wireleap.tun.os.Sockets;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.gen.linger;

/**
 * Sockets by socket(7), tcp(7), udp(7), ip(7) and ipv6(7). Its memory, a few structs that the calls share, lies in the
 * arena given; its thread is the arena's.
 */
public final class LinuxSockets implements Sockets {
    private static final int STREAM = Linux.SOCK_STREAM() | Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC();
    private static final int DATAGRAM = Linux.SOCK_DGRAM() | Linux.SOCK_NONBLOCK() | Linux.SOCK_CLOEXEC();
    private static final int SEND = Linux.MSG_NOSIGNAL() | Linux.MSG_DONTWAIT();
    private static final int RECEIVE = Linux.MSG_DONTWAIT();
    /** What may wait in a UDP socket: what comes in some 15 ms at 1.5 Gbit/s, each datagram counted as a page or two. */
    private static final int DATAGRAM_BUFFER_BYTES = 4 << 20;

    private final SocketSettings settings;
    private final SockAddr address;
    private final Message message;
    private final Endpoint source = new Endpoint();
    private final MemorySegment option;
    private final MemorySegment optionLength;
    /** struct linger {1, 0}: close(2) drops what is unsent and sends RST. */
    private final MemorySegment noLinger;
    private final boolean peeks4;
    private final boolean peeks6;

    /**
     * Makes sockets of one kind.
     *
     * @param arena what the calls share lives as long as it
     */
    public LinuxSockets(Arena arena, SocketSettings settings) {
        this.settings = settings;
        this.address = new SockAddr(arena);
        this.message = new Message(arena, address);
        this.option = arena.allocate(JAVA_INT);
        this.optionLength = arena.allocate(JAVA_INT);
        this.noLinger = linger.allocate(arena);
        linger.l_onoff(noLinger, 1);
        this.peeks4 = settings.peeks() && canPeek(Linux.AF_INET());
        this.peeks6 = settings.peeks() && canPeek(Linux.AF_INET6());
    }

    /** SO_PEEK_OFF came for TCP over IPv4 with Linux 6.9, over IPv6 with 6.11; before it answers EOPNOTSUPP. */
    private boolean canPeek(int family) {
        int fd = Sys.socket(family, STREAM, 0);
        if (fd < 0) {
            return false;
        }
        int result = peekFrom(fd, 0);
        Sys.close(fd);
        return result >= 0;
    }

    @Override
    public int connect(long hi, long lo, int port) {
        int fd = stream(Endpoint.isIpv4(hi, lo));
        if (fd < 0) {
            return fd;
        }
        int result = connectTo(fd, hi, lo, port);
        if (Errno.EADDRNOTAVAIL.is(result) && hasAddressFor(hi, lo, port)) {
            result = -Errno.EADDRINUSE.number();
        }
        return result >= 0 || Errno.EINPROGRESS.is(result) ? fd : closed(fd, result);
    }

    /** EADDRNOTAVAIL has two causes: no address to send from, or none of its ports left. UDP has ports of its own. */
    private boolean hasAddressFor(long hi, long lo, int port) {
        int fd = connectedDatagrams(hi, lo, port);
        if (fd >= 0) {
            Sys.close(fd);
        }
        return fd >= 0;
    }

    @Override
    public int connectFrom(int localPort, long hi, long lo, int port) {
        int fd = stream(Endpoint.isIpv4(hi, lo));
        if (fd < 0) {
            return fd;
        }
        int result = bindTowards(fd, localPort, hi, lo, port);
        if (result >= 0) {
            result = connectTo(fd, hi, lo, port);
        }
        return result >= 0 || Errno.EINPROGRESS.is(result) ? fd : closed(fd, result);
    }

    /**
     * To a port of the address that the way to a target asks for, as a UDP socket finds it. Of all addresses the port is
     * hardly ever free: other programs' connections have it on theirs.
     */
    private int bindTowards(int fd, int localPort, long hi, long lo, int port) {
        int probe = connectedDatagrams(hi, lo, port);
        if (probe < 0) {
            return probe;
        }
        int result = local(probe, source);
        Sys.close(probe);
        if (result < 0) {
            return result;
        }
        address.fill(source.hi(), source.lo(), localPort);
        return Sys.bind(fd, address.memory(), address.bytes());
    }

    /** A TCP socket with all of its options: its descriptor. */
    private int stream(boolean ipv4) {
        int fd = Sys.socket(family(ipv4), STREAM, 0);
        if (fd < 0) {
            return fd;
        }
        int result = streamOptions(fd);
        if (result >= 0 && peeks(!ipv4)) {
            result = peekOptions(fd);
        }
        return result >= 0 ? fd : closed(fd, result);
    }

    private int connectTo(int fd, long hi, long lo, int port) {
        address.fill(hi, lo, port);
        return Sys.connect(fd, address.memory(), address.bytes());
    }

    @Override
    public int connectResult(int fd) {
        optionLength.set(JAVA_INT, 0, Integer.BYTES);
        int result = Sys.getsockopt(fd, Linux.SOL_SOCKET(), Linux.SO_ERROR(), option, optionLength);
        if (result < 0) {
            return result;
        }
        int error = option.get(JAVA_INT, 0);
        if (error != 0) {
            return -error;
        }
        address.clear();
        result = Sys.getpeername(fd, address.memory(), address.length());
        return Errno.ENOTCONN.is(result) ? -Errno.EAGAIN.number() : result;
    }

    @Override
    public int datagrams(boolean ipv6) {
        int fd = Sys.socket(family(!ipv6), DATAGRAM, 0);
        if (fd < 0) {
            return fd;
        }
        int result = datagramOptions(fd, ipv6);
        if (result >= 0) {
            option(fd, Linux.IPPROTO_UDP(), Linux.UDP_GRO(), 1); // kernels before 5.0 give one datagram at a time
            address.fill(0, ipv6 ? 0 : 0xffff_0000_0000L, 0);
            result = Sys.bind(fd, address.memory(), address.bytes());
        }
        return result >= 0 ? fd : closed(fd, result);
    }

    @Override
    public int connectedDatagrams(long hi, long lo, int port) {
        boolean ipv4 = Endpoint.isIpv4(hi, lo);
        int fd = Sys.socket(family(ipv4), DATAGRAM, 0);
        if (fd < 0) {
            return fd;
        }
        int result = datagramOptions(fd, !ipv4);
        if (result >= 0) {
            result = connectTo(fd, hi, lo, port);
        }
        return result >= 0 ? fd : closed(fd, result);
    }

    private static int family(boolean ipv4) {
        return ipv4 ? Linux.AF_INET() : Linux.AF_INET6();
    }

    private static int closed(int fd, int result) {
        Sys.close(fd);
        return result;
    }

    /** Stops at the first option that is refused: without its mark a socket would come back through the TUN. */
    private int streamOptions(int fd) {
        int tcp = Linux.IPPROTO_TCP();
        int result = mark(fd);
        result = result < 0 ? result : option(fd, tcp, Linux.TCP_NODELAY(), 1);
        // On the socket whose port is used again, too: see connectFrom.
        result = result < 0 ? result : option(fd, Linux.SOL_SOCKET(), Linux.SO_REUSEADDR(), 1);
        if (settings.userTimeoutMillis() > 0) {
            result = result < 0 ? result : option(fd, tcp, Linux.TCP_USER_TIMEOUT(), settings.userTimeoutMillis());
        }
        if (settings.keepIdleSeconds() > 0) {
            result = result < 0 ? result : option(fd, Linux.SOL_SOCKET(), Linux.SO_KEEPALIVE(), 1);
            result = result < 0 ? result : option(fd, tcp, Linux.TCP_KEEPIDLE(), settings.keepIdleSeconds());
            result = result < 0 ? result : option(fd, tcp, Linux.TCP_KEEPINTVL(), settings.keepIntervalSeconds());
            result = result < 0 ? result : option(fd, tcp, Linux.TCP_KEEPCNT(), settings.keepProbes());
        }
        return result;
    }

    /**
     * An urgent byte must stay in the stream (RFC 6093 section 6): the kernel would leave it out of what a peek gives, but
     * not move the position on for it, so that a byte behind it would be given twice (seen on 6.18).
     */
    private int peekOptions(int fd) {
        int result = option(fd, Linux.SOL_SOCKET(), Linux.SO_OOBINLINE(), 1);
        return result < 0 ? result : peekFrom(fd, 0);
    }

    private int datagramOptions(int fd, boolean ipv6) {
        int result = mark(fd);
        buffer(fd, Linux.SO_RCVBUFFORCE(), Linux.SO_RCVBUF());
        buffer(fd, Linux.SO_SNDBUFFORCE(), Linux.SO_SNDBUF());
        if (ipv6) {
            result = result < 0 ? result : option(fd, Linux.SOL_IPV6(), Linux.IPV6_V6ONLY(), 1);
            return result < 0 ? result : option(fd, Linux.SOL_IPV6(), Linux.IPV6_RECVERR(), 1);
        }
        return result < 0 ? result : option(fd, Linux.SOL_IP(), Linux.IP_RECVERR(), 1);
    }

    /** As large as the host's administrator may have it, else as the host's limit allows (socket(7)). */
    private void buffer(int fd, int forced, int limited) {
        if (option(fd, Linux.SOL_SOCKET(), forced, DATAGRAM_BUFFER_BYTES) < 0) {
            option(fd, Linux.SOL_SOCKET(), limited, DATAGRAM_BUFFER_BYTES);
        }
    }

    private int mark(int fd) {
        return settings.mark() == 0 ? 0 : option(fd, Linux.SOL_SOCKET(), Linux.SO_MARK(), settings.mark());
    }

    private int option(int fd, int level, int name, int value) {
        option.set(JAVA_INT, 0, value);
        return Sys.setsockopt(fd, level, name, option, Integer.BYTES);
    }

    @Override
    public int local(int fd, Endpoint local) {
        address.clear();
        int result = Sys.getsockname(fd, address.memory(), address.length());
        if (result >= 0) {
            address.copyTo(local);
        }
        return result;
    }

    @Override
    public int send(int fd, MemorySegment memory, long offset, int length) {
        return Sys.send(fd, memory, offset, length, SEND);
    }

    @Override
    public int recv(int fd, MemorySegment memory, long offset, int length) {
        return Sys.recv(fd, memory, offset, length, RECEIVE);
    }

    @Override
    public boolean peeks(boolean ipv6) {
        return ipv6 ? peeks6 : peeks4;
    }

    @Override
    public int peekFrom(int fd, int position) {
        return option(fd, Linux.SOL_SOCKET(), Linux.SO_PEEK_OFF(), position);
    }

    @Override
    public int peek(int fd, MemorySegment memory, long offset, int length) {
        return Sys.recv(fd, memory, offset, length, RECEIVE | Linux.MSG_PEEK());
    }

    @Override
    public int discard(int fd, int length) {
        return Sys.recv(fd, length, RECEIVE | Linux.MSG_TRUNC());
    }

    @Override
    public int sendTo(int fd, long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                      MemorySegment body, long bodyOffset, int bodyLength) {
        address.fill(hi, lo, port);
        message.parts().clear().add(head, headOffset, headLength).add(body, bodyOffset, bodyLength);
        return Sys.sendmsg(fd, message.outgoing(true), SEND);
    }

    @Override
    public int send(int fd, MemorySegment head, long headOffset, int headLength,
                    MemorySegment body, long bodyOffset, int bodyLength) {
        message.parts().clear().add(head, headOffset, headLength).add(body, bodyOffset, bodyLength);
        return Sys.sendmsg(fd, message.outgoing(false), SEND);
    }

    @Override
    public int sendTrainTo(int fd, long hi, long lo, int port, MemorySegment memory, long offset, int length,
                           int segmentBytes) {
        address.fill(hi, lo, port);
        message.parts().clear().add(memory, offset, length);
        return Sys.sendmsg(fd, message.outgoingTrain(true, segmentBytes), SEND);
    }

    @Override
    public int sendTrain(int fd, MemorySegment memory, long offset, int length, int segmentBytes) {
        message.parts().clear().add(memory, offset, length);
        return Sys.sendmsg(fd, message.outgoingTrain(false, segmentBytes), SEND);
    }

    @Override
    public int mayFragment(int fd, boolean ipv6, boolean allowed) {
        if (ipv6) {
            return option(fd, Linux.SOL_IPV6(), Linux.IPV6_MTU_DISCOVER(),
                    allowed ? Linux.IPV6_PMTUDISC_DONT() : Linux.IPV6_PMTUDISC_DO());
        }
        return option(fd, Linux.SOL_IP(), Linux.IP_MTU_DISCOVER(),
                allowed ? Linux.IP_PMTUDISC_DONT() : Linux.IP_PMTUDISC_DO());
    }

    @Override
    public int recvFrom(int fd, DatagramInfo from, MemorySegment memory, long offset, int length) {
        message.parts().clear().add(memory, offset, length);
        int result = Sys.recvmsg(fd, message.incoming(), RECEIVE);
        if (result >= 0) {
            address.copyTo(from.other());
            from.fill(message.segmentBytes(), 0);
        }
        return result;
    }

    @Override
    public int undelivered(int fd, DatagramInfo to) {
        message.parts().clear();
        int result = Sys.recvmsg(fd, message.incoming(), RECEIVE | Linux.MSG_ERRQUEUE());
        if (result < 0) {
            return result;
        }
        address.copyTo(to.other());
        to.fill(0, message.extendedMtu());
        return -message.extendedErrno();
    }

    @Override
    public int shutdownWrite(int fd) {
        return Sys.shutdown(fd, Linux.SHUT_WR());
    }

    @Override
    public void reset(int fd) {
        Sys.setsockopt(fd, Linux.SOL_SOCKET(), Linux.SO_LINGER(), noLinger, (int) noLinger.byteSize());
        Sys.close(fd);
    }

    @Override
    public void close(int fd) {
        Sys.close(fd);
    }
}
