package wireleap.tun;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.api.ApiServer;
import wireleap.tun.api.ApiSettings;
import wireleap.tun.api.Sources;
import wireleap.tun.events.EventLog;
import wireleap.tun.flow.AddressFilter;
import wireleap.tun.h2.H2c;
import wireleap.tun.loop.DeviceGoneException;
import wireleap.tun.loop.Loops;
import wireleap.tun.loop.UpstreamFactory;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.routes.Resolvers;
import wireleap.tun.routes.RouteExplanation;
import wireleap.tun.routes.RouteKeeper;
import wireleap.tun.routes.RouteQuestion;
import wireleap.tun.routes.RouteRefusedException;
import wireleap.tun.upstream.Direct;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.Socks5;
import wireleap.tun.upstream.Socks5Settings;
import wireleap.tun.upstream.UpstreamStatus;

/**
 * A running daemon: starts its parts in the order that leaks nothing, waits, and stops them in reverse. Whatever fails
 * before it is active undoes all that was done.
 *
 * <p>{@link #run} belongs to one platform thread; {@link #stop} may be called by any.
 */
final class Daemon {
    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);
    /** What waited in the TUN when a bypass entry's route was made has been read by then. */
    private static final long QUEUE_DRAINED_MILLIS = 100;
    private static final long SLEEP_LOOK_MILLIS = 250;

    private final Config config;
    private final Platform platform;
    private final SocketRights rights;
    private final DaemonState state;
    private final Sleep sleep;
    private final CountDownLatch stop = new CountDownLatch(1);
    private volatile Loops loops;                    // null before there is a TUN

    Daemon(Config config, Platform platform, String version) {
        this(config, platform, SocketRights.OWN, version);
    }

    /** @param rights with which the control socket is made and removed */
    Daemon(Config config, Platform platform, SocketRights rights, String version) {
        this.config = config;
        this.platform = platform;
        this.rights = rights;
        this.state = new DaemonState(config, version);
        this.sleep = new Sleep(System::nanoTime, platform::sinceBootNanos);
    }

    /** Asks {@link #run} to end, also while it is still starting; returns at once. Of no effect the second time. */
    void stop() {
        stop.countDown();
    }

    private boolean isStopping() {
        return stop.getCount() == 0;
    }

    /**
     * Runs until {@link #stop}.
     *
     * @throws IOException if another daemon lives here, or the control socket or the TUN cannot be made
     * @throws RouteRefusedException if the kernel refuses a route or rule; the host is as it was
     */
    void run() throws IOException, RouteRefusedException, InterruptedException {
        try (Platform.Lock lock = platform.lock();
                RouteKeeper keeper = RouteKeeper.start(config.routes(), config.bypass(), platform.hostRoutes(),
                        new RouteNews(state, this::bypassed, () -> loops), state.events());
                Arena memory = Arena.ofShared()) {
            state.keeper(keeper);
            ServiceNotices.start(System.getenv(), state.events(), () -> loops);
            ApiSettings settings = new ApiSettings(rights.place(config.socket()), config.socketGroup(),
                    config.makeSocketDirectory(), state.version(), config.postReplaces());
            Sources sources = new Sources(state::report, state::stats, state.events(),
                    new FlowReport(() -> Optional.ofNullable(loops), config.upstream().toString(),
                            task -> Thread.ofPlatform().daemon().name("flows").start(task)),
                    address -> explain(keeper, address));
            ApiServer api = rights.use(() -> ApiServer.start(settings, keeper, sources));
            try (EventLog events = sources.events()) {
                LOG.info("{} answers", config.socket());
                route(keeper, memory);
            } finally {
                rights.use(() -> {
                    api.close();
                    return null;
                });
            }
        }
        LOG.info("stopped; the host's routes are as they were");
    }

    /** On a platform thread: it makes system calls. */
    private static RouteExplanation explain(RouteKeeper keeper, IpPrefix address)
            throws RouteRefusedException, InterruptedException {
        FutureTask<RouteExplanation> answer = new FutureTask<>(() -> RouteQuestion.explain(keeper.plan(), address));
        Thread.ofPlatform().daemon().name("explain").start(answer);
        try {
            return answer.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RouteRefusedException refused) {
                throw refused;
            }
            throw new IllegalStateException(e.getCause());
        }
    }

    private void route(RouteKeeper keeper, Arena memory)
            throws IOException, RouteRefusedException, InterruptedException {
        try {
            keeper.prepare();
            try (Platform.Tun tun = platform.openTun(config.routes().tunName(), config.queues())) {
                if (config.routes().failClosed() || keeper.isHolding()) {
                    tun.persist(true);               // before there is a route into it
                }
                carry(keeper, tun, memory);
            }
        } finally {
            state.lifecycle(DaemonState.Lifecycle.DEACTIVATING);
            if (staysClosed(keeper)) {
                LOG.error("this start failed; what an earlier daemon captured is held back on in {}: start again, or let"
                        + " it go by 'wireleap_tun cleanup'", config.routes().tunName());
            } else {
                keeper.release();
            }
        }
    }

    /** A start that fails must not open what an earlier daemon closed. */
    private boolean staysClosed(RouteKeeper keeper) {
        return keeper.isHolding() && !isStopping();
    }

    private void carry(RouteKeeper keeper, Platform.Tun tun, Arena memory)
            throws IOException, RouteRefusedException, InterruptedException {
        try {
            keeper.deviceUp(tun.index());
            state.offloads(tun.queues().getFirst().offloads());
            warnIfFewer(tun.queues().size());
            loops = new LoopMaker(config, platform, LoopNews.of(config, state))
                    .make(tun.queues(), upstream(), memory, this::loopDied);
            state.loops(loops);
            serve(keeper, tun);
        } finally {
            if (!staysClosed(keeper)) {
                takeAlong(tun);
            }
        }
    }

    /** A TUN that outlived a daemon is as that one made it. */
    private void warnIfFewer(int queues) {
        if (queues < config.queues()) {
            String warning = config.routes().tunName() + " has outlived a daemon and has no more than " + queues
                    + " queue; stop and start to have the " + config.queues() + " of --queues";
            LOG.warn(warning);
            state.warn(warning);
        }
    }

    private void serve(RouteKeeper keeper, Platform.Tun tun)
            throws IOException, RouteRefusedException, InterruptedException {
        try {
            loops.start();
            findResolvers();
            probeUpstream();
            if (!isStopping()) {
                keeper.capture();
                state.lifecycle(DaemonState.Lifecycle.ACTIVE);
                LOG.info("active: {} leads to {}", config.routes().tunName(), config.upstream());
                tun.persist(config.routes().failClosed());
            }
            while (!stop.await(SLEEP_LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                lookForSleep();
            }
            state.lifecycle(DaemonState.Lifecycle.DEACTIVATING);
            keeper.uncapture();                      // no more: the resets that stop() sends need the TUN's addresses
        } finally {
            loops.stop();
            loops = null;                            // nobody has news for them any more
        }
    }

    private void lookForSleep() {
        long sleptNanos = sleep.lookNanos();
        if (sleptNanos > 0) {
            LOG.info("the machine was asleep for {} s: all connections to the upstream are made anew",
                    TimeUnit.NANOSECONDS.toSeconds(sleptNanos));
            if (!loops.resetUpstream()) {
                LOG.warn("a packet loop is too busy: not all connections from before the sleep are reset");
            }
        }
    }

    /** The TUN goes when it is closed. */
    private static void takeAlong(Platform.Tun tun) {
        try {
            tun.persist(false);
        } catch (IOException e) {
            LOG.debug("the TUN is gone already: {}", e.getMessage());
        }
    }

    private UpstreamFactory upstream() {
        return switch (config.upstream()) {
            case UpstreamAddress.Direct direct -> {
                yield (links, slab, counters) -> new Direct(links, UpstreamAddress.DIAL_TIMEOUT_NANOS, counters);
            }
            case UpstreamAddress.H2c broker -> {
                if (!config.postReplaces()) { // else a controller says what the broker connects to
                    warnIfLocal(broker.address());
                }
                yield (links, slab, counters) -> new H2c(links, broker.settings(config.endDelayNanos()), slab, counters,
                        new BrokerNews(broker, state.upstream()));
            }
            case UpstreamAddress.Socks5 socks -> {
                warnIfLocal(socks.address());
                Socks5Settings settings = socks.settings().withSpares(config.spares());
                yield (links, slab, counters) -> new Socks5(links, settings, slab, counters,
                        (status, error) -> state.upstream().learn(status, error == 0 ? "" : SocketError.text(error)));
            }
        };
    }

    private void probeUpstream() {
        config.upstream().server().ifPresent(server -> UpstreamProbe.start(server, this::probed));
    }

    private void probed(String problem) {
        state.upstream().probed(problem.isEmpty() ? UpstreamStatus.UP : UpstreamStatus.UNREACHABLE, problem);
    }

    private void warnIfLocal(InetAddress server) {
        boolean isTold = config.postReplaces();          // by a controller, of all that the broker connects to
        if (LoopNews.isOnThisHost(server) && !isTold && config.bypass().size() == 0
                && config.routes().bypassUsers().isEmpty()) {
            String warning = "the upstream " + config.upstream() + " is on this host: what it sends itself would come back"
                    + " through the TUN; give --bypass-user with the user that it runs as, or --bypass with the addresses"
                    + " it connects to";
            LOG.warn(warning);
            state.warn(warning);
        }
    }

    private void findResolvers() {
        Resolvers resolvers = platform.resolvers(config.dns().isOn());
        LOG.info("DNS: {}{}", resolvers, config.dns().isOn() ? "; all queries there go to " + config.dns() : "");
        state.resolvers(resolvers);
    }

    /** At once, and again for flows whose SYN was in the TUN's queue already when the routes changed. */
    private void bypassed(BypassSet added) {
        resetFlows(added);
        CompletableFuture.delayedExecutor(QUEUE_DRAINED_MILLIS, TimeUnit.MILLISECONDS,
                task -> Thread.ofPlatform().daemon().name("reset").start(task)).execute(() -> resetFlows(added));
    }

    /** When the loop comes to it the list may be another one, and flows to some of them welcome again. */
    private void resetFlows(BypassSet added) {
        Loops running = loops;
        AddressFilter stillListed = (hi, lo) -> added.contains(hi, lo) && state.bypass().contains(hi, lo);
        if (running != null && !running.post((stack, nowNanos) -> stack.resetMatching(stillListed, nowNanos))) {
            LOG.warn("a packet loop is too busy or has died: flows to {} new bypass entries are not reset",
                    added.size());
        }
    }

    private void loopDied(Throwable cause) {
        String why = cause.getMessage();
        if (cause instanceof DeviceGoneException) {
            if (state.warn(why)) {                   // the other loops will say the same
                LOG.error(why);
            }
        } else {
            why = cause.toString();
            LOG.error("the packet loop {} ended, what its queue of the TUN brings is dropped until a restart; this is a"
                    + " bug: {}", Thread.currentThread().getName(), why);
            LOG.debug("where the packet loop ended", cause);
        }
        state.lifecycle(DaemonState.Lifecycle.FAILED, why);
    }
}
