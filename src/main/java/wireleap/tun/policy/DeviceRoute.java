package wireleap.tun.policy;

/**
 * Leads into a device that needs no gateway.
 *
 * @param table its number
 * @param destination {@link IpPrefix#ALL_IPV4} and {@link IpPrefix#ALL_IPV6} included
 * @param device the way out
 */
public record DeviceRoute(int table, IpPrefix destination, Device device) implements Claim {
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
        return (destination.prefixLength() == 0 ? "default" : destination) + " dev " + device.name()
                + " table " + table;
    }

    @Override
    public int rank() {
        return 4;
    }
}
