package wireleap.tun.routes;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.os.linux.netlink.LinkEntry;
import wireleap.tun.policy.Device;
import wireleap.tun.policy.DeviceState;
import wireleap.tun.policy.RouteSettings;

/**
 * The kernel's settings of devices, Documentation/networking/ip-sysctl.rst, in the network namespace of the calling
 * thread. CAP_NET_ADMIN is enough to write them (seen on 6.18, as an ordinary user with that capability alone); a
 * container may have /proc/sys read-only.
 */
final class DeviceSettings {
    private static final Logger LOG = LoggerFactory.getLogger(DeviceSettings.class);
    private static final Path NET = Path.of("/proc/sys/net");
    private static final String HOLD = "ignore_routes_with_linkdown";
    private static final String REVERSE_PATH = "rp_filter";
    private static final String WITHOUT_IPV6 = "disable_ipv6";
    private static final int STRICT = 1;
    private static final int LOOSE = 2;

    private DeviceSettings() {
    }

    /**
     * Makes routes into a TUN hold while nobody reads it: it has no carrier then, and where this setting is on, such
     * routes are skipped. For IPv4 the one of "all" counts as well, for IPv6 only the device's own.
     *
     * @throws RouteRefusedException if its routes would be skipped
     */
    static void holdRoutesWithoutReader(Device tun) throws RouteRefusedException {
        if (!holdRoutesWithoutReader()) {
            throw new RouteRefusedException("--fail-closed needs the sysctl net.ipv4.conf.all." + HOLD + "=0: with 1"
                    + " the kernel passes by a TUN that nobody reads, and after a crash all traffic would go around it");
        }
        for (String family : List.of("ipv4", "ipv6")) {
            if (!read(family, tun.name(), HOLD, "0").equals("0")) {
                try {
                    write(family, tun.name(), HOLD, "0");
                } catch (IOException e) {
                    throw new RouteRefusedException("--fail-closed cannot set net." + family + ".conf." + tun.name()
                            + "." + HOLD + "=0: " + e.getMessage(), e);
                }
            }
        }
    }

    /** Whether the setting of "all" lets routes hold while nobody reads the TUN into which they lead. */
    static boolean holdRoutesWithoutReader() {
        return read("ipv4", "all", HOLD, "0").equals("0");
    }

    /**
     * Switches IPv6 on for a TUN if the host has it. A new device has what conf/default says, and where that is "off" while
     * others have IPv6, all of it would go around the tunnel.
     */
    static void allowIpv6(Device tun) {
        if (read("ipv6", tun.name(), WITHOUT_IPV6, "0").equals("1") && hostHasIpv6(tun.name())) {
            try {
                write("ipv6", tun.name(), WITHOUT_IPV6, "0");
            } catch (IOException e) {
                LOG.warn("IPv6 cannot be switched on for {}: {}", tun.name(), e.getMessage());
            }
        }
    }

    /**
     * Whether there is IPv6 on this host: "all" only says what was once written to it, each device may have been switched
     * on or off since.
     *
     * @param tun the device that does not count
     */
    static boolean hostHasIpv6(String tun) {
        Set<String> others = Set.of("all", "default", "lo", tun);
        try (Stream<Path> devices = Files.list(NET.resolve("ipv6/conf"))) {
            return devices.map(device -> device.getFileName().toString())
                    .anyMatch(device -> !others.contains(device) && hasIpv6(device));
        } catch (IOException e) {
            return false;                            // a kernel without the family
        }
    }

    /**
     * Sets a TUN's rp_filter to 2. The greater one of its own and that of "all" counts: strict drops what bypassed sources
     * send into the TUN, anything else does not.
     *
     * @throws RouteRefusedException if it is strict and stays so
     */
    static void loosenReversePathFilter(Device tun) throws RouteRefusedException {
        try {
            write("ipv4", tun.name(), REVERSE_PATH, Integer.toString(LOOSE));
        } catch (IOException e) {
            String cannot = "the reverse path filter of " + tun.name() + " cannot be set (" + e.getMessage() + ")";
            if (isStrict(tun.name())) {
                throw new RouteRefusedException(cannot + " and it is strict, which would drop packets in the TUN;"
                        + " run as root, with CAP_NET_ADMIN, or set net.ipv4.conf.default.rp_filter=2 before", e);
            }
            LOG.warn("{}; it is not strict, so that will do", cannot);
        }
    }

    /** Lets what comes out of a TUN go on to where it is forwarded. IPv6 knows this for the whole host only. */
    static void forward(Device tun) {
        try {
            write("ipv4", tun.name(), "forwarding", "1");
        } catch (IOException e) {
            LOG.warn("answers to forwarded connections may not get through: {}", e.getMessage());
        }
    }

    /** How a TUN stands; of its settings those that are made with these. */
    static DeviceState state(LinkEntry link, RouteSettings made) {
        List<String> settings = new ArrayList<>();
        settings.add(read("ipv4", link.name(), REVERSE_PATH, ""));
        if (made.failClosed()) {
            settings.add(read("ipv4", link.name(), HOLD, ""));
            settings.add(read("ipv6", link.name(), HOLD, ""));
        }
        if (!made.forwarded().isEmpty()) {
            settings.add(read("ipv4", link.name(), "forwarding", ""));
        }
        return new DeviceState(link.isUp(), link.mtu(), link.transmitQueuePackets(), settings, hasIpv6(link.name()));
    }

    private static boolean hasIpv6(String device) {
        return read("ipv6", device, WITHOUT_IPV6, "1").equals("0");
    }

    /** Whether packets whose answer would not leave by the device that they came by are dropped there. */
    static boolean isStrict(String device) {
        return Math.max(reversePathFilter("all"), reversePathFilter(device)) == STRICT;
    }

    /** The device's own, 0..2; 0 where there is none. */
    static int reversePathFilter(String device) {
        return Integer.parseInt(read("ipv4", device, REVERSE_PATH, "0"));
    }

    static void reversePathFilter(String device, int value) {
        try {
            write("ipv4", device, REVERSE_PATH, Integer.toString(value));
        } catch (NoSuchFileException e) {
            LOG.debug("{} is gone", device);
        } catch (IOException e) {
            LOG.warn("the reverse path filter of {} cannot be set to {}: {}", device, value, e.getMessage());
        }
    }

    private static String read(String family, String device, String name, String absent) {
        try {
            return Files.readString(path(family, device, name)).strip();
        } catch (IOException e) {
            return absent;                           // a kernel without the family
        }
    }

    private static void write(String family, String device, String name, String value) throws IOException {
        Files.writeString(path(family, device, name), value, StandardOpenOption.WRITE);
        LOG.info("[#] sysctl net.{}.conf.{}.{}={}", family, device, name, value);
    }

    private static Path path(String family, String device, String name) {
        return NET.resolve(family).resolve("conf").resolve(device).resolve(name);
    }
}
