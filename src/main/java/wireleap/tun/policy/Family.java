package wireleap.tun.policy;

/** The two address families. */
public enum Family {
    IPV4, IPV6;

    /** The family of a network. */
    public static Family of(IpPrefix prefix) {
        return prefix.isIpv4() ? IPV4 : IPV6;
    }

    /** As it is written for people: IPv4, IPv6. */
    @Override
    public String toString() {
        return this == IPV4 ? "IPv4" : "IPv6";
    }
}
