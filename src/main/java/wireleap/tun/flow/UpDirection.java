package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Ring;
import wireleap.tun.mem.Slab;
import wireleap.tun.tcp.TcpSink;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.UpstreamStream;

/**
 * What a client sends: bytes in order go from the packet straight to the upstream's kernel; what that does not take
 * at once, and what comes out of order, goes to a ring, which exists only then. Part of a pooled {@link TcpFlow}.
 *
 * <pre>
 *   0 ... taken            ... inOrder                       ... storedEnd
 *   upstream has it  |  acknowledged, in the ring  |  out of order, with gaps, in the ring
 * </pre>
 */
final class UpDirection implements TcpSink {
    /** What may be stored while the upstream is still being connected. */
    private static final int UNOPENED_BYTES = 64 << 10;

    private final Counters counters;
    private final Slab slab;
    private final Ring ring;
    /** Null: not connected yet, or gone. */
    private UpstreamStream stream;
    private int maxBytes;
    /** All before this position was taken by the upstream; the ring's base. */
    private long taken;
    private long inOrder;
    private long storedEnd;
    /** The upstream has answered AGAIN since it was last writable. */
    private boolean blocked;
    /** The slab has refused growth since the ring was last empty: the window is kept to what there is. */
    private boolean starved;
    private boolean finished;
    private boolean finishSent;
    /** The upstream takes nothing any more; what comes is thrown away, until the flow is reset. */
    private boolean failed;

    UpDirection(Slab slab, Counters counters) {
        this.slab = slab;
        this.ring = new Ring(slab);
        this.counters = counters;
    }

    void begin(int maxBytes) {
        this.maxBytes = maxBytes;
        ring.reset(0, maxBytes);
        stream = null;
        taken = 0;
        inOrder = 0;
        storedEnd = 0;
        blocked = false;
        starved = false;
        finished = false;
        finishSent = false;
        failed = false;
    }

    /** The upstream is connected. */
    void open(UpstreamStream stream) {
        this.stream = stream;
    }

    /** The upstream may take bytes again. */
    void writable() {
        blocked = false;
    }

    /** Sends what waits, then the end if that has come. */
    void flush() {
        while (taken < inOrder && stream != null && !failed && !blocked) {
            int length = ring.contiguous(taken, (int) (inOrder - taken));
            took(write(ring.memory(), ring.offset(taken), length));
        }
        if (finished && taken == inOrder && stream != null && !finishSent && !failed) {
            finishSent = true;
            stream.finish();
        }
    }

    /** The stream is gone. */
    void release() {
        stream = null;
    }

    /** The upstream takes nothing any more. */
    void fail() {
        if (!failed) {
            failed = true;
            counters.add(Counter.BYTES_UP_LOST, inOrder - taken);
            ring.discard();
        }
    }

    /** Gives all memory back. */
    void discard() {
        ring.discard();
        stream = null;
    }

    /** How many bytes the upstream has taken. */
    long taken() {
        return taken;
    }

    /** How many bytes, acknowledged to the client, wait for the upstream. */
    int held() {
        return failed ? 0 : (int) (inOrder - taken);
    }

    /** All that the client sent, its end included, has been handed to the upstream. */
    boolean isDone() {
        return finishSent;
    }

    boolean hasFailed() {
        return failed;
    }

    @Override
    public int deliver(long position, MemorySegment memory, long offset, int length) {
        if (failed) {
            return dropped(position, length);
        }
        int done = 0;
        if (taken == position && stream != null && !blocked) {
            done = write(memory, offset, length);
            if (failed) {
                return dropped(position, length);
            }
            inOrder += done;
            took(done);
        }
        if (done < length) {
            int kept = keep(position + done, memory, offset + done, length - done);
            inOrder += kept;
            storedEnd = Math.max(storedEnd, inOrder);
            done += kept;
        }
        return done;
    }

    @Override
    public boolean store(long position, MemorySegment memory, long offset, int length) {
        if (failed) {
            return false;
        }
        if (isShort() || !ring.reserve(position + length)) {
            starved = true;
            return false;
        }
        ring.put(position, memory, offset, length);
        storedEnd = Math.max(storedEnd, position + length);
        return true;
    }

    @Override
    public void advance(long position) {
        inOrder = position;
        flush();
    }

    @Override
    public long limit() {
        if (failed) {
            return inOrder + maxBytes;
        }
        return taken + (blocked && starved ? ring.capacityBytes() : windowBytes());
    }

    @Override
    public void finished() {
        finished = true;
        flush();
    }

    /** Bytes that the upstream took, 0..length; notes AGAIN and failure. */
    private int write(MemorySegment memory, long offset, int length) {
        int done = 0;
        while (done < length) {
            int sent = stream.write(memory, offset + done, length - done);
            if (sent < 0) {
                blocked = sent == SocketError.AGAIN;
                if (!blocked) {
                    fail();
                }
                return done;
            }
            done += sent;
        }
        return done;
    }

    private void took(int bytes) {
        if (failed || bytes == 0) {
            return;
        }
        taken += bytes;
        counters.add(Counter.BYTES_UP, bytes);
        ring.release(taken);
        ring.discardIfEmpty(storedEnd);
        starved &= taken < inOrder;
    }

    /** Puts in order as much into the ring as it can hold: how much that was. */
    private int keep(long position, MemorySegment memory, long offset, int length) {
        int wanted = Math.clamp(taken + windowBytes() - position, 0, length);
        int room = isShort() ? 0 : ring.reserveSome(position, wanted);
        starved |= room < wanted;
        if (room > 0) {
            ring.put(position, memory, offset, room);
        }
        return room;
    }

    /** What is not taken comes again, so that the last of the memory is left to those who cannot say that. */
    private boolean isShort() {
        return ring.capacityBytes() == 0 && slab.isScarce();
    }

    private int windowBytes() {
        return stream == null ? Math.min(maxBytes, UNOPENED_BYTES) : maxBytes;
    }

    private int dropped(long position, int length) {
        inOrder = position + length;
        counters.add(Counter.BYTES_UP_LOST, length);
        return length;
    }
}
