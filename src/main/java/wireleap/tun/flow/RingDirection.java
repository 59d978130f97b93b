package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Ring;
import wireleap.tun.mem.Slab;
import wireleap.tun.tcp.TcpSource;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.UpstreamStream;

/**
 * What the upstream sends: read into a ring, which exists only while something is in it, and kept there until the
 * client has acknowledged it. Part of a pooled {@link TcpFlow}.
 */
final class DownDirection implements TcpSource {
    /**
     * A flow's share of a turn, for a stream in full flow one read. Each read makes the kernel acknowledge, so that 64 KiB
     * cost a third more processor time; 512 KiB gain a single flow little and keep the others waiting (measured).
     */
    private static final int BYTES_A_TURN = 256 << 10;
    /** The same when less comes: a read, and one that finds nothing any more. */
    private static final int READS_A_TURN = 2;
    private static final int MIN_READ_BYTES = Slab.MIN_BLOCK_BYTES;

    private final Counters counters;
    private final Ring ring;
    private int maxBytes;
    /** End of what was received. */
    private long tail;
    /** Where the bytes begin that the next transmit carries. */
    private long prepared;
    /** There may be something to read: no AGAIN since the last readiness. */
    private boolean mayRead;
    /** The size of the next read, which grows with what comes and shrinks with it. */
    private int readBytes;
    /** The last read filled all the room that it was given. */
    private boolean hungry;
    /** The last read found no memory at all. */
    private boolean starved;
    private boolean ended;
    private boolean failed;

    DownDirection(Slab slab, Counters counters) {
        this.ring = new Ring(slab);
        this.counters = counters;
    }

    void begin(int maxBytes) {
        this.maxBytes = maxBytes;
        ring.reset(0, maxBytes);
        tail = 0;
        prepared = 0;
        mayRead = false;
        readBytes = MIN_READ_BYTES;
        hungry = false;
        starved = false;
        ended = false;
        failed = false;
    }

    /** The upstream has news. */
    void readable() {
        mayRead = true;
    }

    /**
     * Reads a turn's share.
     *
     * @return whether there may be more to read, and room for it
     */
    boolean read(UpstreamStream stream) {
        starved = false;
        int share = BYTES_A_TURN;
        for (int i = 0; i < READS_A_TURN && share > 0 && mayRead; i++) {
            int room = makeRoom();
            if (room == 0) {
                return false;
            }
            int length = Math.min(share, ring.contiguous(tail, room));
            int came = stream.read(ring.memory(), ring.offset(tail), length);
            if (came > 0) {
                tail += came;
                share -= came;
                counters.add(Counter.BYTES_DOWN, came);
                adapt(came, length);
            } else {
                stop(came);
            }
        }
        return mayRead && tail - ring.base() < maxBytes;
    }

    /** Nothing (more) is there now: an error may still come after the end. */
    private void stop(int result) {
        mayRead = false;
        ring.discardIfEmpty(tail);
        if (result == 0) {
            ended = true;
        } else if (result != SocketError.AGAIN) {
            failed = true;
        }
    }

    /** How many bytes may be read now; 0: the ring is full, or there is no memory. */
    private int makeRoom() {
        long base = ring.base();
        int wanted = (int) Math.min(readBytes, base + maxBytes - tail);
        int free = (int) (base + ring.capacityBytes() - tail);
        if (free > 0 && !hungry) {
            return Math.min(wanted, free); // there is hardly more to come than the end of what came
        }
        int room = ring.reserveSome(tail, wanted);
        starved = room == 0 && wanted > 0;
        return room;
    }

    private void adapt(int came, int asked) {
        hungry = came == asked;
        if (came == readBytes) {
            readBytes = Math.min(readBytes << 1, BYTES_A_TURN);
        } else if (!hungry && came < readBytes >> 2) {
            readBytes = Math.max(readBytes >> 1, MIN_READ_BYTES);
        }
    }

    /** Gives all memory back. */
    void discard() {
        ring.discard();
    }

    /** Whether there was something to read, but no memory to put it. */
    boolean isStarved() {
        return starved;
    }

    /** The upstream has ended its stream, and all of it is here. */
    boolean hasEnded() {
        return ended;
    }

    /** The upstream has failed; what it sent before is here. */
    boolean hasFailed() {
        return failed;
    }

    /** Whether the client has acknowledged all that is here. */
    boolean isEmpty() {
        return ring.base() == tail;
    }

    @Override
    public int prepare(long position, int maxBytes) {
        prepared = position;
        return (int) Math.min(maxBytes, tail - position);
    }

    @Override
    public boolean endsAt(long position) {
        return ended && position == tail;
    }

    @Override
    public void release(long position) {
        if (position > ring.base()) {
            ring.release(Math.min(position, tail));
            ring.discardIfEmpty(tail);
        }
    }

    /** Where the prepared bytes lie. */
    MemorySegment memory() {
        return ring.memory();
    }

    /** Where the prepared byte after so many others lies. */
    long preparedOffset(int skipped) {
        return ring.offset(prepared + skipped);
    }

    /** How many of so many prepared bytes lie side by side. */
    int preparedContiguous(int length) {
        return ring.contiguous(prepared, length);
    }
}
