package wireleap.tun.routes;

import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.policy.IpPrefix;

/**
 * Hears what others change, on the thread that listens to the host, and has it seen to on {@link RouteKeeper}'s once it is
 * time. What is not a {@link HostWatcher}'s method belongs to the keeper's thread, unless it says otherwise.
 */
final class Lookout implements HostWatcher {
    private static final Logger LOG = LoggerFactory.getLogger(Lookout.class);

    private final LongSupplier clock;
    private final RouteListener listener;
    private final Runnable wake;
    private final AtomicBoolean changed = new AtomicBoolean();       // since the keeper's thread has heard of it
    private final AtomicBoolean waysChanged = new AtomicBoolean();
    private RouteRepair repair;                      // null while nothing is put right
    private long waysDueNanos = RepairTimes.NEVER;   // when the listener is to be told that they changed
    private volatile long repairs;
    private volatile List<String> troubles = List.of();

    /**
     * @param clock nanoseconds
     * @param wake has {@link #tend} called soon; any thread
     */
    Lookout(LongSupplier clock, RouteListener listener, Runnable wake) {
        this.clock = clock;
        this.listener = listener;
        this.wake = wake;
    }

    /** From now on all is put right. */
    void begin(RouteRepair by) {
        repair = by;
    }

    /** Nothing is put right any more. */
    void end() {
        repair = null;
    }

    /** How many things of ours were put right after others had changed them. Any thread. */
    long repairs() {
        return repairs;
    }

    /** What is not as it should be and cannot be helped now; for people. Any thread. */
    List<String> troubles() {
        return troubles;
    }

    @Override
    public void changed() {
        wakeFor(changed);
    }

    @Override
    public void waysChanged() {
        wakeFor(waysChanged);
    }

    @Override
    public void addressGone(IpPrefix address) {
        listener.addressGone(address);
    }

    private void wakeFor(AtomicBoolean reason) {
        if (reason.compareAndSet(false, true)) {
            wake.run();
        }
    }

    /** Nanoseconds until {@link #tend} has something to do, 0 or less if it is time; Long.MAX_VALUE: never. */
    long waitNanos() {
        if (repair == null) {
            return Long.MAX_VALUE;
        }
        long ways = waysDueNanos == RepairTimes.NEVER ? Long.MAX_VALUE : waysDueNanos - clock.getAsLong();
        return Math.min(ways, repair.waitNanos());
    }

    /** Sees to what others have changed, if it is time. A bug in that must not keep anybody from using the routes. */
    void tend() {
        try {
            if (repair != null) {
                hear();
                act();
            }
        } catch (RuntimeException e) {
            end();
            LOG.error("the routes are not looked after any more until a restart; this is a bug", e);
            listener.failed("the routes are not looked after any more until a restart; this is a bug: " + e);
        } catch (Error e) {                          // such as no memory, which passes
            repair.failed();
            LOG.error("the routes could not be looked after, which is tried again: {}", e.toString());
            troubles = List.of("the routes could not be looked after, which is tried again: " + e);
        }
    }

    private void hear() {
        boolean ways = waysChanged.getAndSet(false);
        if (ways) {
            waysDueNanos = Math.min(waysDueNanos, clock.getAsLong() + RepairTimes.DEBOUNCE_NANOS);
        }
        if (changed.getAndSet(false) || ways) {      // a new uplink may have to be loosened
            repair.disturbed();
        }
    }

    private void act() {
        if (repair.waitNanos() <= 0) {
            repair.tend();
            repairs = repair.repairs();
            troubles = repair.troubles();
        }
        if (waysDueNanos <= clock.getAsLong()) {
            waysDueNanos = RepairTimes.NEVER;
            listener.waysChanged();
        }
    }
}
