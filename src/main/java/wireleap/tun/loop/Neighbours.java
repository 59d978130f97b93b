package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import wireleap.tun.flow.Siblings;
import wireleap.tun.flow.Stack;
import wireleap.tun.os.Poller;
import wireleap.tun.wire.IpPacket;

/**
 * A loop's place among all of a daemon: its own inbox and those of the others, who are woken once a turn. Used by the
 * loop's thread.
 */
public final class Neighbours implements Siblings {
    /** So many packets of others a turn: as many as this loop reads itself at the most, for each of four others. */
    private static final int GIVEN_A_TURN = 4 * Turns.PACKETS_A_TURN;

    private final Inbox[] inboxes;
    private final int self;
    /** A bit for each loop that was given packets in this turn. */
    private long given;

    private Neighbours(Inbox[] inboxes, int self) {
        this.inboxes = inboxes;
        this.self = self;
    }

    /** Bytes of memory that so many loops need to give packets to each other. */
    public static long memoryBytes(int loops) {
        return loops == 1 ? 0 : (long) loops * Inbox.MEMORY_BYTES;
    }

    /**
     * The places of as many loops as there are pollers, 1..64.
     *
     * @param pollers each loop's own
     * @param memory of {@link #memoryBytes}, as long as there are loops
     */
    public static List<Neighbours> among(List<Poller> pollers, MemorySegment memory) {
        Inbox[] inboxes = new Inbox[pollers.size()];
        List<Neighbours> places = new ArrayList<>();
        for (int i = 0; i < inboxes.length; i++) {
            if (inboxes.length > 1) {
                inboxes[i] = new Inbox(memory.asSlice((long) i * Inbox.MEMORY_BYTES, Inbox.MEMORY_BYTES), pollers.get(i));
            }
            places.add(new Neighbours(inboxes, i));
        }
        return places;
    }

    @Override
    public int count() {
        return inboxes.length;
    }

    @Override
    public int self() {
        return self;
    }

    @Override
    public boolean give(int loop, IpPacket packet, int note) {
        given |= 1L << loop;
        return inboxes[loop].give(packet, note);
    }

    private boolean isAlone() {
        return inboxes.length == 1;
    }

    /** The loop is about to wait; false: it must not, for there are packets. To be followed by {@link #wakes}. */
    boolean sleeps() {
        return isAlone() || inboxes[self].sleeps();
    }

    /** The loop waits no more. */
    void wakes() {
        if (!isAlone()) {
            inboxes[self].wakes();
        }
    }

    /** Gives the stack what others have for it. Returns how many packets. */
    int deliver(Stack stack, Failures failures, long nowNanos) {
        if (isAlone()) {
            return 0;
        }
        Inbox inbox = inboxes[self];
        int done = 0;
        while (done < GIVEN_A_TURN && !inbox.isEmpty()) {
            try {
                stack.onGiven(inbox.memory(), inbox.offset(), inbox.length(), inbox.note(), nowNanos);
            } catch (Throwable t) {
                failures.on("a packet from another loop", t);
            } finally {
                inbox.release();
            }
            done++;
        }
        return done;
    }

    /** The turn is over: whoever was given something looks. */
    void endOfTurn() {
        for (; given != 0; given &= given - 1) {
            inboxes[Long.numberOfTrailingZeros(given)].wake();
        }
    }
}
