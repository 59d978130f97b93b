package wireleap.tun.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import java.util.function.LongPredicate;
import wireleap.tun.flow.Stack;
import wireleap.tun.flow.StackSettings;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sockets;

/**
 * One platform thread that runs one queue of the TUN and everything of its flows to completion: waits for the queue, the
 * sockets, the time and the mailbox, and gives what comes to the {@link Stack}. Owns the poller that it was given and
 * closes it at its end; the device stays open, or its routes would go and traffic leak past a loop that died.
 */
public final class EventLoop {
    private final StackSettings settings;
    private final PacketDevice device;
    private final Poller poller;
    private final Sockets sockets;
    private final MemorySegment slabMemory;
    private final UpstreamFactory upstream;
    private final Neighbours neighbours;
    private final Consumer<Throwable> death;
    private final Counters counters = new Counters();
    private final Mailbox mailbox;
    private final long seed;
    private final Thread thread;
    private volatile boolean stopping;
    private volatile int tcpFlows;
    private volatile int udpSessions;
    /** The loop's thread's own. */
    private Turns turns;

    /**
     * A loop that {@link #start} sets going.
     *
     * @param name of its thread
     * @param poller not used by anybody else
     * @param sockets not used by anybody else
     * @param slabMemory where everything in flight is kept; a multiple of 1 MiB, untouched so far
     * @param upstream makes the upstream over this loop's sockets; called on the loop's thread
     * @param neighbours its place among the loops of the daemon, made for this poller
     * @param seed secret, for hashes and sequence numbers
     * @param death is told, on the loop's thread, what ended it although nobody called {@link #stop}; its flows are reset
     *     then, its sockets closed
     */
    public EventLoop(String name, StackSettings settings, PacketDevice device, Poller poller, Sockets sockets,
                     MemorySegment slabMemory, UpstreamFactory upstream, Neighbours neighbours, long seed,
                     Consumer<Throwable> death) {
        this.settings = settings;
        this.device = device;
        this.poller = poller;
        this.sockets = sockets;
        this.slabMemory = slabMemory;
        this.upstream = upstream;
        this.neighbours = neighbours;
        this.seed = seed;
        this.death = death;
        this.mailbox = new Mailbox(poller);
        this.thread = Thread.ofPlatform().name(name).unstarted(this::run);
    }

    /** Begins to run; once. */
    public void start() {
        thread.start();
    }

    /** Resets all flows, closes all but the device, and waits until that is done. Nothing if it is done already. */
    public void stop() throws InterruptedException {
        end();
        if (thread.getState() == Thread.State.NEW) {
            mailbox.close();
            poller.close();
        } else {
            thread.join();
        }
    }

    /** Begins what {@link #stop} waits for. */
    void end() {
        stopping = true;
        poller.wake();
    }

    /**
     * Runs something on the loop's thread, soon. Any platform thread may call.
     *
     * @return false if there are too many tasks already, or the loop has ended: it will not be run
     */
    public boolean post(LoopTask task) {
        return mailbox.post(task);
    }

    /**
     * Resets the flows whose sockets have this address as their own, for the host has lost it. Any platform thread.
     *
     * @return false if that will not be done, see {@link #post}
     */
    public boolean addressGone(long hi, long lo) {
        return review(datum -> turns.links().isFrom(datum, hi, lo));
    }

    /**
     * Resets the flows whose sockets have another address than one that is dialled now would have: no answers would come
     * to it. Any platform thread.
     *
     * @return false if that will not be done, see {@link #post}
     */
    public boolean waysChanged() {
        return review(datum -> turns.links().hasMoved(datum));
    }

    /**
     * Resets the flows of all sockets that are connected. Any platform thread.
     *
     * @return false if that will not be done, see {@link #post}
     */
    public boolean resetUpstream() {
        return review(datum -> true);
    }

    private boolean review(LongPredicate isLost) {
        return post((stack, nowNanos) -> goOn(new Review(turns.links(), isLost), nowNanos));
    }

    private void goOn(Review review, long nowNanos) {
        while (review.goOn(nowNanos)) {
            if (post((stack, laterNanos) -> goOn(review, laterNanos))) {
                return;
            }
        }
    }

    /** The name of its thread; any thread. */
    public String name() {
        return thread.getName();
    }

    /** What this loop has counted, and has; any thread. */
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
        try (poller; var arena = Arena.ofConfined()) {
            turns = new Turns(settings, device, poller, sockets, slabMemory, upstream, counters, mailbox,
                neighbours, seed, System::nanoTime, arena);
            try {
                while (!stopping) {
                    turns.turn();
                    tell();
                }
            } finally {
                turns.close();
                tell();
            }
        } catch (Throwable t) {
            death.accept(t);
        } finally {
            mailbox.close();
        }
    }

    private void tell() {
        tcpFlows = turns.tcpFlows();
        udpSessions = turns.udpSessions();
    }
}
