package wireleap.tun;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sockets;
import wireleap.tun.os.linux.DaemonLock;
import wireleap.tun.os.linux.PacketPair;
import wireleap.tun.routes.HostRoutes;
import wireleap.tun.routes.RehearsedRoutes;
import wireleap.tun.routes.Resolvers;

/**
 * A machine whose routing is only rehearsed and whose TUN leads to this program. All else is the real one's, and none
 * of it needs a privilege or changes anything.
 */
class SimulatedPlatform implements Platform, AutoCloseable {
    private static final int TUN_INDEX = 4711;

    private final Platform real = new LinuxPlatform();
    private final PacketPair devices;

    SimulatedPlatform() throws IOException {
        devices = PacketPair.open();
    }

    /** What the daemon writes to its TUN is read here, and the other way round. */
    PacketDevice behindTun() {
        return devices.far();
    }

    /** A lock of this process's own: other daemons may live. */
    @Override
    public Lock lock() throws IOException {
        return DaemonLock.take("wireleap_tun simulated " + ProcessHandle.current().pid())::close;
    }

    @Override
    public long sinceBootNanos() {
        return real.sinceBootNanos();
    }

    @Override
    public HostRoutes.Opener hostRoutes() {
        return RehearsedRoutes::open;
    }

    @Override
    public Resolvers resolvers(boolean capturesDns) {
        return real.resolvers(capturesDns);
    }

    /** With one queue, however many are wanted. */
    @Override
    public Tun openTun(String name, int queues) throws IOException {
        return new Tun() {
            @Override
            public int index() {
                return TUN_INDEX;
            }

            @Override
            public List<PacketDevice> queues() {
                return List.of(devices.near());
            }

            @Override
            public void persist(boolean persists) {
                // Nothing is led into it.
            }

            @Override
            public void close() {
                devices.near().close();
            }
        };
    }

    @Override
    public Poller poller(Arena arena) throws IOException {
        return real.poller(arena);
    }

    /** Without a mark, which needs CAP_NET_ADMIN. */
    @Override
    public Sockets sockets(Arena arena, int mark) {
        return real.sockets(arena, 0);
    }

    @Override
    public MemorySegment anonymousMemory(long bytes, Arena arena) throws IOException {
        return real.anonymousMemory(bytes, arena);
    }

    @Override
    public void close() {
        devices.close();
    }
}
