package wireleap.tun.routes;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.NetlinkRequest;
import wireleap.tun.os.linux.netlink.NetlinkWriter;
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
 * The kernel's routing, rehearsed: its lists are read, and what would be asked of it is written as rtnetlink wants it,
 * but sent to nobody. What it would have then is kept in memory. Needs no privilege. The thread that opened it.
 */
public final class RehearsedRoutes implements HostRoutes {
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment message = arena.allocate(NetlinkRequest.MAX_BYTES, Long.BYTES);
    private final NetlinkWriter out = new NetlinkWriter(message);
    private final SequencedSet<Claim> claims = new LinkedHashSet<>();

    private RehearsedRoutes() {
    }

    /** @throws RouteRefusedException if the kernel does not even tell what it has */
    public static RehearsedRoutes open() throws RouteRefusedException {
        try (LinuxRoutes kernel = LinuxRoutes.open()) {
            kernel.observe(Optional.empty());
        }
        return new RehearsedRoutes();
    }

    @Override
    public SequencedSet<Claim> observe(Optional<Device> tun) {
        return new LinkedHashSet<>(claims);
    }

    @Override
    public Outcome apply(List<Step> steps) {
        for (Step step : steps) {
            write(LinuxClaims.request(step));
            if (step.adds()) {
                claims.add(step.claim());
            } else {
                claims.remove(step.claim());
            }
        }
        return new Outcome(List.copyOf(steps), Optional.empty());
    }

    @Override
    public void bringUp(Device tun, RouteSettings settings) {
        write(LinkEntry.sizes(tun.index(), settings.mtu(), settings.transmitQueuePackets()));
        write(LinkEntry.noLinkLocal(tun.index()));
        write(LinkEntry.up(tun.index()));
    }

    @Override
    public Optional<Device> leftBehind() {
        return Optional.empty();
    }

    @Override
    public Map<String, Integer> strictUplinks() {
        return Map.of();
    }

    @Override
    public void reversePathFilter(String device, int value) {
        // Only the kernel has one.
    }

    @Override
    public void delete(Device device) {
        write(LinkEntry.delete(device.index()));
    }

    @Override
    public Sighting look(RoutePlan plan) {
        return new Sighting(observe(plan.device()), List.of(), List.of(), Optional.empty());
    }

    @Override
    public void evict(ForeignRoute route) {
        write(LinuxClaims.deletion(route));
    }

    @Override
    public void evict(Rule rule) {
        write(LinuxClaims.deletion(rule));
    }

    @Override
    public OptionalInt way(IpPrefix address, long user) {
        return OptionalInt.empty();
    }

    @Override
    public boolean has(Family family, String tun) {
        return true;
    }

    @Override
    public boolean holdsRoutesWithoutReader() {
        return true;
    }

    @Override
    public void watch(RouteSettings settings, HostWatcher watcher) {
        // Nobody else changes anything here.
    }

    private void write(NetlinkRequest request) {
        request.writeTo(out.clear(0));
    }

    @Override
    public void close() {
        arena.close();
    }
}
