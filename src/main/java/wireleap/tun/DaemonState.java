package wireleap.tun;

import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.partitioningBy;
import static java.util.stream.Collectors.toList;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.loop.Loops;
import wireleap.tun.os.Offloads;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.routes.Resolvers;
import wireleap.tun.routes.RouteKeeper;

/** What GET /state and GET /stats answer. Written by the daemon's threads as its parts come to life, read by any. */
final class DaemonState {
    /** Where the daemon is in its life. */
    enum Lifecycle {
        /** Routes and TUN are being made; nothing is captured yet. */
        ACTIVATING,
        /** Traffic is captured and carried. */
        ACTIVE,
        /** Everything is being taken back. */
        DEACTIVATING,
        /** It was active and cannot carry any more: what is captured is dropped. */
        FAILED;

        /** As GET /state names it. */
        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    private final Config config;
    private final String version;
    private final long startNanos = System.nanoTime();
    private final CopyOnWriteArrayList<String> warnings = new CopyOnWriteArrayList<>();
    private volatile Lifecycle lifecycle = Lifecycle.ACTIVATING;
    private boolean routesFailed;                    // and nothing else has, so that they may recover; guarded by this
    private final EventLog events = new EventLog();
    private final UpstreamNews upstream;
    private volatile RouteKeeper keeper;
    private volatile Offloads offloads;
    private volatile Resolvers resolvers = Resolvers.NONE;
    private volatile Loops loops;

    DaemonState(Config config, String version) {
        this.config = config;
        this.version = version;
        this.upstream = new UpstreamNews(config.upstream(), CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS),
                events);
    }

    String version() {
        return version;
    }

    /** What happens to the daemon; whoever makes it happen publishes it here. */
    EventLog events() {
        return events;
    }

    /** What needs no words. */
    void lifecycle(Lifecycle next) {
        lifecycle(next, "");
    }

    /** A failed daemon stays so until it stops. */
    synchronized void lifecycle(Lifecycle next, String why) {
        Lifecycle before = lifecycle;
        if (next == before && before == Lifecycle.FAILED) {
            routesFailed = false;                    // something else has failed, too
        }
        if (next != before && (before != Lifecycle.FAILED || next == Lifecycle.DEACTIVATING)) {
            lifecycle = next;
            events.publish(new Event.StateChanged(before.text(), next.text(), why));
        }
    }

    /** The routes do not lead what is captured into the TUN any more; they may again. */
    synchronized void routesFailed(String why) {
        routesFailed = lifecycle == Lifecycle.ACTIVE;
        if (routesFailed) {
            lifecycle(Lifecycle.FAILED, why);
        }
    }

    /** The routes are as they should be again. */
    synchronized void routesRecovered() {
        if (routesFailed && lifecycle == Lifecycle.FAILED) {
            routesFailed = false;
            lifecycle = Lifecycle.ACTIVE;
            events.publish(new Event.StateChanged(Lifecycle.FAILED.text(), Lifecycle.ACTIVE.text(), "repaired"));
        }
    }

    void keeper(RouteKeeper routes) {
        keeper = routes;
    }

    void offloads(Offloads inForce) {
        offloads = inForce;
    }

    void resolvers(Resolvers found) {
        resolvers = found;
    }

    void loops(Loops running) {
        loops = running;
    }

    /** What is known of the upstream. */
    UpstreamNews upstream() {
        return upstream;
    }

    /** Adds a warning; false: it is there already. */
    boolean warn(String warning) {
        return warnings.addIfAbsent(warning);
    }

    /** The JSON object, its members in the order in which a reader wants them. */
    Map<String, Object> report() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("state", lifecycle.text());
        report.put("pid", ProcessHandle.current().pid());
        report.put("version", version);
        report.put("uptimeSeconds", (System.nanoTime() - startNanos) / 1_000_000_000L);
        report.put("tun", tun());
        report.put("capture", capture());
        report.put("families", families());
        report.put("upstream", upstreamReport());
        report.put("dns", dns());
        report.put("counts", counts());
        report.put("repairs", keeper == null ? 0 : keeper.repairs());
        report.put("warnings", warnings());
        return report;
    }

    /** What the start found, and what is not as it should be now. */
    private List<String> warnings() {
        List<String> all = new ArrayList<>(warnings);
        all.addAll(keeper == null ? List.of() : keeper.troubles());
        return all;
    }

    private Map<String, Object> tun() {
        Map<String, Object> tun = new LinkedHashMap<>();
        tun.put("name", config.routes().tunName());
        tun.put("mtu", config.routes().mtu());
        tun.put("queues", loops == null ? 1 : loops.size());
        tun.put("offloads", offloads == null ? List.of() : names(offloads));
        return tun;
    }

    private static List<String> names(Offloads inForce) {
        List<String> names = new ArrayList<>();
        if (inForce.checksum()) {
            names.add("checksum");
        }
        if (inForce.tso4()) {
            names.add("tso4");
        }
        if (inForce.tso6()) {
            names.add("tso6");
        }
        if (inForce.uso()) {
            names.add("uso");
        }
        return names;
    }

    private Map<String, Object> capture() {
        Map<String, Object> capture = new LinkedHashMap<>();
        capture.put("failClosed", config.routes().failClosed());
        capture.put("strict", config.routes().strict());
        capture.put("forwarded", config.routes().forwarded());
        return capture;
    }

    private Map<String, Object> families() {
        Map<String, Object> families = new LinkedHashMap<>();
        Set<Family> present = keeper == null ? Set.of() : keeper.families();
        families.put("ipv4", present.contains(Family.IPV4));
        families.put("ipv6", present.contains(Family.IPV6));
        return families;
    }

    private Map<String, Object> upstreamReport() {
        Map<String, Object> report = new LinkedHashMap<>();
        report.put("uri", config.upstream().toString());
        UpstreamNews.Finding finding = upstream.finding();
        report.put("status", finding.status().text());
        if (!finding.problem().isEmpty()) {
            report.put("problem", finding.problem());
        }
        return report;
    }

    /** The bypass list of now. */
    BypassSet bypass() {
        return keeper == null ? config.bypass() : keeper.snapshot().set();
    }

    /** As found at the start, but with the bypass list of now. */
    private Map<String, Object> dns() {
        BypassSet bypassed = bypass();
        Map<Boolean, List<String>> byWay = Stream.concat(resolvers.local().stream(), resolvers.distant().stream())
                .collect(partitioningBy(server -> resolvers.local().contains(server)
                        || bypassed.contains(server.hi(), server.lo()), mapping(IpPrefix::toString, toList())));
        Map<String, Object> dns = new LinkedHashMap<>();
        dns.put("aroundTun", byWay.get(true));
        dns.put("throughTun", byWay.get(false));
        if (config.dns().isOn()) {
            dns.put("server", config.dns().toString());
        }
        return dns;
    }

    private Map<String, Object> counts() {
        Map<String, Object> counts = new LinkedHashMap<>();
        counts.put("bypassEntries", bypass().size());
        counts.put("tcpFlows", loops == null ? 0 : loops.tcpFlows());
        counts.put("udpSessions", loops == null ? 0 : loops.udpSessions());
        return counts;
    }

    /** What GET /stats answers. */
    Map<String, Object> stats() {
        return LoopStats.report(loops == null ? Map.of() : loops.counters());
    }
}
