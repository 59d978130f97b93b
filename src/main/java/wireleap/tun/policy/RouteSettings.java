package wireleap.tun.policy;

import java.util.List;

/**
 * What the routes of this daemon are made with, fixed from its start to its end.
 *
 * @param ruleBase preference of the first rule, {@link #MIN_RULE_BASE}..{@link #MAX_RULE_BASE}; all other numbers of
 *     rules and tables follow from it
 * @param mark which this daemon's own sockets carry, as a rule matches it
 * @param tunName the TUN's name
 * @param ipv4Address the TUN's own IPv4 address
 * @param ipv6Address its IPv6 address
 * @param mtu of the TUN, bytes
 * @param transmitQueuePackets how many packets may wait for the TUN's reader (txqueuelen)
 * @param bypassUsers ids of users whose sockets are left alone, 0..2^32-2
 * @param capturesDns whether queries to a resolver on the LAN go into the TUN, too
 * @param strict whether sockets that have a source address are captured, too
 * @param forwarded devices by which what comes in to be forwarded is captured, too
 * @param failClosed whether the TUN outlives a daemon that is killed, so that what was captured is dropped there
 */
public record RouteSettings(int ruleBase, Rule.Mark mark, String tunName, IpPrefix ipv4Address, IpPrefix ipv6Address,
        int mtu, int transmitQueuePackets, List<Long> bypassUsers, boolean capturesDns,
        boolean strict, List<String> forwarded, boolean failClosed) {
    /** Which our routes and rules carry. Nobody else uses the number; linux/rtnetlink.h, RTPROT_*. */
    public static final int PROTOCOL = 157;
    /** The alias of our TUN, by which one that outlived its daemon is known. */
    public static final String TUN_ALIAS = "wireleap_tun";
    /** Tables follow from the base, and the kernel's own end at 255. */
    public static final int MIN_RULE_BASE = 256;
    /** The last rule must come before the kernel's own, 32766. */
    public static final int MAX_RULE_BASE = 32_754;
    /** The length of the TUN's IPv4 network: it and one peer, RFC 3021. */
    public static final int IPV4_PREFIX_LENGTH = 31;
    /** The length of the TUN's IPv6 network: it and one peer, RFC 6164. */
    public static final int IPV6_PREFIX_LENGTH = 127;

    private static final long NOBODY = 65_534;       // the overflow user, man 7 user_namespaces

    /** What holds where nobody says otherwise. */
    public static final RouteSettings DEFAULT = new RouteSettings(13_488, new Rule.Mark(0x574c, 0xffff), "wltun0",
            IpPrefix.parse("10.13.49.0"), IpPrefix.parse("fd13:490:574c::"), 1500, 1000, List.of(), false,
            false, List.of(), false);

    /** @throws IllegalArgumentException saying which value is out of range */
    public RouteSettings {
        bypassUsers = bypassUsers.stream().distinct().sorted().toList();
        forwarded = forwarded.stream().distinct().sorted().toList();
        if (ruleBase < MIN_RULE_BASE || ruleBase > MAX_RULE_BASE) {
            throw new IllegalArgumentException("the rule base " + ruleBase + " is not in " + MIN_RULE_BASE + ".."
                    + MAX_RULE_BASE + "; 13488 is usual");
        }
        if (!ipv4Address.isIpv4() || !ipv4Address.isAddress() || ipv6Address.isIpv4() || !ipv6Address.isAddress()) {
            throw new IllegalArgumentException("the TUN needs a single address of each family, not " + ipv4Address
                    + " and " + ipv6Address);
        }
    }

    /** The TUN's address of a family. */
    public IpPrefix address(Family family) {
        return family == Family.IPV4 ? ipv4Address : ipv6Address;
    }

    /** A user of whom nobody says that his sockets are to be left alone: nobody's, or the next below. */
    public long capturedUser() {
        long user = NOBODY;
        while (bypassUsers.contains(user)) {
            user--;
        }
        return user;
    }

    /** The length of the TUN's network of a family. */
    public static int prefixLength(Family family) {
        return family == Family.IPV4 ? IPV4_PREFIX_LENGTH : IPV6_PREFIX_LENGTH;
    }

    /** The table with the way into the TUN and the throws around it. */
    public int bypassTable() {
        return ruleBase + 4;
    }

    /** The table with nothing but the way into the TUN. */
    public int tunTable() {
        return ruleBase + 5;
    }

    /** Preference of the rules that say what an uplink's reverse path filter was before it was loosened. */
    public int notePreference() {
        return ruleBase + 10;
    }

    /** All tables of ours. */
    public List<Integer> tables() {
        return List.of(bypassTable(), tunTable());
    }

    /** Preference of the rule where everything that is left alone goes on. */
    public int endPreference() {
        return ruleBase + 11;
    }
}
