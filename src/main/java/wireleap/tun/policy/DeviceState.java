package wireleap.tun.policy;

import java.util.List;

/**
 * How a TUN stands, apart from its addresses and routes.
 *
 * @param up whether it is up
 * @param mtu bytes
 * @param transmitQueuePackets txqueuelen
 * @param settings the values of those sysctls of its own that we set, in one order
 * @param ipv6 whether it may have IPv6 addresses
 */
public record DeviceState(boolean up, int mtu, int transmitQueuePackets, List<String> settings, boolean ipv6) {
    public DeviceState {
        settings = List.copyOf(settings);
    }

    /**
     * Whether it still is what it was made.
     *
     * @param ready how it stood then
     * @param needsIpv6 whether it must have IPv6, whatever it was then
     */
    boolean isAs(DeviceState ready, boolean needsIpv6) {
        return new DeviceState(up, mtu, transmitQueuePackets, settings, ready.ipv6).equals(ready)
                && (ipv6 || !needsIpv6);
    }
}
