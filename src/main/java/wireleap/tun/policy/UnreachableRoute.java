package wireleap.tun.policy;

/**
 * Lets nothing pass that no better route of its table takes: whoever sends is told that there is no way.
 *
 * @param table its number
 * @param destination {@link IpPrefix#ALL_IPV4} and {@link IpPrefix#ALL_IPV6} included
 */
public record UnreachableRoute(int table, IpPrefix destination) implements Claim {
    /** Behind every route to the same destination that has an ordinary metric. */
    public static final int METRIC = 65_535;

    @Override
    public Family family() {
        return Family.of(destination);
    }

    @Override
    public String object() {
        return "route";
    }

    @Override
    public String words() {
        return "unreachable " + (destination.prefixLength() == 0 ? "default" : destination) + " table " + table
                + " metric " + METRIC;
    }

    @Override
    public int rank() {
        return 4;
    }
}
