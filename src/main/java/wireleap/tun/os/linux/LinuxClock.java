package wireleap.tun.os.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import wireleap.tun.os.Sys;
import wireleap.tun.os.linux.gen.Linux;
import wireleap.tun.os.linux.gen.timespec;

/** The clock that Java does not show. */
public final class LinuxClock {
    private LinuxClock() {
    }

    /** CLOCK_BOOTTIME of clock_gettime(2): as CLOCK_MONOTONIC, but it goes on while the machine is suspended. */
    public static long sinceBootNanos() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = timespec.allocate(arena);
            if (Sys.clockGettime(Linux.CLOCK_BOOTTIME(), time) < 0) {
                throw new AssertionError("Linux has had CLOCK_BOOTTIME since 2.6.39");
            }
            return TimeUnit.SECONDS.toNanos(timespec.tv_sec(time)) + timespec.tv_nsec(time);
        }
    }
}
