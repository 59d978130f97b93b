package wireleap.tun.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.flow.Stack;
import wireleap.tun.flow.StackSettings;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.os.Errno;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sockets;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * One platform thread that runs one queue of the TUN and everything of its flows to completion: waits for the queue, the
 * sockets, the time and the mailbox, and gives what comes to the {@link Stack}. Owns the poller that it was given and
 * closes it at its end; the device stays open, or its routes would go and traffic leak past a loop that died.
 *
 * <p>A turn: up to {@link #PACKETS_A_TURN} packets and what the sockets tell, then the stack's end of turn, then its timers.
 * The TUN is watched by level, so that what is left of it comes in the next turn; sockets are watched by edge.
 */
public final class EventLoop {
    /** More in a turn gains nothing, fewer cost a fifth of an upload's speed (measured). */
    private static final int PACKETS_A_TURN = 16;
    private static final int LARGEST_PACKET = 65_535;
    private static final int PACKET_SPACE = VirtioNetHeader.BYTES + LARGEST_PACKET;
    /** Such that the IP header, behind 12 bytes, lies at a multiple of 16. */
    private static final int PACKET_OFFSET = 4;
    private static final int CACHE_LINE = 64;
    private static final int MAILBOX_SLOTS = 1024;
    /** The TUN's datum; those of sockets are not below zero. */
    private static final long TUN = -1;
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

    private final StackSettings settings;
    private final PacketDevice device;
    private final Poller poller;
    private final Sockets sockets;
    private final MemorySegment slabMemory;
    private final UpstreamFactory upstream;
    private final Consumer<Throwable> death;
    private final Counters counters = new Counters();
    private final long seed;
    private final ArrayBlockingQueue<Consumer<Stack>> mailbox = new ArrayBlockingQueue<>(MAILBOX_SLOTS);
    private final Thread thread;

    private SocketLinks links;
    private Stack stack;
    private MemorySegment packet;
    private volatile boolean stopping;
    private volatile int tcpFlows;
    private volatile int udpSessions;

    /**
     * A loop that {@link #start} sets going.
     *
     * @param name of its thread
     * @param slabMemory where everything in flight is kept; a multiple of 1 MiB, untouched so far
     * @param upstream makes the upstream over this loop's sockets; called on the loop's thread
     * @param seed secret, for hashes and sequence numbers
     * @param death is told, on the loop's thread, what ended it although nobody called {@link #stop}
     */
    public EventLoop(String name, StackSettings settings, PacketDevice device, Poller poller, Sockets sockets,
                     MemorySegment slabMemory, UpstreamFactory upstream, long seed,
                     Consumer<Throwable> death) {
        this.settings = settings;
        this.device = device;
        this.poller = poller;
        this.sockets = sockets;
        this.slabMemory = slabMemory;
        this.upstream = upstream;
        this.seed = seed;
        this.death = death;
        this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    /** Begins to run. */
    public void start() {
        thread.start();
    }

    /** Resets all flows, closes everything and waits until that is done. */
    public void stop() throws InterruptedException {
        stopping = true;
        if (thread.isAlive()) {
            poller.wake();
            thread.join();
        }
    }

    /**
     * Runs something on the loop's thread, soon.
     *
     * @return false if the mailbox is full: nothing will be run
     */
    public boolean post(Consumer<Stack> action) {
        var taken = mailbox.offer(action);
        if (taken && thread.isAlive()) {
            poller.wake();
        }
        return taken;
    }

    /** What this loop has counted; any thread. */
    public Counters counters() {
        return counters;
    }

    /** TCP flows at the end of the last turn; any thread. */
    public int tcpFlows() {
        return tcpFlows;
    }

    /** UDP sessions at the end of the last turn; any thread. */
    public int udpSessions() {
        return udpSessions;
    }

    private void run() {
        try (var arena = Arena.ofConfined(); poller) {
            packet = arena.allocate(PACKET_OFFSET + PACKET_SPACE, CACHE_LINE);
            links = new SocketLinks(sockets, poller);
            var output = new DevicePort(device, counters, arena);
            var slab = new Slab(slabMemory);
            stack = new Stack(settings, slab, output, upstream.upstream(links, slab, counters), counters, seed,
                    System.nanoTime());
            watchDevice();
            while (!stopping) {
                turn();
            }
            stack.close(System.nanoTime());
        } catch (Throwable t) {
            if (!stopping) {
                death.accept(t);
            } else {
                LOG.warn("while the loop ended: {}", t.toString());
            }
        }
    }

    private void watchDevice() {
        var result = poller.add(device.fd(), Poller.READABLE, TUN);
        if (result < 0) {
            throw new IllegalStateException("the TUN cannot be watched: " + Errno.text(-result));
        }
    }

    private void turn() {
        var deadlineNanos = stack.deadlineNanos();
        var waitNanos = deadlineNanos == Long.MAX_VALUE ? Long.MAX_VALUE : deadlineNanos - System.nanoTime();
        var ready = poller.await(waitNanos);
        if (ready < 0) {
            throw new IllegalStateException("the poller is broken: " + Errno.text(-ready));
        }
        var nowNanos = System.nanoTime();
        var packets = false;
        for (var i = 0; i < ready; i++) {
            if (poller.datum(i) == TUN) {
                packets = true;
            } else {
                links.tell(poller.datum(i), poller.events(i), nowNanos);
            }
        }
        if (packets) {
            readPackets(nowNanos);
        }
        for (var action = mailbox.poll(); action != null; action = mailbox.poll()) {
            action.accept(stack);
        }
        stack.endOfTurn(nowNanos);
        if (stack.deadlineNanos() <= nowNanos) {
            stack.onTimer(nowNanos);
        }
        tcpFlows = stack.tcpFlows();
        udpSessions = stack.udpSessions();
    }

    private void readPackets(long nowNanos) {
        for (var i = 0; i < PACKETS_A_TURN; i++) {
            var length = device.read(packet, PACKET_OFFSET, PACKET_SPACE);
            if (length < 0) {
                return;
            }
            stack.onPacket(packet, PACKET_OFFSET, length, nowNanos);
        }
    }
}
