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
 * or one packet could stop all traffic: they are counted, and each kind is logged once. Only when turn after turn fails,
 * the loop would do nothing but fail, and ends.
 */
final class Failures {
    /** So many turns take milliseconds where each fails at once: nobody waits for long. */
    private static final int MOST_TURNS_IN_A_ROW = 1000;
    private static final int MOST_LOGGED = 64;
    private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

    private final Counters counters;
    /** Kinds of exceptions that were logged: class and place. */
    private final Set<String> logged = new HashSet<>();
    /** What failed last in the present turn; null: nothing has. */
    private Throwable last;
    private int turnsInARow;

    Failures(Counters counters) {
        this.counters = counters;
    }

    /** A packet from the TUN ended in an exception. */
    void onPacket(Throwable failure, MemorySegment memory, long offset, int length) {
        if (isNews(failure)) {
            LOG.error("a packet is lost to a bug, which is told once; traffic goes on. {}; headers {}",
                PacketPrinter.withVirtio(memory, offset, length), PacketPrinter.headersInHex(memory, offset, length),
                failure);
        }
    }

    /** Something else did; what says what. */
    void on(String what, Throwable failure) {
        if (isNews(failure)) {
            LOG.error("{} failed because of a bug, which is told once; traffic goes on", what, failure);
        }
    }

    private boolean isNews(Throwable failure) {
        counters.increment(Counter.INTERNAL_ERRORS);
        last = failure;
        var trace = failure.getStackTrace();
        // The JIT compiler leaves traces of frequent exceptions out.
        var kind = failure.getClass() + (trace.length == 0 ? "" : " " + trace[0]);
        return logged.size() < MOST_LOGGED && logged.add(kind);
    }

    /**
     * A turn is over.
     *
     * @throws IllegalStateException if it was one too many in a row in which something failed
     */
    void endOfTurn() {
        if (last == null) {
            turnsInARow = 0;
        } else if (++turnsInARow >= MOST_TURNS_IN_A_ROW) {
            throw new IllegalStateException(
                turnsInARow + " turns in a row have failed, the last one by: " + last, last);
        }
        last = null;
    }
}
