package wireleap.tun.loop;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import wireleap.tun.mem.Counters;

/** All loops of a daemon, one a queue of its TUN, as one thing: what is asked of it is asked of each. Any platform thread. */
public final class Loops {
    private final List<EventLoop> loops;

    /** @param loops one or more, none of them started */
    public Loops(List<EventLoop> loops) {
        this.loops = List.copyOf(loops);
    }

    /** All begin to run; once. */
    public void start() {
        loops.forEach(EventLoop::start);
    }

    /** Resets all flows, closes all but the devices, and waits until that is done. Nothing if it is done already. */
    public void stop() throws InterruptedException {
        loops.forEach(EventLoop::end);
        for (EventLoop loop : loops) {
            loop.stop();
        }
    }

    /**
     * Runs something on each loop's thread, soon: as often as there are loops, and maybe on several at once.
     *
     * @return false if one of them has too many tasks already, or has ended: it will not run it; the others do
     */
    public boolean post(LoopTask task) {
        boolean taken = true;
        for (EventLoop loop : loops) {
            taken &= loop.post(task);
        }
        return taken;
    }

    /**
     * Runs something on one loop's thread, soon.
     *
     * @param loop 0..{@link #size}-1
     * @return false if it has too many tasks already, or has ended: it will not run it
     */
    public boolean post(int loop, LoopTask task) {
        return loops.get(loop).post(task);
    }

    /** As {@link EventLoop#addressGone}. */
    public boolean addressGone(long hi, long lo) {
        return all(loop -> loop.addressGone(hi, lo));
    }

    /** As {@link EventLoop#waysChanged}. */
    public boolean waysChanged() {
        return all(EventLoop::waysChanged);
    }

    /** As {@link EventLoop#resetUpstream}. */
    public boolean resetUpstream() {
        return all(EventLoop::resetUpstream);
    }

    /** Asks each, whatever the others answer: whether all said yes. */
    private boolean all(Predicate<EventLoop> question) {
        return loops.stream().filter(question).count() == loops.size();
    }

    /** How many there are. */
    public int size() {
        return loops.size();
    }

    /** What each has counted, and has, by its name; in the order of the queues. */
    public Map<String, Counters> counters() {
        Map<String, Counters> counters = new LinkedHashMap<>();
        loops.forEach(loop -> counters.put(loop.name(), loop.counters()));
        return counters;
    }

    /** TCP flows of all at the end of the last turn of each. */
    public int tcpFlows() {
        return loops.stream().mapToInt(EventLoop::tcpFlows).sum();
    }

    /** UDP sessions of all at the end of the last turn of each. */
    public int udpSessions() {
        return loops.stream().mapToInt(EventLoop::udpSessions).sum();
    }
}
