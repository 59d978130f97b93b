package wireleap.tun.routes;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.ForeignRoute;
import wireleap.tun.policy.ForeignRule;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.Repair;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RoutePlan.Stage;
import wireleap.tun.policy.Rule;
import wireleap.tun.policy.Step;

/**
 * Puts right what others changed of ours, soon but not too often, and closes the way past the TUN where the kernel does
 * not let us. On {@link RouteKeeper}'s thread.
 */
final class RouteRepair {
    private static final Logger LOG = LoggerFactory.getLogger(RouteRepair.class);
    /** So many looks in a row that could not put all right are a failure. */
    private static final int PATIENCE = 3;
    /** More things than that at once count as one: who flushes tables does not aim at one of them. */
    private static final int MANY = 500;
    private static final int WORDS_TOLD = 10;
    /** Addresses that nobody has (RFC 5737, RFC 3849): the way to them is that of everything else. */
    private static final IpPrefix SOMEWHERE_IPV4 = IpPrefix.parse("192.0.2.77");
    private static final IpPrefix SOMEWHERE_IPV6 = IpPrefix.parse("2001:db8::77");

    private final KeptRoutes kept;
    private final HostRoutes host;
    private final LongSupplier clock;
    private final RouteListener listener;
    private final EventLog events;
    private final RepairTimes times = new RepairTimes();
    private long repairs;
    private boolean failed;
    private boolean ipv6Tried;                       // since the host has it, and was refused
    private List<String> troubles = List.of();

    /** @param clock nanoseconds */
    RouteRepair(KeptRoutes kept, HostRoutes host, LongSupplier clock, RouteListener listener,
            EventLog events) {
        this.kept = kept;
        this.host = host;
        this.clock = clock;
        this.listener = listener;
        this.events = events;
    }

    /** Something may have been changed by others. */
    void disturbed() {
        times.disturbed(clock.getAsLong());
    }

    /** A look has come to no end: it is tried again, later each time. */
    void failed() {
        times.refused(clock.getAsLong());
    }

    /** Nanoseconds until {@link #tend} has something to do, 0 or less if it is time; Long.MAX_VALUE: never. */
    long waitNanos() {
        return times.dueNanos() == RepairTimes.NEVER ? Long.MAX_VALUE : times.dueNanos() - clock.getAsLong();
    }

    /** How many things were put right so far. */
    long repairs() {
        return repairs;
    }

    /** What is not as it should be since the last look, and cannot be helped now; for people. */
    List<String> troubles() {
        return troubles;
    }

    /** Looks, and puts right what may be put right now. */
    void tend() {
        long began = clock.getAsLong();
        times.begins(began);
        Look look = look(began);
        if (look.refused.isPresent()) {
            refused(look.refused.get());
        } else if (kept.plan().stage() == Stage.CLOSED) {
            if (look.heldBack.isEmpty()) {
                reopen();
            }
        } else {
            times.settled();
            failed = false;
        }
        tell(look);
        times.ended(began, clock.getAsLong());
    }

    /** One look and what came of it. */
    private final class Look {
        private final long nowNanos;
        private final List<String> done = new ArrayList<>();
        private final Set<String> heldBack = new LinkedHashSet<>();
        private Optional<String> refused = Optional.empty();
        private List<ForeignRule> before = List.of();

        private Look(long nowNanos) {
            this.nowNanos = nowNanos;
        }

        private boolean mayTouch(Object thing, String words) {
            boolean may = times.allows(thing, nowNanos);
            if (!may) {
                heldBack.add(words);
            }
            return may;
        }

        private void attempt(Object thing, String words, Change change) {
            if (mayTouch(thing, words)) {
                try {
                    change.run();
                    done.add(words);
                } catch (RouteRefusedException e) {
                    refused = Optional.of(e.getMessage());
                }
            }
        }

        private void run() throws RouteRefusedException {
            welcomeIpv6();
            Repair repair = kept.inspect();
            before = repair.before();
            if (repair.bringsUp()) {
                attempt("link", "link " + kept.plan().settings().tunName(), kept::bringUpAgain);
            }
            for (Rule rule : repair.rules()) {
                attempt(rule, new Step(false, rule).words(), () -> host.evict(rule));
            }
            for (ForeignRoute route : repair.routes()) {
                attempt(route, "route del " + route.words(), () -> host.evict(route));
            }
            steps(repair.steps());
            uplinks();
        }

        /** Those that somebody made strict again, and new ones, which nobody has loosened yet. */
        private void uplinks() throws RouteRefusedException {
            RoutePlan plan = kept.plan();
            if (plan.settings().strict() && plan.stage().compareTo(Stage.CAPTURING) >= 0) {
                Map<String, Integer> fresh = new TreeMap<>(host.strictUplinks());
                for (String uplink : plan.loosened().keySet()) {
                    if (fresh.remove(uplink) != null) {
                        String words = "rp_filter " + UplinkFilters.LOOSE + " of " + uplink;
                        attempt(words, words, () -> host.reversePathFilter(uplink, UplinkFilters.LOOSE));
                    }
                }
                if (!fresh.isEmpty()) {
                    UplinkFilters.loosen(fresh, kept, host);
                }
            }
        }

        private void steps(List<Step> steps) throws RouteRefusedException {
            Set<Claim> without = new HashSet<>();
            if (steps.size() > MANY) {
                if (!mayTouch("many", steps.size() + " routes, rules and addresses")) {
                    return;
                }
            } else {
                steps.stream().filter(step -> !mayTouch(step, step.words())).map(Step::claim).forEach(without::add);
            }
            List<Step> wanted = steps.stream().filter(step -> !without.contains(step.claim())).toList();
            Optional<String> no = kept.putRight(without);
            wanted.stream().filter(step -> !without.contains(step.claim())).map(Step::words).forEach(done::add);
            refused = no.or(() -> refused);
        }
    }

    @FunctionalInterface
    private interface Change {
        void run() throws RouteRefusedException;
    }

    private Look look(long nowNanos) {
        Look look = new Look(nowNanos);
        try {
            look.run();
        } catch (RouteRefusedException e) {
            look.refused = Optional.of(e.getMessage());
        }
        if (!look.done.isEmpty()) {
            repairs += look.done.size();
            List<String> some = look.done.subList(0, Math.min(WORDS_TOLD, look.done.size()));
            LOG.warn("somebody else changed what is ours; it is put right: {}{}", String.join(", ", some),
                    some.size() < look.done.size() ? " and " + (look.done.size() - some.size()) + " more" : "");
            some.forEach(words -> events.publish(new Event.Repaired(words, "somebody else had changed it; put right")));
        }
        return look;
    }

    private void refused(String reason) {
        if (times.refused(clock.getAsLong()) >= PATIENCE && kept.plan().stage().compareTo(Stage.CAPTURING) >= 0) {
            kept.pursue(kept.plan().at(Stage.CLOSED));
            fail(reason);
        }
    }

    private void fail(String reason) {
        if (!failed) {
            failed = true;
            LOG.error("failed: what is captured cannot be led into {} and is dropped: {}",
                    kept.plan().settings().tunName(), reason);
            listener.failed(reason);
        }
    }

    /** All of the closed plan holds: if there is a TUN, the open one may, too. */
    private void reopen() {
        if (kept.plan().device().isEmpty()) {
            times.settled();
            fail(lostTun());
        } else if (kept.pursue(kept.plan().at(Stage.CAPTURING)).isPresent()) {
            kept.pursue(kept.plan().at(Stage.CLOSED));
            times.refused(clock.getAsLong());
        } else {
            times.settled();
            failed = false;
            LOG.warn("active again: all routes and rules are as they should be");
            listener.recovered();
        }
    }

    /** What is captured by rules of others that come before ours: that is their owner's will, so it is only said. */
    private Optional<String> shadow(Family family, List<ForeignRule> before) {
        List<String> rules = before.stream().filter(rule -> rule.rule().family() == family).map(ForeignRule::words)
                .toList();
        IpPrefix somewhere = family == Family.IPV4 ? SOMEWHERE_IPV4 : SOMEWHERE_IPV6;
        if (rules.isEmpty() || kept.plan().bypass().contains(somewhere.hi(), somewhere.lo())
                || kept.plan().device().stream().anyMatch(tun -> leadsInto(tun, somewhere))) {
            return Optional.empty();
        }
        return Optional.of(family + " does not go into the TUN: rules of somebody else come before ours and lead it"
                + " elsewhere, which is let be; remove them, or give --rule-base a number below theirs: "
                + String.join(", ", rules.stream().limit(WORDS_TOLD).toList()));
    }

    private boolean leadsInto(Device tun, IpPrefix address) {
        return host.way(address, kept.plan().settings().capturedUser()).equals(OptionalInt.of(tun.index()));
    }

    private String lostTun() {
        return kept.plan().settings().tunName() + " was deleted by somebody";
    }

    /** A family that was absent may have come. */
    private void welcomeIpv6() throws RouteRefusedException {
        boolean missing = !kept.plan().families().contains(Family.IPV6);
        boolean there = missing && host.has(Family.IPV6, kept.plan().settings().tunName());
        if (there && !ipv6Tried) {
            LOG.info("the host seems to have IPv6 now");
            kept.welcome(Family.IPV6);
        }
        ipv6Tried = there;
    }

    private void tell(Look look) {
        List<String> found = new ArrayList<>();
        look.refused.ifPresent(reason -> found.add("not all routes and rules are as they should be: " + reason));
        if (!look.heldBack.isEmpty()) {
            found.add("somebody else changes again and again what is ours, and it was put right "
                    + RepairTimes.MOST_OFTEN + " times within a minute; for now it stays as they want it: "
                    + String.join(", ", look.heldBack.stream().limit(WORDS_TOLD).toList()));
        }
        for (Family family : kept.plan().families()) {
            shadow(family, look.before).ifPresent(found::add);
        }
        if (kept.plan().stage() == Stage.CLOSED && kept.plan().device().isEmpty()) {
            found.add(lostTun() + "; what would go into it goes nowhere until a restart");
        }
        if (kept.plan().settings().failClosed() && !host.holdsRoutesWithoutReader()) {
            found.add("--fail-closed does not hold as long as the sysctl net.ipv4.conf.all.ignore_routes_with_linkdown is not"
                    + " 0: if the daemon died now, all traffic would go around the TUN");
        }
        found.stream().filter(trouble -> !troubles.contains(trouble)).forEach(LOG::warn);
        troubles = List.copyOf(found);
    }
}
