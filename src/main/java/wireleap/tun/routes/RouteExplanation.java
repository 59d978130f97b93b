package wireleap.tun.routes;

import java.util.Optional;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.PlannedWay;

/**
 * Why a new connection goes the way it goes: of a socket without a source address, by a user who is not given by
 * {@code --bypass-user}, to any port but 53.
 *
 * @param address where to
 * @param kernel what the kernel says
 * @param plan what we mean
 * @param agree whether the kernel does what we mean. What this host has itself, and what a specific route of its main
 *     table leads to, we mean to leave to it
 */
public record RouteExplanation(IpPrefix address, KernelWay kernel, PlannedWay plan, boolean agree) {
    /**
     * What the kernel says.
     *
     * @param rule the one that decides, in the words of {@code ip rule}; none where it cannot be told
     * @param table where the way was found, by name or number
     * @param entry the route in it, in the words of {@code ip route}
     * @param device the way out; none where there is no way
     * @param problem the kernel's words where there is no way; else empty
     */
    public record KernelWay(Optional<String> rule, Optional<String> table, Optional<String> entry,
            Optional<String> device, String problem) {
        static KernelWay none(String problem) {
            return new KernelWay(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), problem);
        }
    }
}
