package wireleap.tun;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.os.SocketSettings;
import wireleap.tun.os.Sockets;
import wireleap.tun.os.linux.DaemonLock;
import wireleap.tun.os.linux.Epoll;
import wireleap.tun.os.linux.LinuxClock;
import wireleap.tun.os.linux.LinuxMemory;
import wireleap.tun.os.linux.LinuxSockets;
import wireleap.tun.os.linux.LinuxTun;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.routes.HostRoutes;
import wireleap.tun.routes.LinuxRoutes;
import wireleap.tun.routes.Resolvers;

/** Linux: /dev/net/tun, epoll(7), rtnetlink(7). */
final class LinuxPlatform implements Platform {
    private static final int EVENTS_A_WAIT = 256;
    /** Long, because the kernel counts a server that reads nothing for so long as gone, even if it answers probes. */
    private static final int USER_TIMEOUT_MILLIS = 600_000;
    private static final int KEEP_IDLE_SECONDS = 60;
    private static final int KEEP_INTERVAL_SECONDS = 15;
    private static final int KEEP_PROBES = 8;
    /** -Dwireleap.tun.peek=false does without, as on a kernel that cannot: for tests and comparisons. */
    private static final boolean PEEKS = Boolean.parseBoolean(System.getProperty("wireleap.tun.peek", "true"));

    @Override
    public Lock lock() throws IOException {
        return DaemonLock.take("wireleap_tun")::close;
    }

    @Override
    public HostRoutes.Opener hostRoutes() {
        return LinuxRoutes::open;
    }

    @Override
    public long sinceBootNanos() {
        return LinuxClock.sinceBootNanos();
    }

    @Override
    public Resolvers resolvers(boolean capturesDns) {
        return Resolvers.find(capturesDns);
    }

    @Override
    public Tun openTun(String name, int queues) throws IOException {
        LinuxTun tun = tun(name, queues);
        return new Tun() {
            @Override
            public int index() throws IOException {
                return indexOf(name);
            }

            @Override
            public void persist(boolean persists) throws IOException {
                tun.persist(persists);
            }

            @Override
            public List<PacketDevice> queues() {
                return tun.queues();
            }

            @Override
            public void close() {
                tun.close();
            }
        };
    }

    private static LinuxTun tun(String name, int queues) throws IOException {
        try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena)) {
            boolean outlived = socket.links().stream()
                    .anyMatch(link -> link.name().equals(name) && link.alias().equals(RouteSettings.TUN_ALIAS));
            LinuxTun tun = outlived ? LinuxTun.attach(name, queues) : LinuxTun.create(name, queues);
            if (!outlived) {
                name(tun, socket);
            }
            return tun;
        } catch (ErrnoException e) {
            throw new IOException("the TUN " + name + " cannot be made: " + e.getMessage() + advice(e.errno()), e);
        }
    }

    /** By the alias a device that outlives its daemon is known as ours. */
    private static void name(LinuxTun tun, RouteSocket socket) throws ErrnoException {
        try {
            for (LinkEntry link : socket.links()) {
                if (link.name().equals(tun.name())) {
                    socket.request("ip link set dev " + tun.name() + " alias " + RouteSettings.TUN_ALIAS,
                            LinkEntry.alias(link.index(), RouteSettings.TUN_ALIAS));
                }
            }
        } catch (ErrnoException e) {
            tun.close();
            throw e;
        }
    }

    private static String advice(Errno errno) {
        return switch (errno) {
            case EPERM, EACCES -> "; run as root or with CAP_NET_ADMIN, and see that /dev/net/tun may be opened";
            case EBUSY -> "; a device of that name exists: choose another by --tun";
            case ENOENT, ENODEV, ENXIO -> "; the kernel's TUN driver is absent: modprobe tun";
            default -> "";
        };
    }

    private static int indexOf(String name) throws IOException {
        try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena)) {
            return socket.links().stream().filter(link -> link.name().equals(name)).mapToInt(LinkEntry::index)
                    .findFirst().orElseThrow(() -> new IOException("the TUN " + name + " is gone already"));
        }
    }

    @Override
    public Poller poller(Arena arena) throws IOException {
        return new Epoll(arena, EVENTS_A_WAIT);
    }

    @Override
    public Sockets sockets(Arena arena, int mark) {
        return new LinuxSockets(arena, new SocketSettings(mark, USER_TIMEOUT_MILLIS, KEEP_IDLE_SECONDS,
                KEEP_INTERVAL_SECONDS, KEEP_PROBES, PEEKS));
    }

    @Override
    public MemorySegment anonymousMemory(long bytes, Arena arena) throws IOException {
        return LinuxMemory.map(bytes, arena);
    }
}
