package wireleap.tun.policy;

/**
 * A route in one of our tables that is not ours.
 *
 * @param table its number
 * @param destination where it leads
 * @param protocol who made it, 0..255, never our own number
 */
public record ForeignRoute(int table, IpPrefix destination, int protocol) {
    /** What follows {@code ip route del} on ip's command line. */
    public String words() {
        return (destination.prefixLength() == 0 ? "default" : destination) + " table " + table + " proto " + protocol;
    }
}
