package wireleap.tun.routes;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.ForeignRoute;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Rule;
import wireleap.tun.policy.Sighting;
import wireleap.tun.policy.Step;

/**
 * The host's routing, as far as it is ours: the seam between {@link RouteKeeper} and the kernel, where tests put a
 * kernel of their own that fails at will. One thread, the one that opened it.
 */
public interface HostRoutes extends AutoCloseable {
    /** Opens the host's routing on the thread that will use it. */
    @FunctionalInterface
    interface Opener {
        /** @throws RouteRefusedException if the kernel does not let us */
        HostRoutes open() throws RouteRefusedException;
    }

    /**
     * What became of steps.
     *
     * @param done the steps that were done, in order
     * @param refusal the first one that was not, if any; later ones may or may not be among the done
     */
    record Outcome(List<Step> done, Optional<Refusal> refusal) {
    }

    /**
     * The kernel's no.
     *
     * @param step what was asked for
     * @param reason the error's symbol and the kernel's words
     * @param familyIsAbsent whether it says that the step's family is not there at all
     */
    record Refusal(Step step, String reason, boolean familyIsAbsent) {
        /** What was asked for, in the words of ip, and the answer. */
        String message() {
            return "ip " + step.words() + ": " + reason;
        }
    }

    /**
     * All that is ours: routes and rules that carry our protocol, in whatever table, and the device's addresses.
     *
     * @return in the order in which the kernel lists it, rules by preference
     * @throws RouteRefusedException if the kernel does not say
     */
    SequencedSet<Claim> observe(Optional<Device> tun) throws RouteRefusedException;

    /**
     * Does steps in their order, stopping soon after the first that is refused. Steps that add and steps that remove
     * are never under way together. To remove what is not there any more counts as done.
     *
     * @throws RouteRefusedException if it is not known what was done: only {@link #observe} can tell
     */
    Outcome apply(List<Step> steps) throws RouteRefusedException;

    /**
     * Makes a TUN ready for addresses: its sizes, no link-local address, up, no reverse path filter that would drop the
     * packets of bypassed sources, and routes that hold without a reader if it is to fail closed.
     *
     * @throws RouteRefusedException if the kernel refused something that is needed
     */
    void bringUp(Device tun, RouteSettings settings) throws RouteRefusedException;

    /**
     * The TUN that outlived a daemon which was killed, if there is one.
     *
     * @throws RouteRefusedException if the kernel does not say
     */
    Optional<Device> leftBehind() throws RouteRefusedException;

    /**
     * Uplinks (what default routes of others lead into) whose reverse path filter is strict, with the device's own
     * value, 0 or 1; that of "all" may be the greater one.
     *
     * @throws RouteRefusedException if the kernel does not say
     */
    Map<String, Integer> strictUplinks() throws RouteRefusedException;

    /**
     * Sets a device's own rp_filter, if there still is such a device.
     *
     * @param value 0..2
     */
    void reversePathFilter(String device, int value);

    /**
     * Deletes a device and all routes into it; one that is gone already counts as deleted.
     *
     * @throws RouteRefusedException if the kernel refused
     */
    void delete(Device device) throws RouteRefusedException;

    /**
     * Looks at everything that a plan is about, and at what others put there.
     *
     * @throws RouteRefusedException if the kernel does not say
     */
    Sighting look(RoutePlan plan) throws RouteRefusedException;

    /**
     * Removes a route of somebody else's from one of our tables; nothing if it is gone.
     *
     * @throws RouteRefusedException if the kernel refused
     */
    void evict(ForeignRoute route) throws RouteRefusedException;

    /**
     * Removes a rule of somebody else's that is one of ours but for who made it; nothing if it is gone.
     *
     * @throws RouteRefusedException if the kernel refused
     */
    void evict(Rule rule) throws RouteRefusedException;

    /**
     * The number of the device by which a user's socket without mark and source would reach an address now; none if it
     * would not.
     */
    OptionalInt way(IpPrefix address, long user);

    /**
     * Whether the host has a family at all, as far as can be said without trying.
     *
     * @param tun the device that does not count
     */
    boolean has(Family family, String tun);

    /** Whether this host's routes into a TUN hold while nobody reads it, or are passed by. */
    boolean holdsRoutesWithoutReader();

    /**
     * From now on the watcher is told what changes, but not by what is done here. Once, until {@link #close}.
     *
     * @throws RouteRefusedException if that cannot be heard
     */
    void watch(RouteSettings settings, HostWatcher watcher) throws RouteRefusedException;

    @Override
    void close();
}
