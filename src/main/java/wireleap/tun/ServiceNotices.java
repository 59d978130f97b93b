package wireleap.tun;

import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.loop.Loops;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.linux.NotifySocket;

/**
 * Tells the service manager that started this process how the daemon is, sd_notify(3): READY=1 once it is active,
 * STATUS= at each change, STOPPING=1, and WATCHDOG=1 as long as the packet loops turn. A thread of its own, which ends
 * with the events; none where nobody wants to be told.
 */
final class ServiceNotices {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceNotices.class);
    private static final Pattern MICROSECONDS = Pattern.compile("[1-9][0-9]{0,14}");
    private static final long NEVER = Long.MAX_VALUE;

    private final NotifySocket socket;
    private final EventLog events;
    private final Supplier<Loops> loops;
    /** Twice as often as the service manager wants to hear of us; NEVER if it does not. */
    private final long watchdogNanos;
    /** How many loops have come to the last question whether they turn; written by them. */
    private final AtomicInteger turned = new AtomicInteger();
    private int asked;                               // loops, the last time

    private ServiceNotices(NotifySocket socket, EventLog events, Supplier<Loops> loops, long watchdogNanos) {
        this.socket = socket;
        this.events = events;
        this.loops = loops;
        this.watchdogNanos = watchdogNanos;
    }

    /**
     * Begins to tell, if $NOTIFY_SOCKET names somebody.
     *
     * @param loops the packet loops, or null while there are none
     */
    static void start(Map<String, String> environment, EventLog events, Supplier<Loops> loops) {
        String name = environment.getOrDefault("NOTIFY_SOCKET", "");
        if (name.isEmpty()) {
            return;
        }
        try {
            ServiceNotices notices = new ServiceNotices(NotifySocket.open(name), events, loops, watchdog(environment));
            Thread.ofPlatform().daemon().name("notices").start(notices::tell);
        } catch (ErrnoException | IllegalArgumentException e) {
            LOG.warn("the service manager cannot be told how the daemon is: {}", e.getMessage());
        }
    }

    /** sd_watchdog_enabled(3). */
    private static long watchdog(Map<String, String> environment) {
        String process = environment.get("WATCHDOG_PID");
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        boolean isOurs = process == null || process.equals(Long.toString(ProcessHandle.current().pid()));
        return isOurs && MICROSECONDS.matcher(micros).matches()
                ? TimeUnit.MICROSECONDS.toNanos(Long.parseLong(micros)) / 2 : NEVER;
    }

    private void tell() {
        try (socket) {
            long number = 0;
            long dueNanos = System.nanoTime();
            while (!events.isClosed()) {
                long waitNanos = watchdogNanos == NEVER ? NEVER : Math.max(0, dueNanos - System.nanoTime());
                for (EventLog.Entry entry : events.awaitAfter(number, waitNanos)) {
                    number = entry.number();
                    if (entry.event() instanceof Event.StateChanged change) {
                        send(text(change));
                    }
                }
                if (watchdogNanos != NEVER && System.nanoTime() - dueNanos >= 0) {
                    dueNanos = System.nanoTime() + watchdogNanos;
                    if (loopsTurn()) {
                        send("WATCHDOG=1");
                    }
                }
            }
        } catch (InterruptedException e) {
            LOG.debug("no more notices", e);
        }
    }

    /** What is told of a change of state. */
    static String text(Event.StateChanged change) {
        String status = "STATUS=" + change.to() + (change.why().isEmpty() ? "" : ": " + change.why().lines().findFirst()
                .orElse(""));
        return switch (change.to()) {
            case "active" -> "READY=1\n" + status;
            case "deactivating" -> "STOPPING=1\n" + status;
            default -> status;
        };
    }

    private void send(String text) {
        try {
            socket.send(text);
        } catch (ErrnoException e) {
            LOG.warn("the service manager is not told {}: {}", List.of(text.split("\n")), e.getMessage());
        }
    }

    /** Whether all loops have come to the last question; asks again if so. A loop that has ended never comes. */
    private boolean loopsTurn() {
        Loops running = loops.get();
        if (running == null) {
            return true;
        }
        boolean allTurned = turned.get() == asked;
        if (allTurned) {
            turned.set(0);
            asked = running.size();
            running.post((stack, nowNanos) -> turned.incrementAndGet());
        }
        return allTurned;
    }
}
