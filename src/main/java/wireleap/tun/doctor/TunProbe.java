package wireleap.tun.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.LinuxTun;
import wireleap.tun.os.linux.Netns;

/** Whether there can be a TUN, and what it can do: tried in a network namespace that ends with the trying thread. */
final class TunProbe {
    private static final Path DEVICE = Path.of("/dev/net/tun");
    private static final String NAME = "wltun-probe";

    private TunProbe() {
    }

    static Finding device() {
        if (!Files.exists(DEVICE)) {
            return Finding.fail(DEVICE.toString(), "absent",
                "modprobe tun; in a container, give it the device (--device /dev/net/tun)");
        }
        return Files.isReadable(DEVICE) && Files.isWritable(DEVICE) ? Finding.ok(DEVICE.toString(), "may be opened")
            : Finding.fail(DEVICE.toString(), "may not be opened by this user",
                "chmod 0666 " + DEVICE + " is usual and safe: CAP_NET_ADMIN is asked for beyond it");
    }

    static List<Finding> inOwnNamespace() {
        var probe = new FutureTask<>(TunProbe::probe);
        // A thread of its own, because it never comes back from the namespace.
        Thread.ofPlatform().name("probe").start(probe);
        try {
            return probe.get();
        } catch (ExecutionException e) {
            return List.of(Finding.fail("TUN", e.getCause().toString(), "this is a bug"));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private static List<Finding> probe() {
        try {
            Netns.enterNew();
        } catch (ErrnoException e) {
            return List.of(Finding.note("TUN", "not tried, a network namespace of our own is refused: " + e.getMessage(),
                "run doctor as root to have it tried"));
        }
        try (var tun = LinuxTun.create(NAME, 1)) {
            var offloads = tun.offloads();
            var missing = new ArrayList<String>();
            if (!offloads.checksum()) {
                missing.add("checksums");
            }
            if (!offloads.tso4() || !offloads.tso6()) {
                missing.add("TCP super-segments");
            }
            if (!offloads.uso()) {
                missing.add("UDP super-segments");
            }
            return List.of(Finding.ok("TUN", "can be made"), missing.isEmpty()
                ? Finding.ok("offloads", "checksums, TCP and UDP super-segments")
                : Finding.note("offloads", "absent: " + String.join(", ", missing),
                    "a newer kernel has them (6.2: all); without them it is slower"));
        } catch (ErrnoException e) {
            return List.of(Finding.fail("TUN", "cannot be made: " + e.getMessage(), "see the lines above"));
        }
    }
}
