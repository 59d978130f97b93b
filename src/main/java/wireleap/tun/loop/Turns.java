package wireleap.tun.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.LongSupplier;
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
 * What a loop does, turn by turn: tells what the sockets have to tell, takes what other loops have given, reads up to {@link
 * #PACKETS_A_TURN} packets, runs the mailbox's tasks, then comes the stack's end of turn, then its timers. The TUN is watched by level, so that what is left of
 * it comes in the next turn; sockets are watched by edge.
 *
 * <p>Made, used and closed by the loop's thread; its memory is the arena's and the slab's. Nothing is allocated on the heap
 * in a turn but what new flows need.
 */
final class Turns {
    /** More in a turn gains nothing, fewer cost a fifth of an upload's speed (measured). */
    static final int PACKETS_A_TURN = 16;
    /** The TUN's datum; those of sockets are not below zero. */
    static final long TUN = -1;

    private static final int LARGEST_PACKET = 65_535;
    private static final int PACKET_SPACE = VirtioNetHeader.BYTES + LARGEST_PACKET;
    /** Such that the IP header, behind 12 bytes, lies at a multiple of 16. */
    private static final int PACKET_OFFSET = 4;
    private static final int CACHE_LINE = 64;

    private final PacketDevice device;
    private final Poller poller;
    private final Mailbox mailbox;
    private final Neighbours neighbours;
    private final LongSupplier clock;
    private final MemorySegment packet;
    private final SocketLinks links;
    private final Stack stack;
    private final Failures failures;

    /**
     * Makes a stack over the device and the sockets, and begins to watch the device.
     *
     * @param slabMemory where everything in flight is kept; a multiple of 1 MiB, untouched so far
     * @param neighbours the loop's place among the others; packets of theirs go there
     * @param seed secret, for hashes and sequence numbers
     * @param clock nanoseconds, only forward
     */
    Turns(StackSettings settings, PacketDevice device, Poller poller, Sockets sockets, MemorySegment slabMemory,
          UpstreamFactory upstream, Counters counters, Mailbox mailbox, Neighbours neighbours, long seed,
          LongSupplier clock, Arena arena) {
        this.device = device;
        this.poller = poller;
        this.mailbox = mailbox;
        this.neighbours = neighbours;
        this.clock = clock;
        this.packet = arena.allocate(PACKET_OFFSET + PACKET_SPACE, CACHE_LINE);
        this.links = new SocketLinks(sockets, poller, counters);
        this.failures = new Failures(counters);
        var slab = new Slab(slabMemory);
        this.stack = new Stack(settings, slab, new DevicePort(device, counters, arena),
            upstream.upstream(links, slab, counters), counters, neighbours, seed, clock.getAsLong());
        var added = poller.add(device.fd(), Poller.READABLE, TUN);
        if (added < 0) {
            throw new IllegalStateException("the TUN cannot be watched: " + Errno.text(-added));
        }
    }

    /**
     * Waits until something is to be done, and does it.
     *
     * @throws DeviceGoneException if somebody has deleted the TUN
     * @throws IllegalStateException if there is no point in going on: the poller is broken, or turn after turn fails
     */
    void turn() {
        var ready = poller.await(neighbours.sleeps() ? waitNanos() : 0);
        neighbours.wakes();
        if (ready < 0) {
            throw new IllegalStateException("the poller is broken: " + Errno.text(-ready));
        }
        var nowNanos = clock.getAsLong();
        var packets = false;
        for (var i = 0; i < ready; i++) {
            if (poller.datum(i) == TUN) {
                packets = true;
            } else {
                tell(poller.datum(i), poller.events(i), nowNanos);
            }
        }
        var given = neighbours.deliver(stack, failures, nowNanos);
        if (packets) {
            readPackets(nowNanos);
        }
        var tasks = 0;
        for (var task = mailbox.take(); task != null; task = mailbox.take()) {
            run(task, nowNanos);
            tasks++;
        }
        end(nowNanos);
        neighbours.endOfTurn();
        failures.endOfTurn(ready > 0 || given > 0 || tasks > 0);
    }

    private long waitNanos() {
        var deadlineNanos = stack.deadlineNanos();
        return deadlineNanos == Long.MAX_VALUE ? Long.MAX_VALUE : deadlineNanos - clock.getAsLong();
    }

    private void tell(long datum, int events, long nowNanos) {
        try {
            links.tell(datum, events, nowNanos);
        } catch (Throwable t) {
            failures.on("what a socket told", t);
            giveUp(datum, nowNanos);
        }
    }

    /** Whoever failed at what its socket told must not stay for ever with an event that does not come again. */
    private void giveUp(long datum, long nowNanos) {
        try {
            links.fail(datum, nowNanos);
        } catch (Throwable t) {
            failures.on("the end of a flow that failed", t);
        }
    }

    private void readPackets(long nowNanos) {
        for (var i = 0; i < PACKETS_A_TURN; i++) {
            var length = device.read(packet, PACKET_OFFSET, PACKET_SPACE);
            if (length >= 0) {
                take(length, nowNanos);
            } else {
                if (Errno.EBADFD.is(length)) {
                    throw new DeviceGoneException();
                }
                if (!Errno.EAGAIN.is(length)) {
                    failures.onDevice(new IllegalStateException("read: " + Errno.text(-length)));
                }
                return;
            }
        }
    }

    private void take(int length, long nowNanos) {
        try {
            stack.onPacket(packet, PACKET_OFFSET, length, nowNanos);
        } catch (Throwable t) {
            failures.onPacket(t, packet, PACKET_OFFSET, length);
        }
    }

    private void run(LoopTask task, long nowNanos) {
        try {
            task.run(stack, nowNanos);
        } catch (Throwable t) {
            failures.on("a task from outside", t);
        }
    }

    private void end(long nowNanos) {
        try {
            stack.endOfTurn(nowNanos);
            if (stack.deadlineNanos() <= nowNanos) {
                stack.onTimer(nowNanos);
            }
        } catch (Throwable t) {
            failures.on("the end of a turn", t);
        }
    }

    /** The sockets. */
    SocketLinks links() {
        return links;
    }

    /** TCP flows now. */
    int tcpFlows() {
        return stack.tcpFlows();
    }

    /** UDP sessions now. */
    int udpSessions() {
        return stack.udpSessions();
    }

    /** Resets all flows; whatever fails in that, no socket stays open. */
    void close() {
        try {
            stack.close(clock.getAsLong());
        } catch (Throwable t) {
            failures.on("the loop's end", t);
        }
        links.closeAll();
    }
}
