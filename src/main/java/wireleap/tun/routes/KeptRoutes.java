package wireleap.tun.routes;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceState;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.Repair;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.Sighting;
import wireleap.tun.policy.Step;
import wireleap.tun.routes.HostRoutes.Outcome;
import wireleap.tun.routes.HostRoutes.Refusal;

/**
 * The plan that holds and the kernel that follows it, all or nothing. Knows what the kernel has by what it
 * acknowledged; where that is not certain, asks it. On {@link RouteKeeper}'s thread.
 */
final class KeptRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(KeptRoutes.class);
    private static final int ATTEMPTS = 3;
    private static final int MOST_STUCK = 16;

    private final HostRoutes host;
    private RoutePlan plan;                                  // what should be there
    private Optional<Device> tun = Optional.empty();         // the plan's, once it has one
    private SequencedSet<Claim> present = new LinkedHashSet<>();
    private boolean certain;                                 // whether present is what the kernel has
    private Optional<DeviceState> ready = Optional.empty();  // how the TUN stood once it had been brought up

    KeptRoutes(HostRoutes host, RoutePlan plan) {
        this.host = host;
        this.plan = plan;
    }

    /** The plan that holds. */
    RoutePlan plan() {
        return plan;
    }

    /** Whether the kernel is known to have all of the plan and no more. */
    boolean stands() {
        return certain && present.equals(plan.claims());
    }

    /** What the kernel has of ours, asked anew. */
    SequencedSet<Claim> observe() throws RouteRefusedException {
        certain = false;
        present = new LinkedHashSet<>(host.observe(tun));
        certain = true;
        return present;
    }

    /**
     * Makes a plan hold. A family that the kernel turns out not to have is left out of it.
     *
     * @throws RouteRefusedException if the kernel refused anything else; then the plan before holds again
     */
    void reach(RoutePlan target) throws RouteRefusedException {
        RoutePlan before = plan;
        plan = target;
        if (!target.device().equals(tun) && target.device().isPresent()) {
            tun = target.device();
            certain = false;                                 // it may have addresses
        }
        Optional<String> refused;
        try {
            refused = refused();
        } catch (RuntimeException | Error e) {               // nobody knows how far that came
            plan = before;
            certain = false;
            throw e;
        }
        if (refused.isPresent()) {
            LOG.warn("refused, and is undone: {}", refused.get());
            plan = before;
            stuck().ifPresent(left -> LOG.error("could not be undone, which the next change tries again: {}", left));
            throw new RouteRefusedException(refused.get());
        }
    }

    private Optional<String> refused() {
        try {
            return pass(Set.of()).map(Refusal::message);
        } catch (RouteRefusedException e) {
            return Optional.of(e.getMessage());
        }
    }

    /**
     * Makes a new TUN ready for addresses.
     *
     * @throws RouteRefusedException if the kernel refused something that is needed
     */
    void bringUp(Device device) throws RouteRefusedException {
        host.bringUp(device, plan.settings());
        ready = host.look(plan.with(device)).device();
    }

    /** A family that was absent is to have its routes; if the kernel still refuses it, it stays absent. */
    void welcome(Family present) throws RouteRefusedException {
        if (tun.isPresent()) {
            bringUpAgain();
        }
        pursue(plan.with(present));
    }

    /** Makes the TUN what {@link #bringUp} has made it. */
    void bringUpAgain() throws RouteRefusedException {
        host.bringUp(tun.orElseThrow(), plan.settings());
    }

    /**
     * Looks at what there is, and says what is to be done so that the plan holds. If the TUN is gone, the plan is closed
     * before that.
     */
    Repair inspect() throws RouteRefusedException {
        certain = false;
        Sighting seen = host.look(plan);
        present = new LinkedHashSet<>(seen.claims());
        certain = true;
        if (ready.isPresent() && seen.device().isEmpty() && plan.stage().compareTo(Stage.CAPTURING) >= 0) {
            ready = Optional.empty();
            tun = Optional.empty();
            pursue(plan.withoutDevice());
            return inspect();
        }
        return Repair.of(plan, ready, seen);
    }

    /**
     * Makes another plan the one that holds, as far as the kernel lets us.
     *
     * @return the kernel's words at the last thing that it refused
     */
    Optional<String> pursue(RoutePlan target) {
        plan = target;
        certain = false;
        return putRight(new HashSet<>());
    }

    /**
     * Does all steps that lead to the plan and that the kernel lets us do.
     *
     * @param without claims that are not touched; those at which the kernel refuses are added
     * @return the kernel's words at the last one that it refused
     */
    Optional<String> putRight(Set<Claim> without) {
        Optional<String> last = Optional.empty();
        try {
            Optional<Refusal> refusal = pass(without);
            for (int refusals = 1; refusal.isPresent(); refusals++) {
                last = Optional.of(refusal.get().message());
                without.add(refusal.get().step().claim());
                refusal = refusals < MOST_STUCK ? pass(without) : Optional.empty();
            }
        } catch (RouteRefusedException e) {
            certain = false;
            last = Optional.of(e.getMessage());
        }
        return last;
    }

    /**
     * Makes a plan hold as far as the kernel lets us, whatever it refuses, and whatever others did in the meantime.
     *
     * @throws RouteRefusedException at the end, if something was refused
     */
    void force(RoutePlan target) throws RouteRefusedException {
        plan = target;
        certain = false;
        Optional<String> left = stuck();
        if (left.isPresent()) {
            throw new RouteRefusedException(left.get());
        }
    }

    /** Does what can be done of the way to the plan, with patience; the message of what was refused at last. */
    private Optional<String> stuck() {
        String last = "";
        for (int attempt = 1; attempt <= ATTEMPTS; attempt++) {
            try {
                Set<Claim> stuck = new HashSet<>();
                Optional<Refusal> refusal = pass(stuck);
                while (refusal.isPresent()) {
                    last = refusal.get().message();
                    stuck.add(refusal.get().step().claim());
                    refusal = stuck.size() < MOST_STUCK ? pass(stuck) : Optional.empty();
                }
                if (stuck.isEmpty()) {
                    return Optional.empty();
                }
            } catch (RouteRefusedException e) {
                last = e.getMessage();
            }
            certain = false;
        }
        return Optional.of(last);
    }

    /** Does the steps from what is there to the plan, without some, up to the first refusal that is one. */
    private Optional<Refusal> pass(Set<Claim> without) throws RouteRefusedException {
        while (true) {
            List<Step> steps = new ArrayList<>(RoutePlan.diff(certain ? present : observe(), plan.claims()));
            steps.removeIf(step -> without.contains(step.claim()));
            Optional<Refusal> refusal = apply(steps);
            if (refusal.isEmpty() || !leftOut(refusal.get())) {
                return refusal;
            }
        }
    }

    private Optional<Refusal> apply(List<Step> steps) throws RouteRefusedException {
        if (steps.isEmpty()) {
            return Optional.empty();
        }
        certain = false;
        Outcome outcome = host.apply(steps);
        certain = true;
        for (Step step : outcome.done()) {
            if (step.adds()) {
                present.add(step.claim());
            } else {
                present.remove(step.claim());
            }
        }
        StepLog.done(outcome.done());
        return outcome.refusal();
    }

    /** Whether a refusal only says that the kernel has no such family; the plan goes on without it. */
    private boolean leftOut(Refusal refusal) {
        boolean absent = refusal.familyIsAbsent() && plan.families().contains(refusal.step().claim().family());
        if (absent) {
            plan = plan.without(refusal.step().claim().family());
            LOG.warn("the kernel refuses {} in the TUN, so nothing of it is captured or bypassed: {}",
                    refusal.step().claim().family(), refusal.message());
        }
        return absent;
    }
}
