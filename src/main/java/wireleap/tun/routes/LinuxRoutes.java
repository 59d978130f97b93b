package wireleap.tun.routes;

import java.lang.foreign.Arena;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SequencedSet;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.Acknowledgement;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.NetlinkRequest;
import wireleap.tun.os.linux.netlink.NetlinkSocket;
import wireleap.tun.os.linux.netlink.RouteEntry;
import wireleap.tun.os.linux.netlink.RouteQuery;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.os.linux.netlink.RuleEntry;
import wireleap.tun.policy.Claim;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceState;
import wireleap.tun.policy.Family;
import wireleap.tun.policy.ForeignRoute;
import wireleap.tun.policy.ForeignRule;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.RoutePlan;
import wireleap.tun.policy.RouteSettings;
import wireleap.tun.policy.Rule;
import wireleap.tun.policy.Sighting;
import wireleap.tun.policy.Step;

/** The kernel of Linux, by rtnetlink, in the network namespace of the thread that opened this and uses it alone. */
public final class LinuxRoutes implements HostRoutes {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxRoutes.class);
    private static final Set<Errno> ALREADY_GONE =
            EnumSet.of(Errno.ESRCH, Errno.ENOENT, Errno.EADDRNOTAVAIL, Errno.ENODEV);
    private static final Set<Errno> FAMILY_ABSENT =
            EnumSet.of(Errno.EAFNOSUPPORT, Errno.EOPNOTSUPP, Errno.EACCES);

    private final Arena arena;
    private final RouteSocket socket;
    private Optional<LinuxWatch> watch = Optional.empty();

    private LinuxRoutes(Arena arena, RouteSocket socket) {
        this.arena = arena;
        this.socket = socket;
    }

    /** Opens the routing of this thread's network namespace. */
    public static LinuxRoutes open() throws RouteRefusedException {
        return open(UnaryOperator.identity());
    }

    /** As {@link #open()}, with something between it and the kernel. */
    static LinuxRoutes open(UnaryOperator<NetlinkSocket> layer) throws RouteRefusedException {
        Arena arena = Arena.ofConfined();
        try {
            return new LinuxRoutes(arena, RouteSocket.open(arena, layer));
        } catch (ErrnoException e) {
            arena.close();
            throw refused(e);
        }
    }

    @Override
    public SequencedSet<Claim> observe(Optional<Device> tun) throws RouteRefusedException {
        SequencedSet<Claim> found = new LinkedHashSet<>();
        try {
            Map<Integer, String> names = names(socket.links());
            for (Family family : Family.values()) {
                observe(family, names, found);
            }
            addresses(tun, found);
        } catch (ErrnoException e) {
            throw refused(e);
        }
        return found;
    }

    private void observe(Family family, Map<Integer, String> names, Set<Claim> found) throws ErrnoException {
        try {
            socket.routes(family == Family.IPV4, LinuxClaims.PROTOCOL).stream()
                    .flatMap(route -> LinuxClaims.route(route, names).stream()).forEach(found::add);
            socket.rules(family == Family.IPV4).stream()
                    .flatMap(rule -> LinuxClaims.rule(rule).stream()).forEach(found::add);
        } catch (ErrnoException e) {
            if (family == Family.IPV4 || !FAMILY_ABSENT.contains(e.errno())) {
                throw e;
            }
            LOG.debug("the kernel tells no routes of IPv6: {}", e.getMessage());
        }
    }

    @Override
    public Outcome apply(List<Step> steps) throws RouteRefusedException {
        List<Step> done = new ArrayList<>(steps.size());
        int from = 0;
        while (from < steps.size()) {
            int to = from + 1;
            while (to < steps.size() && steps.get(to).adds() == steps.get(from).adds()) {
                to++;
            }
            List<Step> alike = steps.subList(from, to);
            try {
                Acknowledgement answered = socket.execute(requests(alike));
                Optional<Refusal> refusal = sift(alike, answered, done);
                if (refusal.isPresent()) {
                    return new Outcome(done, refusal);
                }
                from += answered.taken();
            } catch (ErrnoException e) {
                throw refused(e);
            }
        }
        return new Outcome(done, Optional.empty());
    }

    /** The steps as requests, each made when its turn comes: 65,536 at once would fill the heap. */
    private static List<NetlinkRequest> requests(List<Step> steps) {
        return new AbstractList<>() {
            @Override
            public NetlinkRequest get(int index) {
                return LinuxClaims.request(steps.get(index));
            }

            @Override
            public int size() {
                return steps.size();
            }
        };
    }

    /** Adds the steps that were done to the others; what is refused because it is gone already counts as done. */
    private static Optional<Refusal> sift(List<Step> steps, Acknowledgement answered, List<Step> done) {
        List<Acknowledgement.Refusal> real = answered.refusals().stream()
                .filter(refusal -> steps.get(refusal.index()).adds() || !ALREADY_GONE.contains(refusal.errno()))
                .toList();
        Set<Integer> undone = real.stream().map(Acknowledgement.Refusal::index).collect(Collectors.toSet());
        for (int i = 0; i < answered.taken(); i++) {
            if (!undone.contains(i)) {
                done.add(steps.get(i));
            }
        }
        return real.stream().findFirst().map(refusal -> {
            Step step = steps.get(refusal.index());
            return new Refusal(step, refusal.text() + advice(refusal.errno()),
                    saysFamilyIsAbsent(step, refusal.errno()));
        });
    }

    /**
     * Whether IPv6 as such is refused: switched off when the kernel started (EOPNOTSUPP, EAFNOSUPPORT), or for the
     * device (EACCES, "IPv6 is disabled on this device"). Rules are no sign: a kernel may have IPv6 without them, and
     * then we must fail.
     */
    private static boolean saysFamilyIsAbsent(Step step, Errno errno) {
        return step.adds() && step.claim().family() == Family.IPV6 && !(step.claim() instanceof Rule)
                && FAMILY_ABSENT.contains(errno);
    }

    @Override
    public void bringUp(Device tun, RouteSettings settings) throws RouteRefusedException {
        int mtu = settings.mtu();
        int transmitQueuePackets = settings.transmitQueuePackets();
        String device = "ip link set dev " + tun.name();
        try {
            socket.request(device + " mtu " + mtu + " txqueuelen " + transmitQueuePackets,
                    LinkEntry.sizes(tun.index(), mtu, transmitQueuePackets));
            LOG.info("[#] {} mtu {} txqueuelen {}", device, mtu, transmitQueuePackets);
            forbidLinkLocal(device, tun);
            DeviceSettings.allowIpv6(tun);
            DeviceSettings.loosenReversePathFilter(tun);
            if (settings.failClosed()) {
                DeviceSettings.holdRoutesWithoutReader(tun);
            }
            if (!settings.forwarded().isEmpty()) {
                DeviceSettings.forward(tun);
            }
            socket.request(device + " up", LinkEntry.up(tun.index()));
            LOG.info("[#] {} up", device);
        } catch (ErrnoException e) {
            throw refused(e);
        }
    }

    private void forbidLinkLocal(String device, Device tun) throws ErrnoException {
        try {
            socket.request(device + " addrgenmode none", LinkEntry.noLinkLocal(tun.index()));
            LOG.info("[#] {} addrgenmode none", device);
        } catch (ErrnoException e) {
            if (!FAMILY_ABSENT.contains(e.errno())) {
                throw e;
            }
            LOG.debug("no IPv6, no link-local address: {}", e.getMessage());
        }
    }

    @Override
    public Optional<Device> leftBehind() throws RouteRefusedException {
        try {
            return socket.links().stream().filter(link -> link.alias().equals(RouteSettings.TUN_ALIAS)).findFirst()
                    .map(link -> new Device(link.index(), link.name()));
        } catch (ErrnoException e) {
            throw refused(e);
        }
    }

    @Override
    public Sighting look(RoutePlan plan) throws RouteRefusedException {
        SequencedSet<Claim> claims = new LinkedHashSet<>();
        List<ForeignRoute> routes = new ArrayList<>();
        List<ForeignRule> rules = new ArrayList<>();
        try {
            List<LinkEntry> links = socket.links();
            Map<Integer, String> names = names(links);
            for (Family family : plan.families()) {
                for (int table : plan.settings().tables()) {
                    for (RouteEntry route : socket.routesOfTable(family == Family.IPV4, table)) {
                        LinuxClaims.foreign(route).ifPresentOrElse(routes::add,
                                () -> LinuxClaims.route(route, names).ifPresent(claims::add));
                    }
                }
                for (RuleEntry rule : socket.rules(family == Family.IPV4)) {
                    LinuxClaims.foreign(rule).ifPresentOrElse(rules::add,
                            () -> LinuxClaims.rule(rule).ifPresent(claims::add));
                }
            }
            addresses(plan.device(), claims);
            Optional<DeviceState> device = plan.device().flatMap(tun -> links.stream()
                    .filter(link -> link.index() == tun.index() && link.name().equals(tun.name())).findFirst())
                    .map(link -> DeviceSettings.state(link, plan.settings()));
            return new Sighting(claims, routes, rules, device);
        } catch (ErrnoException e) {
            throw refused(e);
        }
    }

    @Override
    public Map<String, Integer> strictUplinks() throws RouteRefusedException {
        try {
            Set<Integer> uplinks = socket.routes(true, 0).stream().filter(route -> route.isUnicast()
                            && route.prefixLength() == 0 && route.protocol() != LinuxClaims.PROTOCOL)
                    .map(RouteEntry::device).collect(Collectors.toSet());
            return socket.links().stream().filter(link -> uplinks.contains(link.index())).map(LinkEntry::name)
                    .filter(DeviceSettings::isStrict)
                    .collect(Collectors.toMap(name -> name, DeviceSettings::reversePathFilter));
        } catch (ErrnoException e) {
            throw refused(e);
        }
    }

    @Override
    public void reversePathFilter(String device, int value) {
        DeviceSettings.reversePathFilter(device, value);
    }

    @Override
    public void delete(Device device) throws RouteRefusedException {
        String what = "ip link del " + device.name();
        try {
            socket.request(what, LinkEntry.delete(device.index()));
            LOG.info("[#] {}", what);
        } catch (ErrnoException e) {
            if (!ALREADY_GONE.contains(e.errno())) {
                throw refused(e);
            }
        }
    }

    private void addresses(Optional<Device> tun, Set<Claim> found) throws ErrnoException {
        if (tun.isPresent()) {
            socket.addresses().stream().filter(address -> address.device() == tun.get().index())
                    .map(address -> LinuxClaims.address(address, tun.get())).forEach(found::add);
        }
    }

    private static Map<Integer, String> names(List<LinkEntry> links) {
        return links.stream().collect(Collectors.toMap(LinkEntry::index, LinkEntry::name, (one, same) -> one));
    }

    @Override
    public void evict(ForeignRoute route) throws RouteRefusedException {
        evict((route.destination().isIpv4() ? "" : "-6 ") + "route del " + route.words(),
                LinuxClaims.deletion(route));
    }

    @Override
    public void evict(Rule rule) throws RouteRefusedException {
        evict(new Step(false, rule).words(), LinuxClaims.deletion(rule));
    }

    private void evict(String what, NetlinkRequest deletion) throws RouteRefusedException {
        try {
            socket.request("ip " + what, deletion);
            LOG.info("[#] ip {}", what);
        } catch (ErrnoException e) {
            if (!ALREADY_GONE.contains(e.errno())) {
                throw refused(e);
            }
        }
    }

    @Override
    public OptionalInt way(IpPrefix address, long user) {
        RouteQuery query = new RouteQuery(LinuxClaims.address(address), Optional.empty(), OptionalLong.of(user), 0);
        try {
            return OptionalInt.of(socket.route(query).device());
        } catch (ErrnoException e) {
            LOG.debug("no way to {}: {}", address, e.getMessage());
            return OptionalInt.empty();
        }
    }

    @Override
    public boolean has(Family family, String tun) {
        return family == Family.IPV4 || DeviceSettings.hostHasIpv6(tun);
    }

    @Override
    public boolean holdsRoutesWithoutReader() {
        return DeviceSettings.holdRoutesWithoutReader();
    }

    @Override
    public void watch(RouteSettings settings, HostWatcher watcher) throws RouteRefusedException {
        try {
            watch = Optional.of(LinuxWatch.start(settings, watcher, socket.port()));
        } catch (ErrnoException e) {
            throw refused(e);
        }
    }

    @Override
    public void close() {
        watch.ifPresent(LinuxWatch::close);
        socket.close();
        arena.close();
    }

    private static RouteRefusedException refused(ErrnoException e) {
        return new RouteRefusedException(e.getMessage() + advice(e.errno()), e);
    }

    private static String advice(Errno errno) {
        return errno == Errno.EPERM ? "; this needs root or CAP_NET_ADMIN" : "";
    }
}
