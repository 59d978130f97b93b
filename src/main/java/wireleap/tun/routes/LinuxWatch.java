package wireleap.tun.routes;

import java.lang.foreign.Arena;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.RouteEvent;
import wireleap.tun.os.linux.netlink.RouteEvent.AddressChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.EventsLost;
import wireleap.tun.os.linux.netlink.RouteEvent.LinkChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RouteChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.RuleChanged;
import wireleap.tun.os.linux.netlink.RouteEvent.SysctlChanged;
import wireleap.tun.os.linux.netlink.RouteMonitor;
import wireleap.tun.policy.RouteSettings;

/**
 * Listens to the kernel on a platform thread of its own, in the network namespace of the thread that starts it, and tells
 * a {@link HostWatcher} what is of interest: most routes of most hosts are not. Where that fails it begins anew.
 */
final class LinuxWatch implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxWatch.class);
    private static final int MAIN = 254;                     // RT_TABLE_MAIN, linux/rtnetlink.h
    private static final long REST_NANOS = 1_000_000_000;    // from a failure until it listens anew

    private final RouteSettings settings;
    private final HostWatcher watcher;
    private final OptionalInt deaf;
    private final CompletableFuture<Void> listening = new CompletableFuture<>();
    private final Thread thread = Thread.ofPlatform().name("route-monitor").daemon().unstarted(this::run);
    private volatile RouteMonitor monitor;
    private volatile boolean closed;

    LinuxWatch(RouteSettings settings, HostWatcher watcher, int deaf) {
        this.settings = settings;
        this.watcher = watcher;
        this.deaf = OptionalInt.of(deaf);
    }

    /**
     * Starts to listen; what changes after this has returned is told.
     *
     * @param deaf the port of the socket whose changes are not told
     */
    static LinuxWatch start(RouteSettings settings, HostWatcher watcher, int deaf) throws ErrnoException {
        LinuxWatch watch = new LinuxWatch(settings, watcher, deaf);
        watch.thread.start();
        try {
            watch.listening.get();
            return watch;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ErrnoException errno) {
                throw errno;
            }
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted by whom we do not know", e);
        }
    }

    private void run() {
        while (!closed) {
            try {
                listen();
            } catch (ErrnoException | RuntimeException | Error e) {
                if (listening.completeExceptionally(e)) {
                    return;                          // start() tells it
                }
                LockSupport.parkNanos(REST_NANOS);
                LOG.error("what others changed in the host's routing was not heard: {}", e.toString());
            }
        }
    }

    private void listen() throws ErrnoException {
        try (Arena arena = Arena.ofConfined(); RouteMonitor opened = RouteMonitor.open(arena, deaf)) {
            monitor = opened;
            if (!listening.complete(null)) {
                tell(new EventsLost());              // nobody has listened since another one failed
            }
            while (!closed) {
                opened.await(this::tell);
            }
        }
    }

    void tell(RouteEvent event) {
        switch (event) {
            case RuleChanged rule -> watcher.changed();
            case SysctlChanged sysctl -> watcher.changed();
            case LinkChanged change -> link(change);
            case AddressChanged change -> address(change);
            case RouteChanged change -> route(change);
            case EventsLost lost -> {
                LOG.debug("too much changed at once to hear of all");
                watcher.changed();
                watcher.waysChanged();
            }
        }
    }

    private void link(LinkChanged change) {
        if (change.link().name().equals(settings.tunName())) {
            watcher.changed();
        } else if (change.gone() || !change.link().carries()) {
            watcher.waysChanged();
        }
    }

    /** Any address: the first one of IPv6 shows that the host has it (again). */
    private void address(AddressChanged change) {
        watcher.changed();
        if (change.gone()) {
            watcher.addressGone(LinuxClaims.address(change.address()));
        }
    }

    private void route(RouteChanged change) {
        boolean isDefault = change.route().prefixLength() == 0;
        if (isDefault && change.route().table() == MAIN) {
            watcher.waysChanged();
        } else if (isDefault || settings.tables().contains(change.route().table())) {
            watcher.changed();                       // a default of another table may be what a rule before ours leads to
        }
    }

    /** Ends the thread, and waits for that. */
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        monitor.wake();
        boolean interrupted = false;
        while (true) {
            try {
                thread.join();
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
