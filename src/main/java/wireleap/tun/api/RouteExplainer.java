package wireleap.tun.api;

import wireleap.tun.policy.IpPrefix;
import wireleap.tun.routes.RouteExplanation;
import wireleap.tun.routes.RouteRefusedException;

/** Knows which way a new connection goes. Any thread. */
@FunctionalInterface
public interface RouteExplainer {
    /**
     * Asks the kernel, and waits for it.
     *
     * @param address a single one
     * @throws RouteRefusedException if the kernel cannot be asked
     */
    RouteExplanation explain(IpPrefix address) throws RouteRefusedException, InterruptedException;
}
