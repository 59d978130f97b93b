package wireleap.tun.routes;

import java.util.Map;
import java.util.TreeMap;
import wireleap.tun.policy.RoutePlan;

/**
 * The reverse path filters of the uplinks under {@code --strict}. A strict one drops the answers to marked sockets: it
 * looks up the way back without the mark, and finds the TUN. So it is loosened as long as traffic is captured; what it
 * was is noted in the kernel before, so that it is put back even if this daemon is killed.
 */
final class UplinkFilters {
    /** rp_filter, Documentation/networking/ip-sysctl.rst. */
    static final int LOOSE = 2;

    private UplinkFilters() {
    }

    /**
     * Loosens some. Of no effect when there is none.
     *
     * @param strict those, with their values now
     * @throws RouteRefusedException if the kernel takes no note; then none was loosened
     */
    static void loosen(Map<String, Integer> strict, KeptRoutes kept, HostRoutes host) throws RouteRefusedException {
        Map<String, Integer> noted = new TreeMap<>(strict);
        noted.putAll(kept.plan().loosened());        // what is noted already was there first
        kept.reach(kept.plan().with(noted));
        strict.keySet().forEach(uplink -> host.reversePathFilter(uplink, LOOSE));
    }

    /** Puts them back as they were before; the notes may go then. */
    static void restore(Map<String, Integer> noted, HostRoutes host) {
        noted.forEach(host::reversePathFilter);
    }

    /** What a predecessor has noted, as far as this plan needs it; the others are put back. */
    static Map<String, Integer> adopted(RoutePlan plan, Map<String, Integer> noted, HostRoutes host) {
        if (plan.settings().strict()) {
            return noted;
        }
        restore(noted, host);
        return Map.of();
    }
}
