package wireleap.tun.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What files below a root say, mostly those of /proc: proc(5), Documentation/networking/ip-sysctl.rst. */
final class HostChecks {
    private static final Pattern RELEASE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4}).*", Pattern.DOTALL);
    private static final Pattern EFFECTIVE = Pattern.compile("(?m)^CapEff:\\s*([0-9a-f]{1,16})$");
    private static final Pattern OPEN_FILES = Pattern.compile("(?m)^Max open files\\s+\\S+\\s+(\\S+)");
    /** Rules have had protocols since 4.17, rtnetlink's strict dumps came with 4.20. */
    private static final int OLDEST = 4_020;
    /** UDP super-segments through a TUN. */
    private static final int WITH_USO = 6_002;
    /** Bit of CapEff, linux/capability.h. */
    private static final int CAP_NET_ADMIN = 12;
    /** As many TCP flows and UDP sessions as there may be unless somebody says otherwise, and some more. */
    private static final int USUAL_DESCRIPTORS = 25_000;

    private final Path root;

    HostChecks(Path root) {
        this.root = root;
    }

    Finding kernel() {
        String text = read("proc/sys/kernel/osrelease").orElse("unknown");
        Matcher release = RELEASE.matcher(text);
        int number = release.matches()
                ? Integer.parseInt(release.group(1)) * 1000 + Integer.parseInt(release.group(2)) : 0;
        if (number < OLDEST) {
            return Finding.fail("kernel", text, "4.20 is the oldest that has what the routes need");
        }
        return number >= WITH_USO ? Finding.ok("kernel", text)
                : Finding.note("kernel", text, "6.2 and later carry UDP in super-segments; nothing else is missed");
    }

    Finding netAdmin() {
        Matcher effective = EFFECTIVE.matcher(read("proc/thread-self/status").orElse(""));
        if (effective.find() && (Long.parseUnsignedLong(effective.group(1), 16) >>> CAP_NET_ADMIN & 1) == 1) {
            return Finding.ok("capabilities", "CAP_NET_ADMIN is there");
        }
        return Finding.fail("capabilities", "CAP_NET_ADMIN is absent", "run as root, by the systemd unit that comes"
                + " along (AmbientCapabilities), or by setpriv --ambient-caps +net_admin");
    }

    Finding tunDevice() {
        String name = "/dev/net/tun";
        Path device = root.resolve("dev/net/tun");
        if (!Files.exists(device)) {
            return Finding.fail(name, "absent", "modprobe tun; in a container, give it the device (--device " + name
                    + ")");
        }
        return Files.isReadable(device) && Files.isWritable(device) ? Finding.ok(name, "may be opened")
                : Finding.fail(name, "may not be opened by this user", "chmod 0666 " + name
                    + " is usual and safe: CAP_NET_ADMIN is asked for beyond it");
    }

    Finding ipv6() {
        Optional<String> off = read("proc/sys/net/ipv6/conf/all/disable_ipv6");
        if (off.isEmpty()) {
            return Finding.note("IPv6", "the kernel has none", "nothing to do; only IPv4 is carried");
        }
        return off.get().equals("0") ? Finding.ok("IPv6", "enabled")
                : Finding.note("IPv6", "disabled by net.ipv6.conf.all.disable_ipv6",
                    "nothing to do; only IPv4 is carried, unless a device has it switched on for itself");
    }

    /** A strict filter on an uplink harms nothing; that of the TUN itself is set by the daemon, and the larger wins. */
    Finding reversePathFilters() {
        List<String> strict = new ArrayList<>();
        for (String device : List.of("all", "default")) {
            if (read("proc/sys/net/ipv4/conf/" + device + "/rp_filter").orElse("0").equals("1")) {
                strict.add("net.ipv4.conf." + device + ".rp_filter");
            }
        }
        return strict.isEmpty() ? Finding.ok("rp_filter", "not strict")
                : Finding.note("rp_filter", "strict: " + String.join(", ", strict),
                    "nothing to do; the daemon sets its TUN's own to 2 (loose), which wins");
    }

    Finding descriptors() {
        Matcher limit = OPEN_FILES.matcher(read("proc/self/limits").orElse(""));
        String most = limit.find() ? limit.group(1) : "unknown";
        String found = most + " at most, one for each flow or session";
        return most.matches("\\d{1,9}") && Integer.parseInt(most) < USUAL_DESCRIPTORS
                ? Finding.note("descriptors", found,
                    "raise the hard limit (ulimit -Hn, LimitNOFILE= of systemd) for more flows at once")
                : Finding.ok("descriptors", found);
    }

    private Optional<String> read(String file) {
        try {
            return Optional.of(Files.readString(root.resolve(file)).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
