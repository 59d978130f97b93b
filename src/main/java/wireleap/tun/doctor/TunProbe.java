package wireleap.tun.doctor;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.Offloads;
import wireleap.tun.os.linux.LinuxTun;
import wireleap.tun.os.linux.Netns;

/** Whether there can be a TUN, and what it can do: tried in a network namespace that ends with the trying thread. */
final class TunProbe {
    private static final String NAME = "wltun-probe";

    private TunProbe() {
    }

    static List<Finding> run() {
        FutureTask<List<Finding>> probe = new FutureTask<>(TunProbe::probe);
        // A thread of its own, because it never comes back from the namespace.
        Thread.ofPlatform().name("probe").start(probe);
        try {
            return probe.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return List.of();
        }
    }

    private static List<Finding> probe() {
        try {
            Netns.enterNew();
        } catch (ErrnoException e) {
            return List.of(Finding.note("TUN", "not tried, for a network namespace of our own is refused: "
                    + e.getMessage(), "run doctor as root to have it tried"));
        }
        try (LinuxTun tun = LinuxTun.create(NAME, 1)) {
            return List.of(Finding.ok("TUN", "can be made"), offloads(tun.offloads()));
        } catch (ErrnoException e) {
            return List.of(Finding.fail("TUN", "cannot be made: " + e.getMessage(), "see the lines above"));
        }
    }

    static Finding offloads(Offloads offloads) {
        List<String> missing = new ArrayList<>();
        if (!offloads.checksum()) {
            missing.add("checksums");
        }
        if (!offloads.tso4() || !offloads.tso6()) {
            missing.add("TCP super-segments");
        }
        if (!offloads.uso()) {
            missing.add("UDP super-segments");
        }
        return missing.isEmpty() ? Finding.ok("offloads", "checksums, TCP and UDP super-segments")
                : Finding.note("offloads", "absent: " + String.join(", ", missing),
                    "a newer kernel has them (6.2: all); without them it is slower");
    }
}
