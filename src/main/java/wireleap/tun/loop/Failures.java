package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.PacketPrinter;

/**
 * What goes wrong in a loop: exceptions, which are bugs of ours, and a TUN that cannot be read. None may end the loop,
 * or packets could stop all traffic, however many of them: they are counted, and each kind is logged once. Only when
 * turn after turn fails without any cause from outside, or the TUN cannot be read turn after turn, the loop would do
 * nothing but fail, and ends.
 */
final class Failures {
    /** So many turns take milliseconds where each fails at once: nobody waits for long. */
    private static final int MOST_TURNS_IN_A_ROW = 1000;
    private static final int MOST_LOGGED = 64;
    /** What tells one kind of failure from another: many a bug ends in the same line of {@code mem} or the JDK. */
    private static final int FRAMES = 4;
    private static final String OURS = "wireleap.";
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

    private final Counters counters;
    /** Kinds of exceptions that were logged: class and where in our code. */
    private final Set<String> logged = new HashSet<>();
    /** What failed last in the present turn; null: nothing has. */
    private Throwable last;
    private int turnsInARow;
    private boolean deviceFailed;

    Failures(Counters counters) {
        this.counters = counters;
    }

    /** A packet from the TUN ended in an exception. */
    void onPacket(Throwable failure, MemorySegment memory, long offset, int length) {
        note(failure);
        try {
            if (isNews(failure)) {
                LOG.error("a packet is lost to a bug, which is told once; traffic goes on. {}; headers {}",
                    PacketPrinter.withVirtio(memory, offset, length), PacketPrinter.headersInHex(memory, offset, length),
                    failure);
            }
        } catch (Throwable unsaid) {
            note(unsaid); // out of memory, most likely: no reason to stop
        }
    }

    /** The TUN could not be read. */
    void onDevice(Throwable failure) {
        deviceFailed = true;
        on("reading the TUN", failure);
    }

    /** Something else did; what says what. */
    void on(String what, Throwable failure) {
        note(failure);
        try {
            if (isNews(failure)) {
                LOG.error("{} failed because of a bug, which is told once; traffic goes on", what, failure);
            }
        } catch (Throwable unsaid) {
            note(unsaid);
        }
    }

    private void note(Throwable failure) {
        counters.increment(Counter.INTERNAL_ERRORS);
        last = failure;
    }

    private boolean isNews(Throwable failure) {
        return logged.size() < MOST_LOGGED && logged.add(kind(failure));
    }

    /** Class and innermost places in our code; the JIT compiler leaves traces of frequent exceptions out. */
    private static String kind(Throwable failure) {
        var kind = new StringBuilder(failure.getClass().getName());
        var frames = 0;
        for (var frame : failure.getStackTrace()) {
            if (frame.getClassName().startsWith(OURS) && frames++ < FRAMES) {
                kind.append(' ').append(frame);
            }
        }
        return kind.toString();
    }

    /**
     * A turn is over.
     *
     * @param caused whether something came from outside: packets, events or tasks
     * @throws IllegalStateException if it was one too many in a row that failed by itself, or could not read the TUN
     */
    void endOfTurn(boolean caused) {
        if (last == null || caused && !deviceFailed) {
            turnsInARow = 0;
        } else if (++turnsInARow >= MOST_TURNS_IN_A_ROW) {
            throw new IllegalStateException(
                turnsInARow + " turns in a row have failed, the last one by: " + last, last);
        }
        last = null;
        deviceFailed = false;
    }
}
