package wireleap.tun.doctor;

import java.lang.foreign.Arena;
import java.util.List;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.os.linux.netlink.RouteSocket;
import wireleap.tun.policy.RouteSettings;

/** A TUN of ours that nobody reads: its daemon ran with {@code --fail-closed} and was killed. */
final class LeftTun {
    private LeftTun() {
    }

    static List<Finding> run() {
        try (Arena arena = Arena.ofConfined(); RouteSocket socket = RouteSocket.open(arena)) {
            return check(socket.links());
        } catch (ErrnoException e) {
            return List.of();                        // what forbids netlink here is said where the rules are read
        }
    }

    static List<Finding> check(List<LinkEntry> links) {
        return links.stream().filter(link -> link.alias().equals(RouteSettings.TUN_ALIAS) && !link.carries())
                .map(link -> Finding.note(link.name(), "nobody reads it: a daemon was killed that ran with --fail-closed,"
                        + " and what it captured is dropped there",
                        "start a daemon with --tun " + link.name() + ", or let the traffic go by 'wireleap_tun cleanup'"))
                .toList();
    }
}
