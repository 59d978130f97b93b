package wireleap.tun.os.linux.netlink;

/** Something that rtnetlink(7) tells unasked. */
public sealed interface RouteEvent {
    /** A device was made, changed, or is gone. */
    record LinkChanged(LinkEntry link, boolean gone) implements RouteEvent {
    }

    /** A device got an address, lost one, or its flags changed. */
    record AddressChanged(AddressEntry address, boolean gone) implements RouteEvent {
    }

    /**
     * A route was made, replaced or removed. The kernel is silent about IPv4 routes that go with their device or with its
     * last address: that is told of those alone (fib_flush, net/ipv4/fib_frontend.c).
     */
    record RouteChanged(RouteEntry route, boolean gone) implements RouteEvent {
    }

    /** A rule was made or removed. */
    record RuleChanged(RuleEntry rule, boolean gone) implements RouteEvent {
    }

    /** One of the sysctls of some device that netconf messages tell of, rp_filter for one. */
    record SysctlChanged() implements RouteEvent {
    }

    /** Events were lost because too many came at once (ENOBUFS): anything may have changed. */
    record EventsLost() implements RouteEvent {
    }
}
