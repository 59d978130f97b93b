package wireleap.tun.demo;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.util.LinkedHashSet;
import java.util.Set;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.netlink.RouteSocket;

/** What a daemon could leave behind in a namespace: devices, addresses, rules and routes of all tables, as text. */
record Traces(Set<String> entries) {
    /** Those that there are now. */
    static Traces of(Namespace namespace) throws IOException, InterruptedException {
        return namespace.call(Traces::ofThisThread);
    }

    private static Traces ofThisThread() throws ErrnoException {
        var entries = new LinkedHashSet<String>();
        try (var arena = Arena.ofConfined(); var socket = RouteSocket.open(arena)) {
            socket.links().forEach(link -> entries.add("device " + link.name()));
            socket.addresses().forEach(address -> entries.add(address.toString()));
            for (boolean ipv4 : new boolean[] {true, false}) {
                socket.rules(ipv4).forEach(rule -> entries.add(rule.toString()));
                socket.routes(ipv4, 0).forEach(route -> entries.add(route.toString()));
            }
        }
        return new Traces(entries);
    }

    /** @throws DemoException naming what is there now and was not before, or the reverse */
    void assertSame(Traces now) {
        var more = new LinkedHashSet<>(now.entries);
        more.removeAll(entries);
        var less = new LinkedHashSet<>(entries);
        less.removeAll(now.entries);
        if (!more.isEmpty() || !less.isEmpty()) {
            throw new DemoException("the daemon left behind " + more + " and took away " + less);
        }
    }
}
