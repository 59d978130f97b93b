package wireleap.tun;

import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import wireleap.tun.flow.LoopWatch;
import wireleap.tun.flow.StackSettings;
import wireleap.tun.loop.EventLoop;
import wireleap.tun.loop.Loops;
import wireleap.tun.loop.Neighbours;
import wireleap.tun.loop.UpstreamFactory;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RouteSettings;

/** Makes the loops of a daemon, one a queue of its TUN, each with its share of what the daemon may have in all. */
final class LoopMaker {
    private static final int MAX_HALF_OPEN = 4096;
    private static final int MAX_SESSIONS_PER_CLIENT = 4096;
    private static final int MAX_RING_BYTES = 1 << 20;
    private static final long SESSION_IDLE_NANOS = 60_000_000_000L;
    /** Memory of a loop is a multiple of so much. */
    private static final long SLAB_UNIT_BYTES = 1 << 20;

    private final Config config;
    private final Platform platform;
    private final LoopWatch watch;

    LoopMaker(Config config, Platform platform, LoopWatch watch) {
        this.config = config;
        this.platform = platform;
        this.watch = watch;
    }

    /**
     * Makes loops that nobody has started.
     *
     * @param upstream called by each loop
     * @param memory they live as long as it
     * @param death is told what ended a loop, on that loop's thread
     */
    Loops make(List<PacketDevice> queues, UpstreamFactory upstream, Arena memory, Consumer<Throwable> death)
            throws IOException {
        int count = queues.size();
        long sharedBytes = Neighbours.memoryBytes(count);
        long slabBytes = (config.memoryBytes() - sharedBytes) / count / SLAB_UNIT_BYTES * SLAB_UNIT_BYTES;
        StackSettings settings = stackSettings().share(count);
        MemorySegment shared = sharedBytes == 0 ? MemorySegment.NULL : platform.anonymousMemory(sharedBytes, memory);
        List<Poller> pollers = new ArrayList<>();
        try {
            while (pollers.size() < count) {
                pollers.add(platform.poller(memory));
            }
            List<Neighbours> places = Neighbours.among(pollers, shared);
            List<EventLoop> loops = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                loops.add(new EventLoop("tun-" + i, settings, queues.get(i), pollers.get(i),
                        platform.sockets(memory, config.routes().mark().value()),
                        platform.anonymousMemory(slabBytes, memory), upstream, places.get(i),
                        secret(), death));
            }
            return new Loops(loops);
        } catch (IOException e) {
            pollers.forEach(Poller::close);
            throw e;
        }
    }

    /** Of the kernel's randomness; to find the same by java.security took 9 ms of the start. */
    private static long secret() throws IOException {
        try (InputStream random = Files.newInputStream(Path.of("/dev/urandom"))) {
            return ByteBuffer.wrap(random.readNBytes(Long.BYTES)).getLong();
        }
    }

    private StackSettings stackSettings() {
        RouteSettings routes = config.routes();
        IpPrefix ipv4 = routes.ipv4Address();
        IpPrefix ipv6 = routes.ipv6Address();
        // The other address of each of the TUN's two-address networks is what the stack calls itself.
        return StackSettings.of(routes.mtu(), ipv4.lo() ^ 1, ipv6.hi(), ipv6.lo() ^ 1)
                .withFlows(config.maxFlows(), Math.min(config.maxFlows(), MAX_HALF_OPEN), MAX_RING_BYTES)
                .withSessions(config.maxUdpSessions(), Math.min(config.maxUdpSessions(), MAX_SESSIONS_PER_CLIENT),
                    SESSION_IDLE_NANOS)
                .withManners(config.earlyAccept(), config.echoReply()).withDns(config.dns())
                .withLoopWatch(watch);
    }
}
