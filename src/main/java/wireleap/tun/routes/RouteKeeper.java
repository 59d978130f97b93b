package wireleap.tun.routes;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.AbsentEntryException;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.TooManyEntriesException;

/**
 * Owns what the daemon has in the kernel's routing and the bypass list that it says. One platform thread of its own
 * does all of it, one task after another; any other thread, virtual ones too, posts a task and waits.
 *
 * <p>The daemon calls {@link #prepare}, {@link #deviceUp}, {@link #capture}, {@link #uncapture} and at last
 * {@link #release}, in this order. Edits of the list wait until the first is done.
 */
public final class RouteKeeper implements BypassControl, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RouteKeeper.class);

    private final HostRoutes.Opener opener;
    private final RoutePlan initial;
    private final RouteListener listener;
    private final EventLog events;
    private final Lookout lookout;
    private final int process = ThreadLocalRandom.current().nextInt();
    private final LinkedBlockingQueue<FutureTask<?>> tasks = new LinkedBlockingQueue<>();
    private final Thread thread = Thread.ofPlatform().name("routes").daemon().unstarted(this::run);
    private boolean closed;                          // guarded by tasks: nothing is posted any more

    private volatile Snapshot snapshot;
    private volatile RoutePlan standing;
    private volatile boolean holding;                // what a predecessor captured

    // the thread's own
    private final List<FutureTask<?>> early = new ArrayList<>();    // edits from before prepare()
    private KeptRoutes kept;
    private HostRoutes host;
    private long counter;
    private boolean prepared;
    private boolean released;
    private boolean ended;

    private RouteKeeper(RouteSettings settings, BypassSet bypass, HostRoutes.Opener opener,
            RouteListener listener, EventLog events) {
        this.opener = opener;
        this.listener = listener;
        this.events = events;
        lookout = new Lookout(System::nanoTime, listener, () -> tasks.add(new FutureTask<>(() -> null)));
        initial = RoutePlan.nothing(settings, bypass);
        standing = initial;
        snapshot = new Snapshot(bypass, EntityTag.of(process, counter));
    }

    /**
     * Starts the thread; nothing of the kernel's is touched yet.
     *
     * @param settings for as long as this lives
     * @param bypass the entries that the start was given
     * @param opener of the host's routing, called once, on the keeper's thread
     * @param listener told, on the keeper's thread or the one that listens to the host
     * @param events told of each change of the list and of each repair
     */
    public static RouteKeeper start(RouteSettings settings, BypassSet bypass, HostRoutes.Opener opener,
            RouteListener listener, EventLog events) {
        RouteKeeper keeper = new RouteKeeper(settings, bypass, opener, listener, events);
        keeper.thread.start();
        return keeper;
    }

    /**
     * Sweeps what a killed predecessor left, adopts its list, and sets up the throws and the rule for marked packets.
     * From here on edits are taken. Where traffic was held back, by a TUN that has outlived the predecessor or by routes
     * that say unreachable, it is held back on.
     *
     * @throws RouteRefusedException if the kernel refused; what had been done is undone, but see {@link #isHolding}
     */
    public void prepare() throws RouteRefusedException, InterruptedException {
        stage(() -> {
            host = opener.open();
            host.watch(initial.settings(), lookout);
            Leftovers left = Leftovers.find(host);
            refuseOther(left.tun());
            holding = left.holdBack();
            RoutePlan plan = left.firstPlan(initial, host);
            if (holding && left.tun().isPresent()) {
                host.bringUp(left.tun().get(), plan.settings());
            }
            // Where to go back to if anything is refused; what is noted of the uplinks must not be forgotten.
            kept = new KeptRoutes(host, holding ? plan : initial.with(plan.loosened()));
            reach(plan);
            publish(initial.bypass(), "a daemon that did not stop by itself");
            prepared = true;
            lookout.begin(new RouteRepair(kept, host, System::nanoTime, listener, events));
            answerEarly();
        });
    }

    private void refuseOther(Optional<Device> tun) throws RouteRefusedException {
        if (tun.isPresent() && !tun.get().name().equals(initial.settings().tunName())) {
            holding = true;
            String name = tun.get().name();
            throw new RouteRefusedException("the TUN " + name + " has outlived a daemon that was killed, and holds back"
                    + " what that captured: take it over by --tun " + name + ", or remove it by 'wireleap_tun cleanup'");
        }
    }

    /**
     * Whether traffic that a predecessor captured was held back when this one came, and still is: then a start that
     * fails must not call {@link #release}, or it would let go what was to be closed.
     */
    public boolean isHolding() {
        return holding;
    }

    /**
     * Gives the TUN its addresses and its routes. Nothing is led into it yet, unless it was all the time.
     *
     * @param index the TUN's number; its name is the settings'
     * @throws RouteRefusedException if the kernel refused; then the stage is as before
     */
    public void deviceUp(int index) throws RouteRefusedException, InterruptedException {
        stage(() -> {
            Device tun = new Device(index, initial.settings().tunName());
            kept.bringUp(tun);
            reach(kept.plan().with(tun).at(holding ? Stage.CAPTURING : Stage.DEVICE_UP));
        });
    }

    /**
     * Leads the host's traffic into the TUN.
     *
     * @throws RouteRefusedException if the kernel refused; then nothing is captured
     */
    public void capture() throws RouteRefusedException, InterruptedException {
        stage(() -> {
            if (initial.settings().strict()) {
                UplinkFilters.loosen(host.strictUplinks(), kept, host);
            }
            reach(kept.plan().at(Stage.CAPTURING));
            holding = false;
        });
    }

    /**
     * Leads nothing new into the TUN. What is in it stays in it, so that its ends can still be told, and leaks nowhere.
     *
     * @throws RouteRefusedException if the kernel refused; then all is as before
     */
    public void uncapture() throws RouteRefusedException, InterruptedException {
        stage(() -> {
            lookout.end();                           // the TUN goes soon
            reach(kept.plan().at(kept.plan().device().isPresent() ? Stage.DEVICE_UP : Stage.PREPARED));
        });
    }

    /**
     * Removes everything that is ours, in the reverse of the order in which it came; edits are refused from now on.
     * Of no effect the second time, or when there was no {@link #prepare}.
     *
     * @throws RouteRefusedException if the kernel refused to remove something; all else is removed
     */
    public void release() throws RouteRefusedException, InterruptedException {
        stage(() -> {
            boolean first = !released && kept != null;
            released = true;
            lookout.end();
            answerEarly();
            if (first) {
                UplinkFilters.restore(kept.plan().loosened(), host);
                kept.force(kept.plan().at(Stage.NOTHING));
                letGo();
            }
        });
    }

    /** The TUN that a predecessor had made to outlive it, if nobody has taken it over for good. */
    private void letGo() throws RouteRefusedException {
        Optional<Device> held = holding ? host.leftBehind() : Optional.empty();
        if (held.isPresent()) {
            host.delete(held.get());
        }
    }

    /** The families that the kernel was found to have; both before it was asked. */
    public Set<Family> families() {
        return standing.families();
    }

    /** What the kernel was last made to have. */
    public RoutePlan plan() {
        return standing;
    }

    /** How many things of ours were put right after others had changed them. */
    public long repairs() {
        return lookout.repairs();
    }

    /** What is not as it should be now and cannot be helped; for people. */
    public List<String> troubles() {
        return lookout.troubles();
    }

    @Override
    public Snapshot snapshot() {
        return snapshot;
    }

    @Override
    public Snapshot apply(BypassEdit edit, Optional<String> ifMatch, String who)
            throws AbsentEntryException, PreconditionFailedException, TooManyEntriesException, RouteRefusedException,
            ControlUnavailableException, InterruptedException {
        try {
            return post(new EditTask(() -> edit(edit, ifMatch, who))).get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case AbsentEntryException absent -> throw absent;
                case PreconditionFailedException failed -> throw failed;
                case TooManyEntriesException tooMany -> throw tooMany;
                case RouteRefusedException refused -> throw refused;
                case ControlUnavailableException unavailable -> throw unavailable;
                default -> throw new IllegalStateException(e.getCause());
            }
        }
    }

    /** Ends the thread after what is posted; releases nothing. */
    @Override
    public void close() throws InterruptedException {
        synchronized (tasks) {
            closed = true;
            tasks.add(new FutureTask<>(() -> ended = true));
        }
        thread.join();
    }

    private Snapshot edit(BypassEdit edit, Optional<String> ifMatch, String who) throws Exception {
        if (released) {
            throw new ControlUnavailableException("the daemon is stopping; its bypass list is gone");
        }
        BypassSet current = kept.plan().bypass();
        if (edit instanceof BypassEdit.Remove remove) {
            remove.applyTo(current);                 // what is absent is so whatever If-Match says: section 13.2.1
        }
        String tag = snapshot.etag();
        if (ifMatch.isPresent() && !EntityTag.matches(ifMatch.get(), tag)) {
            throw new PreconditionFailedException(ifMatch.get(), tag);
        }
        BypassSet next = edit.applyTo(current);
        if (next != current || !kept.stands()) {
            reach(kept.plan().with(next));
        }
        if (next != current) {
            BypassSet added = next.minus(current);
            LOG.info("bypass list: {} entries, {} new, {} gone, by {}", next.size(), added.size(),
                    current.minus(next).size(), who);
            if (added.size() > 0) {
                listener.bypassed(added);
            }
            publish(current, who);
        }
        return snapshot;
    }

    /** Tells of the list if it is another than before. */
    private void publish(BypassSet before, String who) {
        Snapshot now = snapshot;
        if (!now.set().equals(before)) {
            events.publish(new Event.BypassChanged(now.etag(), who, now.set().minus(before).entries(),
                    before.minus(now.set()).entries()));
        }
    }

    /** Reaches a plan and publishes it. */
    private void reach(RoutePlan plan) throws RouteRefusedException {
        BypassSet before = snapshot.set();
        try {
            kept.reach(plan);
        } catch (RouteRefusedException | RuntimeException | Error e) {
            lookout.changed();                       // it may not all have been undone
            throw e;
        } finally {
            standing = kept.plan();
        }
        if (!plan.bypass().equals(before)) {
            snapshot = new Snapshot(plan.bypass(), EntityTag.of(process, ++counter));
        }
    }

    /** A step of the daemon's life, done on the keeper's thread. */
    private interface StageChange {
        void run() throws RouteRefusedException, TooManyEntriesException;
    }

    private void stage(StageChange change) throws RouteRefusedException, InterruptedException {
        Callable<Void> task = () -> {
            change.run();
            return null;
        };
        try {
            post(new FutureTask<>(task)).get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RouteRefusedException refused) {
                throw refused;
            }
            throw new IllegalStateException(e.getCause());
        } catch (ControlUnavailableException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A task that must wait until there are routes to edit. */
    private static final class EditTask extends FutureTask<Snapshot> {
        EditTask(Callable<Snapshot> edit) {
            super(edit);
        }
    }

    private <T> FutureTask<T> post(FutureTask<T> task) throws ControlUnavailableException {
        synchronized (tasks) {
            if (closed) {
                throw new ControlUnavailableException("the daemon has stopped");
            }
            tasks.add(task);
        }
        return task;
    }

    private void run() {
        try {
            while (!ended) {
                FutureTask<?> task = tasks.poll(lookout.waitNanos(), TimeUnit.NANOSECONDS);
                if (task instanceof EditTask && !prepared && !released) {
                    early.add(task);
                } else if (task != null) {
                    task.run();
                }
                lookout.tend();
                standing = kept == null ? initial : kept.plan();
            }
        } catch (InterruptedException e) {
            LOG.error("the thread of the routes was interrupted, by whom we do not know", e);
        } finally {
            end();
        }
    }

    private void answerEarly() {
        early.forEach(FutureTask::run);
        early.clear();
    }

    /** Leaves nobody waiting. */
    private void end() {
        synchronized (tasks) {
            closed = true;
        }
        released = true;
        answerEarly();
        tasks.forEach(FutureTask::run);
        if (host != null) {
            host.close();
        }
    }
}
