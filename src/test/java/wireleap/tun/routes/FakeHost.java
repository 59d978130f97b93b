package wireleap.tun.routes;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.IntPredicate;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceAddress;
import wireleap.tun.policy.DeviceRoute;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.RouteSettings;
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

    private static final int BATCH = 4;

    final SequencedSet<Claim> kernel = new LinkedHashSet<>();
    final List<Step> done = new ArrayList<>();
    final Set<Family> absent = new LinkedHashSet<>();
    final Set<Claim> stuck = new LinkedHashSet<>();  // what it never lets go
    Fault fault = Fault.REFUSED;
    IntPredicate faultAt = step -> false;            // asked with the number of the step, from 0
    Optional<Device> left = Optional.empty();        // of a daemon that was killed
    boolean upFails;
    boolean closed;
    int steps;

    @Override
    public SequencedSet<Claim> observe(Optional<Device> tun) {
        SequencedSet<Claim> seen = new LinkedHashSet<>(kernel);
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
            boolean held = !step.adds() && stuck.contains(step.claim());
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
    public void bringUp(Device tun, RouteSettings settings) throws RouteRefusedException {
        if (upFails) {
            throw new RouteRefusedException("ip link set dev " + tun.name() + " up: EPERM");
        }
    }

    @Override
    public Optional<Device> leftBehind() {
        return left;
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
