package wireleap.tun;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SequencedSet;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
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
import wireleap.tun.routes.HostRoutes;
import wireleap.tun.routes.HostWatcher;
import wireleap.tun.routes.RouteRefusedException;

/** A simulated machine of which parts fail as they are told to, and which knows what is left of a daemon. */
class FaultyPlatform extends SimulatedPlatform {
    /** What a daemon opens, in this order. */
    enum Part { LOCK, ROUTES, TUN, TUN_INDEX, POLLER }

    /** Parts that are open, and what is claimed of the kernel. */
    final Set<Object> left = ConcurrentHashMap.newKeySet();
    /** Every step that was done, in order. */
    final List<Step> done = new CopyOnWriteArrayList<>();
    private final Optional<Part> broken;
    private final int refusedStep;

    private FaultyPlatform(Optional<Part> broken, int refusedStep) throws IOException {
        this.broken = broken;
        this.refusedStep = refusedStep;
    }

    FaultyPlatform() throws IOException {
        this(Optional.empty(), Integer.MAX_VALUE);
    }

    static FaultyPlatform without(Part broken) throws IOException {
        return new FaultyPlatform(Optional.of(broken), Integer.MAX_VALUE);
    }

    /** @param step the number, from 0, of the step that the kernel refuses, once */
    static FaultyPlatform refusing(int step) throws IOException {
        return new FaultyPlatform(Optional.empty(), step);
    }

    /** Whether the kernel refuses a step, which is asked for as the number-th, from 0. */
    boolean refuses(int number, Step step) {
        return number == refusedStep;
    }

    private void open(Part part) throws IOException {
        if (broken.equals(Optional.of(part))) {
            throw new IOException("no " + part);
        }
        left.add(part);
    }

    @Override
    public Lock lock() throws IOException {
        open(Part.LOCK);
        return () -> left.remove(Part.LOCK);
    }

    @Override
    public HostRoutes.Opener hostRoutes() {
        return () -> {
            try {
                open(Part.ROUTES);
            } catch (IOException e) {
                throw new RouteRefusedException(e.getMessage(), e);
            }
            return new Routes();
        };
    }

    /** The routing of this machine. */
    private final class Routes implements HostRoutes {
        private int steps;

        @Override
        public SequencedSet<Claim> observe(Optional<Device> tun) {
            SequencedSet<Claim> claims = new LinkedHashSet<>();
            left.stream().filter(Claim.class::isInstance).map(Claim.class::cast).forEach(claims::add);
            return claims;
        }

        @Override
        public Outcome apply(List<Step> wanted) {
            List<Step> outcome = new ArrayList<>();
            for (Step step : wanted) {
                if (refuses(steps++, step)) {
                    return new Outcome(outcome, Optional.of(new Refusal(step, "EPERM (1), not today", false)));
                }
                if (step.adds()) {
                    left.add(step.claim());
                } else {
                    left.remove(step.claim());
                }
                outcome.add(step);
                done.add(step);
            }
            return new Outcome(outcome, Optional.empty());
        }

        @Override
        public Sighting look(RoutePlan plan) {
            return new Sighting(observe(plan.device()), List.of(), List.of(), Optional.empty());
        }

        @Override
        public void evict(ForeignRoute route) {
            throw new AssertionError("there is none");
        }

        @Override
        public void evict(Rule rule) {
            throw new AssertionError("there is none");
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

        @Override
        public void bringUp(Device tun, RouteSettings settings) {
            // It is ready.
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
            throw new AssertionError("none was strict");
        }

        @Override
        public void delete(Device device) {
            throw new AssertionError("nothing was left behind");
        }

        @Override
        public void close() {
            left.remove(Part.ROUTES);
        }
    }

    @Override
    public Tun openTun(String name, int queues) throws IOException {
        open(Part.TUN);
        Tun tun = super.openTun(name, queues);
        return new Tun() {
            @Override
            public int index() throws IOException {
                open(Part.TUN_INDEX);
                left.remove(Part.TUN_INDEX);
                return tun.index();
            }

            @Override
            public List<PacketDevice> queues() {
                return tun.queues();
            }

            @Override
            public void persist(boolean persists) throws IOException {
                tun.persist(persists);
            }

            @Override
            public void close() {
                tun.close();
                left.remove(Part.TUN);
            }
        };
    }

    @Override
    public Poller poller(Arena arena) throws IOException {
        open(Part.POLLER);
        left.remove(Part.POLLER);
        return super.poller(arena);
    }
}
