package wireleap.tun.demo;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Fd;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.netlink.Acknowledgement;
import wireleap.tun.os.linux.netlink.AddressEntry;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.NetlinkRequest;
import wireleap.tun.os.linux.netlink.RouteEntry;
import wireleap.tun.os.linux.netlink.RouteSocket;

/** A veth (veth(4)) between two namespaces, with the addresses of the demo's {@link Side}s and a default route. */
final class Cable {
    private static final String INSIDE = "uplink";
    private static final String OUTSIDE = "downlink";
    private static final int LOOPBACK = 1;

    private Cable() {
    }

    /** Joins the namespaces, gives the servers' addresses to the outer one, and leads all of the inner one's there. */
    static void lay(Namespace inside, Namespace outside, List<Side> sides) throws IOException, InterruptedException {
        String peer = outside.path().toString();
        inside.call(() -> {
            try (var arena = Arena.ofConfined(); var socket = RouteSocket.open(arena);
                    var namespace = Fd.of(peer, Sys.open(peer, Linux.O_RDONLY() | Linux.O_CLOEXEC(), 0))) {
                socket.request("ip link add", LinkEntry.veth(INSIDE, OUTSIDE, namespace.number()));
                return null;
            }
        });
        inside.call(() -> configure(INSIDE, sides, Cable::insideOf));
        outside.call(() -> configure(OUTSIDE, sides, Cable::outsideOf));
        inside.call(() -> configure(INSIDE, sides, Cable::defaultRoute));
    }

    /** What one family needs of a device, by its number. */
    @FunctionalInterface
    private interface Part {
        List<NetlinkRequest> requests(Side side, int device);
    }

    private static List<NetlinkRequest> insideOf(Side side, int device) {
        return List.of(address(device, side.computer(), side.prefixLength()));
    }

    private static List<NetlinkRequest> outsideOf(Side side, int device) {
        int host = InetAddress.ofLiteral(side.server()).getAddress().length * Byte.SIZE;
        return List.of(address(device, side.proxy(), side.prefixLength()), address(LOOPBACK, side.server(), host));
    }

    private static List<NetlinkRequest> defaultRoute(Side side, int device) {
        var router = InetAddress.ofLiteral(side.proxy());
        var anywhere = InetAddress.ofLiteral(side == Side.IPV4 ? "0.0.0.0" : "::");
        return List.of(RouteEntry.unicast(Linux.RT_TABLE_MAIN(), Linux.RTPROT_STATIC(), anywhere, 0, device,
                Optional.of(router)).add());
    }

    private static NetlinkRequest address(int device, String address, int prefixLength) {
        return AddressEntry.withoutDetection(device, InetAddress.ofLiteral(address), prefixLength).add();
    }

    /** Sets devices up and does what the sides need, in the namespace of this thread. */
    private static Acknowledgement configure(String name, List<Side> sides, Part part) throws IOException {
        try (var arena = Arena.ofConfined(); var socket = RouteSocket.open(arena)) {
            int device = socket.links().stream().filter(link -> link.name().equals(name)).findFirst().orElseThrow()
                    .index();
            // A link-local address would come and settle in its own time; what is compared later must stand still.
            var requests = new ArrayList<>(List.of(LinkEntry.noLinkLocal(device), LinkEntry.up(LOOPBACK),
                    LinkEntry.up(device)));
            sides.forEach(side -> requests.addAll(part.requests(side, device)));
            var answer = socket.execute(requests);
            for (var refusal : answer.refusals()) {
                throw new ErrnoException("setting up " + name, refusal.number());
            }
            return answer;
        }
    }
}
