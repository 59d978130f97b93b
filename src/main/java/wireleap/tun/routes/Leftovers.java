package wireleap.tun.routes;

import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.TooManyEntriesException;

/**
 * What a daemon left in the kernel that did not stop by itself.
 *
 * @param tun which has outlived it
 * @param claims its routes and rules, and that TUN's addresses
 */
public record Leftovers(Optional<Device> tun, SequencedSet<Claim> claims) {
    private static final Logger LOG = LoggerFactory.getLogger(Leftovers.class);
    private static final int SHOWN = 10;

    /** @throws RouteRefusedException if the kernel does not say */
    static Leftovers find(HostRoutes host) throws RouteRefusedException {
        Optional<Device> tun = host.leftBehind();
        return new Leftovers(tun, host.observe(tun));
    }

    /** Whether they keep traffic from going around a TUN. */
    boolean holdBack() {
        return RoutePlan.captures(claims) && (tun.isPresent() || RoutePlan.isClosed(claims));
    }

    /** The first plan of the daemon that comes next: its list is the given one and then what is found. */
    RoutePlan firstPlan(RoutePlan initial, HostRoutes host) throws TooManyEntriesException {
        RoutePlan plan = initial.with(withAdopted(initial)).at(Stage.PREPARED);
        plan = plan.with(UplinkFilters.adopted(plan, RoutePlan.noted(claims), host));
        if (holdBack()) {
            LOG.info("what a daemon captured that did not stop by itself is held back");
            plan = tun.map(plan::with).map(held -> held.at(Stage.CAPTURING)).orElseGet(plan::withoutDevice);
        }
        return plan;
    }

    private BypassSet withAdopted(RoutePlan initial) throws TooManyEntriesException {
        BypassSet given = initial.bypass();
        List<IpPrefix> adopted = initial.adopted(claims).stream().filter(entry -> !given.lists(entry))
                .limit(BypassSet.MAX_ENTRIES - given.size()).toList();
        if (adopted.isEmpty()) {
            return given;
        }
        LOG.info("adopted {} bypass entries of a daemon that did not stop by itself: {}{}", adopted.size(),
                adopted.subList(0, Math.min(SHOWN, adopted.size())), adopted.size() > SHOWN ? "..." : "");
        return new BypassEdit.Add(adopted).applyTo(given);
    }

    /**
     * Removes all of them; what holds traffic back goes first. On the calling thread, while no daemon lives.
     *
     * @return whether there was anything
     * @throws RouteRefusedException if the kernel refused to remove something
     */
    public static boolean sweep(RouteSettings settings, HostRoutes.Opener opener) throws RouteRefusedException {
        try (HostRoutes host = opener.open()) {
            Leftovers left = find(host);
            UplinkFilters.restore(RoutePlan.noted(left.claims), host);
            RoutePlan nothing = RoutePlan.nothing(settings, BypassSet.EMPTY);
            new KeptRoutes(host, nothing).force(nothing);
            if (left.tun.isPresent()) {
                host.delete(left.tun.get());
            }
            return left.tun.isPresent() || !left.claims.isEmpty();
        }
    }
}
