package wireleap.tun;

import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.loop.Loops;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.routes.RouteListener;

/** Carries what the routes' keeper tells to the daemon's state and to its loops. Any platform thread. */
final class RouteNews implements RouteListener {
    private static final Logger LOG = LoggerFactory.getLogger(RouteNews.class);

    private final DaemonState state;
    private final Consumer<BypassSet> onBypassed;
    private final Supplier<Loops> loops;

    /** @param loops gives null as long as there are none */
    RouteNews(DaemonState state, Consumer<BypassSet> onBypassed, Supplier<Loops> loops) {
        this.state = state;
        this.onBypassed = onBypassed;
        this.loops = loops;
    }

    @Override
    public void bypassed(BypassSet added) {
        onBypassed.accept(added);
    }

    @Override
    public void failed(String reason) {
        state.routesFailed(reason);
    }

    @Override
    public void recovered() {
        state.routesRecovered();
    }

    @Override
    public void addressGone(IpPrefix address) {
        tell(all -> all.addressGone(address.hi(), address.lo()));
    }

    @Override
    public void waysChanged() {
        tell(Loops::waysChanged);
    }

    private void tell(Predicate<Loops> news) {
        Loops running = loops.get();
        if (running != null && !news.test(running)) {
            LOG.info("a packet loop is too busy or has died: connections that have lost their address are not reset");
        }
    }
}
