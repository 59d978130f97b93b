package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.sockaddr_nl;

/** The kernel's own socket, netlink(7). */
final class KernelSocket implements NetlinkSocket {
    private final Fd fd;
    private final int port;

    private KernelSocket(Fd fd, int port) {
        this.fd = fd;
        this.port = port;
    }

    /**
     * Opens a socket in this thread's network namespace that is told of every refusal with the kernel's words.
     *
     * @param receiveBufferBytes for answers that nobody has taken yet
     */
    static KernelSocket open(int receiveBufferBytes) throws ErrnoException {
        Fd fd = Fd.of("socket NETLINK_ROUTE", Sys.socket(AF_NETLINK(), SOCK_RAW() | SOCK_CLOEXEC(), NETLINK_ROUTE()));
        try {
            option(fd, NETLINK_EXT_ACK());
            option(fd, NETLINK_CAP_ACK());
            option(fd, NETLINK_GET_STRICT_CHK());
            // without CAP_NET_ADMIN of the initial user namespace the usual size must do, and does
            Sys.setsockopt(fd.number(), SOL_SOCKET(), SO_RCVBUFFORCE(), receiveBufferBytes);
            return new KernelSocket(fd, bind(fd));
        } catch (ErrnoException e) {
            fd.close();
            throw e;
        }
    }

    private static void option(Fd fd, int option) throws ErrnoException {
        ErrnoException.check("setsockopt SOL_NETLINK " + option, Sys.setsockopt(fd.number(), SOL_NETLINK(), option, 1));
    }

    /**
     * Gives a socket a port of the kernel's choice. One without hears no events: 0 is nobody's port.
     *
     * @return the port
     */
    static int bind(Fd fd) throws ErrnoException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = sockaddr_nl.allocate(arena);
            MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) sockaddr_nl.sizeof());
            sockaddr_nl.nl_family(address, (short) AF_NETLINK());
            ErrnoException.check("bind netlink", Sys.bind(fd.number(), address, (int) sockaddr_nl.sizeof()));
            ErrnoException.check("getsockname", Sys.getsockname(fd.number(), address, length));
            return sockaddr_nl.nl_pid(address);
        }
    }

    @Override
    public int send(MemorySegment messages, long bytes) {
        int sent = Sys.send(fd.number(), messages, 0, bytes, 0);
        while (Errno.EINTR.is(sent)) {
            sent = Sys.send(fd.number(), messages, 0, bytes, 0);
        }
        return sent;
    }

    @Override
    public int receive(MemorySegment datagram) {
        return Sys.recv(fd.number(), datagram, 0, datagram.byteSize(), MSG_DONTWAIT() | MSG_TRUNC());
    }

    @Override
    public int port() {
        return port;
    }

    @Override
    public void close() {
        fd.close();
    }
}
