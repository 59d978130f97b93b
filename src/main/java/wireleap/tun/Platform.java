package wireleap.tun;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sockets;
import wireleap.tun.routes.HostRoutes;
import wireleap.tun.routes.Resolvers;

/** What the daemon needs of the machine that it runs on; only {@link Main} chooses one. */
interface Platform {
    /** A TUN of ours; it is gone once it is closed, unless it persists. */
    interface Tun extends AutoCloseable {
        /** The number by which the kernel knows it. */
        int index() throws IOException;

        /** One device for each loop, all with the same offloads. */
        List<PacketDevice> queues();

        /** Says whether it outlives its closing, and this process, dropping what is led into it. */
        void persist(boolean persists) throws IOException;

        @Override
        void close();
    }

    /** What shows that a daemon lives in this network namespace. */
    interface Lock extends AutoCloseable {
        @Override
        void close();
    }

    /** @throws IOException if another daemon lives in this network namespace */
    Lock lock() throws IOException;

    /** Nanoseconds since the machine was started, those in which it was asleep included. */
    long sinceBootNanos();

    /** The host's routing, to be opened on the thread that uses it. */
    HostRoutes.Opener hostRoutes();

    /**
     * Whom this host asks for names, and in which way.
     *
     * @param capturesDns whether queries to local networks are captured too
     */
    Resolvers resolvers(boolean capturesDns);

    /**
     * Makes a TUN, or takes over the one of that name that outlived a daemon which was killed.
     *
     * @param queues 1 or more
     * @throws IOException saying why there can be no such device and what to do
     */
    Tun openTun(String name, int queues) throws IOException;

    /** A poller whose memory is the arena's. */
    Poller poller(Arena arena) throws IOException;

    /**
     * Sockets whose common memory is the arena's.
     *
     * @param mark that every socket carries
     */
    Sockets sockets(Arena arena, int mark);

    /** Memory of the kernel's, zeroes, resident only where it was touched; unmapped when the arena closes. */
    MemorySegment anonymousMemory(long bytes, Arena arena) throws IOException;
}
