package wireleap.tun.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/** What files of /proc say (proc(5), Documentation/networking/ip-sysctl.rst). */
final class KernelChecks {
    private static final Path VERSION = Path.of("/proc/sys/kernel/osrelease");
    private static final Path STATUS = Path.of("/proc/thread-self/status");
    private static final Path LIMITS = Path.of("/proc/self/limits");
    private static final Path IPV4_CONF = Path.of("/proc/sys/net/ipv4/conf");
    private static final Path IPV6_OFF = Path.of("/proc/sys/net/ipv6/conf/all/disable_ipv6");
    private static final Pattern NUMBERS = Pattern.compile("(\\d+)\\.(\\d+).*", Pattern.DOTALL);
    /** Rules have had protocols since 4.17, rtnetlink's strict dumps came with 4.20. */
    private static final int OLDEST = 420;
    /** UDP super-segments through a TUN. */
    private static final int WITH_USO = 602;
    /** Bit of CapEff, linux/capability.h. */
    private static final int CAP_NET_ADMIN = 12;
    private static final long USUAL_DESCRIPTORS = 65_536;

    private KernelChecks() {
    }

    static Finding version() {
        var text = read(VERSION).orElse("unknown");
        var matcher = NUMBERS.matcher(text);
        var number = matcher.matches()
            ? Integer.parseInt(matcher.group(1)) * 100 + Integer.parseInt(matcher.group(2)) : 0;
        if (number < OLDEST) {
            return Finding.fail("kernel", text, "4.20 is the oldest that has what the routes need");
        }
        return number < WITH_USO
            ? Finding.note("kernel", text, "6.2 and later carry UDP in super-segments; nothing else is missed")
            : Finding.ok("kernel", text);
    }

    static Finding netAdmin() {
        var effective = read(STATUS).flatMap(status -> status.lines().filter(line -> line.startsWith("CapEff:"))
            .map(line -> Long.parseUnsignedLong(line.substring("CapEff:".length()).strip(), 16)).findFirst());
        if (effective.isPresent() && (effective.get() >>> CAP_NET_ADMIN & 1) == 1) {
            return Finding.ok("capabilities", "CAP_NET_ADMIN is there");
        }
        return Finding.fail("capabilities", "CAP_NET_ADMIN is absent",
            "run as root, by the systemd unit that comes along (AmbientCapabilities), or by setpriv --ambient-caps +net_admin");
    }

    static Finding ipv6() {
        var off = read(IPV6_OFF);
        if (off.isEmpty()) {
            return Finding.note("IPv6", "the kernel has none", "nothing to do; only IPv4 is carried");
        }
        return off.get().equals("0") ? Finding.ok("IPv6", "enabled")
            : Finding.note("IPv6", "disabled by net.ipv6.conf.all.disable_ipv6",
                "nothing to do; only IPv4 is carried");
    }

    /** The strict filter on an uplink harms nothing yet; the TUN's own filter is set by the daemon. */
    static List<Finding> reversePathFilters() {
        var strict = new ArrayList<String>();
        for (var device : List.of("all", "default")) {
            if (read(IPV4_CONF.resolve(device).resolve("rp_filter")).orElse("0").equals("1")) {
                strict.add("net.ipv4.conf." + device + ".rp_filter");
            }
        }
        if (strict.isEmpty()) {
            return List.of(Finding.ok("rp_filter", "not strict"));
        }
        return List.of(Finding.note("rp_filter", "strict: " + String.join(", ", strict),
            "nothing to do; the daemon sets its TUN's own to 2 (loose), which wins"));
    }

    static Finding descriptors() {
        var hard = read(LIMITS).flatMap(limits -> limits.lines().filter(line -> line.startsWith("Max open files"))
            .map(line -> line.split("\\s+")[4]).findFirst()).orElse("unknown");
        if (hard.matches("\\d+") && Long.parseLong(hard) < USUAL_DESCRIPTORS) {
            return Finding.note("descriptors", hard + " at most, one for each flow",
                "raise the hard limit (ulimit -Hn, LimitNOFILE= of systemd) for more flows at once");
        }
        return Finding.ok("descriptors", hard + " at most, one for each flow");
    }

    static Optional<String> read(Path file) {
        try {
            return Optional.of(Files.readString(file).strip());
        } catch (IOException e) {
            return Optional.empty();
        }
    }
}
