package wireleap.tun.policy;

/**
 * Ends the lookup in its table: the packet takes whatever way it would take without us.
 *
 * @param table its number
 * @param destination any prefix, in practice never a /0
 */
public record ThrowRoute(int table, IpPrefix destination) implements Claim {
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
        return "throw " + destination + " table " + table;
    }

    @Override
    public int rank() {
        return 0;
    }
}
