package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Ring;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.UpstreamStream;

/**
 * What an upstream sends that cannot keep its bytes: read into a ring, which exists only while something is in it, and
 * kept there until the client has acknowledged it. No more is read than can be sent, so that a client which does not read
 * costs no memory.
 */
final class RingDirection extends DownDirection {
    /** A turn's share where less comes: a read, and one that finds nothing any more. */
    private static final int READS_A_TURN = 2;
    private static final int MIN_READ_BYTES = Slab.MIN_BLOCK_BYTES;

    private final Ring ring;
    private final int maxBytes;
    /** Where the bytes begin that the next transmit carries. */
    private long prepared;
    /** The size of the next read, which grows with what comes and shrinks with it. */
    private int readBytes;
    /** The last read filled all the room that it was given. */
    private boolean hungry;
    /** The last read found no memory at all. */
    private boolean starved;
    /** There may be more to read, and room for it. */
    private boolean hasMore;
    /** Nothing is read beyond it yet. */
    private long readEnd;

    RingDirection(Slab slab, Counters counters, int maxBytes) {
        super(counters);
        this.ring = new Ring(slab);
        this.maxBytes = maxBytes;
    }

    @Override
    void begin(UpstreamStream stream) {
        super.begin(stream);
        ring.reset(0, maxBytes);
        prepared = 0;
        readBytes = MIN_READ_BYTES;
        hungry = false;
        starved = false;
        hasMore = false;
        readEnd = 0;
    }

    /** Reads a turn's share. */
    @Override
    void fetch(long sendableEnd) {
        readEnd = hasEnded() ? tail + 1 : Math.min(sendableEnd, ring.base() + maxBytes); // an error may follow the end
        if (stream != null) {
            read();
        }
    }

    private void read() {
        starved = false;
        hasMore = false;
        int share = BYTES_A_TURN;
        for (int i = 0; i < READS_A_TURN && share > 0 && mayRead; i++) {
            int room = makeRoom();
            if (room == 0) {
                return;
            }
            int length = Math.min(share, ring.contiguous(tail, room));
            int came = stream.read(ring.memory(), ring.offset(tail), length);
            if (came > 0) {
                sawUpTo(tail + came);
                share -= came;
                adapt(came, length);
            } else {
                stop(came);
                ring.discardIfEmpty(tail);
            }
        }
        hasMore = mayRead && tail < readEnd;
    }

    /** How many bytes may be read now; 0: the ring is full, or there is no memory. */
    private int makeRoom() {
        long base = ring.base();
        int wanted = Math.clamp(readEnd - tail, 0, readBytes);
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

    @Override
    boolean settle() {
        boolean again = hasMore;
        hasMore = false;
        return again;
    }

    @Override
    boolean needsStream() {
        return false;
    }

    @Override
    void discard() {
        ring.discard();
    }

    @Override
    boolean isStarved() {
        return starved;
    }

    @Override
    long acknowledged() {
        return ring.base();
    }

    @Override
    boolean isEmpty() {
        return ring.base() == tail;
    }

    @Override
    public int prepare(long position, int maxBytes) {
        prepared = position;
        return (int) Math.min(maxBytes, tail - position);
    }

    @Override
    public boolean mayFollow(long position) {
        return position < tail || mayRead;
    }

    @Override
    public void release(long position) {
        if (position > ring.base()) {
            ring.release(Math.min(position, tail));
            ring.discardIfEmpty(tail);
        }
    }

    @Override
    MemorySegment memory() {
        return ring.memory();
    }

    @Override
    long preparedOffset(int skipped) {
        return ring.offset(prepared + skipped);
    }

    @Override
    int preparedContiguous(int length) {
        return ring.contiguous(prepared, length);
    }
}
