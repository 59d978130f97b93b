package wireleap.tun.os.linux.netlink;

import static wireleap.tun.os.linux.gen.Linux.*;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.Epoll;
import wireleap.tun.os.linux.netlink.RouteEvent.AddressChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.EventsLost;
import wireleap.tun.os.linux.netlink.RouteEvent.LinkChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RouteChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RuleChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.SysctlChanged;

/**
 * A NETLINK_ROUTE socket that hears what changes in the network namespace of the thread that opened it: links, addresses,
 * routes, rules and sysctls of devices, of both families. {@code ip monitor}. It asks for nothing.
 *
 * <p>One platform thread waits; {@link #wake} alone may be called by others. Its memory comes from the arena that it is
 * given, and is used no longer than it is open.
 */
public final class RouteMonitor implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteMonitor.class);
    private static final int RECEIVE_BUFFER_BYTES = 1 << 21;
    private static final int DATAGRAM_BYTES = 1 << 16;

    private final Fd socket;
    private final Poller poller;
    private final MemorySegment datagram;
    private final NetlinkReader reader = new NetlinkReader();
    private final OptionalInt deaf;

    private RouteMonitor(Fd socket, Poller poller, Arena arena, OptionalInt deaf) {
        this.socket = socket;
        this.poller = poller;
        this.deaf = deaf;
        datagram = arena.allocate(DATAGRAM_BYTES, Long.BYTES);
    }

    /**
     * Opens a socket in this thread's network namespace. Needs no privilege.
     *
     * @param arena of this thread, for the socket's memory
     * @param deaf the {@link RouteSocket#port} whose changes are not to be heard, or none
     */
    public static RouteMonitor open(Arena arena, OptionalInt deaf) throws ErrnoException {
        return open(arena, deaf, RECEIVE_BUFFER_BYTES);
    }

    static RouteMonitor open(Arena arena, OptionalInt deaf, int receiveBufferBytes) throws ErrnoException {
        Poller poller = new Epoll(arena, 1);
        Fd fd = null;
        try {
            fd = Fd.of("socket NETLINK_ROUTE",
                    Sys.socket(AF_NETLINK(), SOCK_RAW() | SOCK_CLOEXEC() | SOCK_NONBLOCK(), NETLINK_ROUTE()));
            // without CAP_NET_ADMIN of the initial user namespace the usual size must do: what is lost is told
            Sys.setsockopt(fd.number(), SOL_SOCKET(), SO_RCVBUFFORCE(), receiveBufferBytes);
            KernelSocket.bind(fd);
            join(fd, RTNLGRP_LINK(), RTNLGRP_IPV4_IFADDR(), RTNLGRP_IPV6_IFADDR(), RTNLGRP_IPV4_ROUTE(),
                    RTNLGRP_IPV6_ROUTE(), RTNLGRP_IPV4_RULE(), RTNLGRP_IPV6_RULE(), RTNLGRP_IPV4_NETCONF(),
                    RTNLGRP_IPV6_NETCONF());
            ErrnoException.check("epoll_ctl", poller.add(fd.number(), Poller.READABLE, 0));
            return new RouteMonitor(fd, poller, arena, deaf);
        } catch (ErrnoException e) {
            if (fd != null) {
                fd.close();
            }
            poller.close();
            throw e;
        }
    }

    private static void join(Fd fd, int... groups) throws ErrnoException {
        for (int group : groups) {
            ErrnoException.check("setsockopt NETLINK_ADD_MEMBERSHIP " + group,
                    Sys.setsockopt(fd.number(), SOL_NETLINK(), NETLINK_ADD_MEMBERSHIP(), group));
        }
    }

    /**
     * Waits until something was told, or {@link #wake} was called, and hands over all that is there.
     *
     * @param listener is given each event, on this thread
     * @throws ErrnoException if the socket failed for good
     */
    public void await(Consumer<RouteEvent> listener) throws ErrnoException {
        ErrnoException.check("epoll_wait", poller.await(Long.MAX_VALUE));
        int received = receive();
        while (!Errno.EAGAIN.is(received)) {
            if (Errno.ENOBUFS.is(received)) {
                listener.accept(new EventsLost());
            } else if (!Errno.EINTR.is(received)) {
                tell(ErrnoException.check("recv from netlink", received), listener);
            }
            received = receive();
        }
    }

    private int receive() {
        return Sys.recv(socket.number(), datagram, 0, datagram.byteSize(), 0);
    }

    private void tell(int bytes, Consumer<RouteEvent> listener) {
        reader.wrap(datagram.asSlice(0, bytes));
        while (reader.advance()) {
            if (deaf.isEmpty() || reader.port() != deaf.getAsInt()) {
                try {
                    event(reader).ifPresent(listener);
                } catch (ErrnoException e) {
                    LOG.debug("an event that cannot be read, so that all may have changed: {}", e.getMessage());
                    listener.accept(new EventsLost());
                }
            }
        }
    }

    /** What the message tells; none if it is of a kind that nobody asked for. */
    static Optional<RouteEvent> event(NetlinkReader message) throws ErrnoException {
        int type = message.type();
        RouteEvent event = null;
        if ((type == RTM_NEWLINK() || type == RTM_DELLINK()) && LinkEntry.isOfDevice(message)) {
            event = new LinkChanged(LinkEntry.read(message), type == RTM_DELLINK());
        } else if (type == RTM_NEWADDR() || type == RTM_DELADDR()) {
            event = new AddressChanged(AddressEntry.read(message), type == RTM_DELADDR());
        } else if (type == RTM_NEWROUTE() || type == RTM_DELROUTE()) {
            event = new RouteChanged(RouteEntry.read(message), type == RTM_DELROUTE());
        } else if (type == RTM_NEWRULE() || type == RTM_DELRULE()) {
            event = new RuleChanged(RuleEntry.read(message), type == RTM_DELRULE());
        } else if (type == RTM_NEWNETCONF()) {
            event = new SysctlChanged();
        }
        return Optional.ofNullable(event);
    }

    /** Ends the wait that is on, or the next one; nothing after {@link #close}. Any platform thread. */
    public void wake() {
        poller.wake();
    }

    @Override
    public void close() {
        poller.close();
        socket.close();
    }
}
