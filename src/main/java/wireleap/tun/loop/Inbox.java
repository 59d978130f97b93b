package wireleap.tun.loop;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import wireleap.tun.os.Poller;
import wireleap.tun.wire.IpPacket;

/**
 * Packets that other loops have read from their queues and that are this loop's. A ring of bytes with many givers and one
 * taker: bounded, without locks, without allocation. The packets of one giver stay in order.
 *
 * <p>A giver claims a range of positions, copies its packet there and then marks the slot where it begins as complete in
 * this lap around the ring; so the taker sees whole packets only, and what lies in the ring from earlier laps means
 * nothing. What begins in the last slots reaches beyond the ring's end, instead of being cut in two.
 *
 * <pre>
 *   0 int, the packet's length in bytes   4 int, its note   8 the packet, up to a multiple of 64
 * </pre>
 */
final class Inbox {
    private static final int SLOT_BYTES = 64;
    private static final int HEADER_BYTES = 8;
    /** The largest packet, of IPv6, with its header and rounded up. */
    private static final int LARGEST_BYTES = 65_536 + SLOT_BYTES;
    /** Memory that an inbox takes, in bytes: room for 15 packets of the largest size or 650 of 1,500 bytes. */
    static final int MEMORY_BYTES = 1 << 20;
    private static final int CAPACITY = MEMORY_BYTES - LARGEST_BYTES;

    private static final VarHandle LAPS = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle CLAIMED = field("claimed", long.class);
    private static final VarHandle TAKEN = field("taken", long.class);
    private static final VarHandle ASLEEP = field("asleep", boolean.class);

    private final MemorySegment memory;
    private final Poller poller;
    /** By slot: the number, from 1 on, of the lap in which a packet was last completed that begins there. */
    private final int[] laps = new int[CAPACITY / SLOT_BYTES];
    /** Position behind what givers have claimed; it only grows. */
    private volatile long claimed;
    /** Position behind what the taker is done with, never above {@link #claimed}. */
    private volatile long taken;
    /** Whether the taker waits, or is about to, and must be woken. */
    private volatile boolean asleep;

    /**
     * An empty one.
     *
     * @param memory of {@link #MEMORY_BYTES}, at a multiple of 8
     * @param poller the taker's
     */
    Inbox(MemorySegment memory, Poller poller) {
        this.memory = memory;
        this.poller = poller;
    }

    private static VarHandle field(String name, Class<?> type) {
        try {
            return MethodHandles.lookup().findVarHandle(Inbox.class, name, type);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Puts a copy of a packet in; false: there is no room. Any loop's thread; the taker may sleep until {@link #wake}. */
    boolean give(IpPacket packet, int note) {
        int length = packet.totalLength();
        long bytes = room(length);
        long at;
        do {
            at = claimed;
            if (at + bytes - taken > CAPACITY) {
                return false;
            }
        } while (!CLAIMED.compareAndSet(this, at, at + bytes));
        long offset = at % CAPACITY;
        memory.set(JAVA_INT, offset, length);
        memory.set(JAVA_INT, offset + 4, note);
        MemorySegment.copy(packet.memory(), packet.headerOffset(), memory, offset + HEADER_BYTES, length);
        LAPS.setRelease(laps, slot(at), lap(at));
        return true;
    }

    private static long room(int length) {
        return HEADER_BYTES + length + SLOT_BYTES - 1 & -SLOT_BYTES;
    }

    private static int slot(long position) {
        return (int) (position % CAPACITY) / SLOT_BYTES;
    }

    private static int lap(long position) {
        return (int) (position / CAPACITY) + 1;
    }

    /** After packets were given: ends the taker's wait, if it waits. Any loop's thread. */
    void wake() {
        if (ASLEEP.compareAndSet(this, true, false)) {
            poller.wake();
        }
    }

    /** The taker is about to wait; false: it must not, there is something here. To be followed by {@link #wakes}. */
    boolean sleeps() {
        asleep = true;
        VarHandle.fullFence(); // either a giver sees this, or its packet is seen here
        return isEmpty();
    }

    /** The taker waits no more. */
    void wakes() {
        ASLEEP.setOpaque(this, false);
    }

    /** Whether there is no packet to take; the taker's thread, as all that follows. */
    boolean isEmpty() {
        long at = taken;
        return (int) LAPS.getAcquire(laps, slot(at)) != lap(at);
    }

    /** Where the oldest packet lies, of which there must be one. */
    MemorySegment memory() {
        return memory;
    }

    /** Where in the memory it begins. */
    long offset() {
        return taken % CAPACITY + HEADER_BYTES;
    }

    /** Its length in bytes. */
    int length() {
        return memory.get(JAVA_INT, taken % CAPACITY);
    }

    /** What it was given with. */
    int note() {
        return memory.get(JAVA_INT, taken % CAPACITY + 4);
    }

    /** Is done with it. */
    void release() {
        TAKEN.setRelease(this, taken + room(length()));
    }
}
