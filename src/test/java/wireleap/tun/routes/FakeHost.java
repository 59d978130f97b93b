package wireleap.tun.routes;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceAddress;
import wireleap.tun.policy.DeviceRoute;
import wireleap.tun.policy.DeviceState;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.ForeignRoute;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.ForeignRule;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Rule;
import wireleap.tun.policy.Sighting;
import wireleap.tun.policy.Step;

/** A kernel in memory that refuses, or loses its answer, at the step it is told to. */
final class FakeHost implements HostRoutes {
    /** What happens at a chosen step. */
    enum Fault {
        /** It is not done, and that is said; others of the same batch are done. */
        REFUSED,
        /** It is done, and so is the rest of its batch, but no answer comes. */
        ANSWER_LOST
    }

    static final DeviceState UP = new DeviceState(true, 1500, 1000, List.of("2"), true);
    private static final int BATCH = 4;

    final Set<Claim> kernel = Collections.synchronizedSet(new LinkedHashSet<>());
    final List<Step> done = new CopyOnWriteArrayList<>();
    final Set<Family> absent = ConcurrentHashMap.newKeySet();
    final Set<Claim> stuck = ConcurrentHashMap.newKeySet();      // what it never lets go
    final Set<Claim> unwanted = ConcurrentHashMap.newKeySet();   // what it never takes
    volatile Fault fault = Fault.REFUSED;
    volatile IntPredicate faultAt = step -> false;            // asked with the number of the step, from 0
    final List<ForeignRoute> routes = new CopyOnWriteArrayList<>();
    final List<ForeignRule> rules = new CopyOnWriteArrayList<>();
    volatile Optional<DeviceState> device = Optional.empty();
    volatile HostWatcher watcher;
    BooleanSupplier blind = () -> false;             // asked at each look: whether it fails
    volatile int looks;
    OptionalInt way = OptionalInt.of(9);             // of whatever is captured
    long wayOf = 65_534;                             // who is captured
    boolean holds = true;                            // whether routes hold without a reader
    Optional<Device> left = Optional.empty();        // of a daemon that was killed
    final Map<String, Integer> filters = new ConcurrentHashMap<>(); // the uplinks' rp_filter
    boolean upFails;
    boolean closed;
    int steps;

    @Override
    public SequencedSet<Claim> observe(Optional<Device> tun) {
        SequencedSet<Claim> seen;
        synchronized (kernel) {
            seen = new LinkedHashSet<>(kernel);
        }
        seen.removeIf(claim -> claim instanceof DeviceAddress address && !tun.equals(Optional.of(address.device())));
        return seen;
    }

    @Override
    public Outcome apply(List<Step> wanted) throws RouteRefusedException {
        List<Step> outcome = new ArrayList<>();
        int from = 0;
        while (from < wanted.size()) {
            int to = from;
            while (to < wanted.size() && to < from + BATCH && wanted.get(to).adds() == wanted.get(from).adds()) {
                to++;
            }
            Optional<Refusal> refusal = batch(wanted.subList(from, to), outcome);
            if (refusal.isPresent()) {
                return new Outcome(outcome, refusal);
            }
            from = to;
        }
        return new Outcome(outcome, Optional.empty());
    }

    private Optional<Refusal> batch(List<Step> batch, List<Step> outcome) throws RouteRefusedException {
        Optional<Refusal> first = Optional.empty();
        boolean lost = false;
        for (Step step : batch) {
            boolean faulty = faultAt.test(steps++);
            boolean familyIsAbsent = step.adds() && absent.contains(step.claim().family());
            boolean there = step.adds() && kernel.contains(step.claim());
            boolean held = (step.adds() ? unwanted : stuck).contains(step.claim());
            if (faulty && fault == Fault.REFUSED || familyIsAbsent || there || held) {
                Refusal refusal = new Refusal(step, there ? "EEXIST (17), File exists" : "EPERM (1), not today",
                        familyIsAbsent);
                first = first.or(() -> Optional.of(refusal));
            } else {
                lost |= faulty;
                done.add(step);
                outcome.add(step);
                if (step.adds()) {
                    kernel.add(step.claim());
                } else {
                    kernel.remove(step.claim());
                }
            }
        }
        if (lost) {
            throw new RouteRefusedException("netlink: ENOBUFS (105), No buffer space available");
        }
        return first;
    }

    @Override
    public Sighting look(RoutePlan plan) throws RouteRefusedException {
        looks++;
        if (blind.getAsBoolean()) {
            throw new RouteRefusedException("netlink: ENOBUFS (105), No buffer space available");
        }
        return new Sighting(observe(plan.device()), List.copyOf(routes), List.copyOf(rules), device);
    }

    @Override
    public void evict(ForeignRoute route) {
        routes.remove(route);
    }

    @Override
    public void evict(Rule rule) {
        rules.removeIf(foreign -> foreign.rule().equals(rule));
    }

    @Override
    public OptionalInt way(IpPrefix address, long user) {
        return user == wayOf ? way : OptionalInt.of(2);
    }

    @Override
    public boolean has(Family family, String tun) {
        return !absent.contains(family);
    }

    @Override
    public boolean holdsRoutesWithoutReader() {
        return holds;
    }

    @Override
    public void watch(RouteSettings settings, HostWatcher host) {
        watcher = host;
    }

    @Override
    public void bringUp(Device tun, RouteSettings settings) throws RouteRefusedException {
        if (upFails) {
            throw new RouteRefusedException("ip link set dev " + tun.name() + " up: EPERM");
        }
        device = Optional.of(UP);
    }

    @Override
    public Optional<Device> leftBehind() {
        return left;
    }

    @Override
    public Map<String, Integer> strictUplinks() {
        Map<String, Integer> strict = new LinkedHashMap<>(filters);
        strict.values().removeIf(value -> value == 2);
        return strict;
    }

    @Override
    public void reversePathFilter(String device, int value) {
        filters.replace(device, value);
    }

    @Override
    public void delete(Device device) {
        left = Optional.empty();
        kernel.removeIf(claim -> claim instanceof DeviceRoute || claim instanceof DeviceAddress);
    }

    @Override
    public void close() {
        closed = true;
    }
}
