package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Ring;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.SocketError;

/**
 * The stream of a UDP session to one target: a DATA frame is a datagram, both ways, be it empty; but an empty one that
 * ends the stream is only the end. What has come and is not fetched
 * lies in its ring, each datagram behind its length; what has no room is dropped, as datagrams are. Pooled by {@link H2c}.
 */
final class TargetStream extends H2Stream {
    private static final int MAX_RING_BYTES = 256 << 10;
    /** Towards us: two of the largest frames. */
    private static final int WINDOW_BYTES = 2 * FrameReader.MAX_BYTES;
    /** Lengths lie at multiples of it, so that none is cut by the ring's end. */
    private static final int ALIGNMENT = Integer.BYTES;

    /** In its session's list of targets, the one used longest ago first. */
    final Chain.Link<TargetStream> use = new Chain.Link<>(this);
    /** In its session's list of those that have a datagram. */
    final Chain.Link<TargetStream> readable = new Chain.Link<>(this);
    private final Ring ring;
    private Session session;
    /** End of the whole datagrams. */
    private long tail;
    /** A datagram is on its way: some of it may be in the ring, behind the tail. */
    private boolean coming;
    /** Bytes of the present datagram that are here; below 0: it is dropped. */
    private int come;

    TargetStream(H2c h2) {
        super(h2);
        this.ring = new Ring(h2.slab);
    }

    void begin(Session session, long hi, long lo, int port) {
        beginUnopened(hi, lo, port);
        ring.reset(0, MAX_RING_BYTES);
        this.session = session;
        tail = 0;
        coming = false;
        come = 0;
    }

    @Override
    String protocol() {
        return "udp";
    }

    @Override
    void onOpened(long nowNanos) {
        connection.owes(this);
    }

    @Override
    void onUnopened(int socketError, long nowNanos) {
        throw new AssertionError("a datagram's stream does not wait for a connection");
    }

    @Override
    void tell(long nowNanos) {
        throw new AssertionError("a datagram's stream has nothing to tell");
    }

    @Override
    void onDataBegin(int length, long nowNanos) {
        h2.idleTargets.touch(this);
        boolean kept = ring.reserve(tail + ALIGNMENT + aligned(length));
        coming = true;
        come = kept ? 0 : -1;
        if (!kept) {
            h2.dropped();
        }
    }

    @Override
    int onData(MemorySegment memory, long offset, int length) {
        if (come >= 0) {
            ring.put(tail + ALIGNMENT + come, memory, offset, length);
            come += length;
        }
        return length;
    }

    @Override
    void onNoMemory(long nowNanos) {
        throw new AssertionError("a datagram that has no room is dropped");
    }

    @Override
    void onDataEnd(boolean endsStream, long nowNanos) {
        connection.owes(this);
        coming = false;
        if (come > 0 || come == 0 && !endsStream) {
            Bytes.putI32(ring.memory(), ring.offset(tail), come);
            tail += ALIGNMENT + aligned(come);
            session.came(this, nowNanos);
        } else { // dropped; or no datagram, but the way in which servers end a stream
            ring.discardIfEmpty(tail);
        }
    }

    /** Takes a datagram out, for which there is room: its length. There must be one. */
    int take(DatagramMeta meta, MemorySegment memory, long offset, int room) {
        int length = Bytes.i32(ring.memory(), ring.offset(ring.base()));
        long at = ring.base() + ALIGNMENT;
        int given = Math.min(length, room);
        ring.get(at, memory, offset, given);
        meta.fill(hi(), lo(), port(), offset);
        ring.release(at + aligned(length));
        if (!coming) {
            ring.discardIfEmpty(tail);
        }
        return given;
    }

    boolean hasDatagram() {
        return ring.base() < tail;
    }

    @Override
    void onEnd(long nowNanos) {
        over();
    }

    @Override
    void onFailed(long nowNanos) {
        over();
    }

    private void over() {
        if (connection != null) {
            connection.cancel(this);
        }
        session.ended(this);
    }

    @Override
    void onWritable(long nowNanos) {
        // a datagram that found no room is gone: nobody waits
    }

    @Override
    boolean owesWindow() {
        return 2 * owedWindow() >= WINDOW_BYTES;
    }

    @Override
    int owedWindow() {
        return WINDOW_BYTES - receiveWindow;
    }

    @Override
    void onPatienceOver(long nowNanos) {
        session.forget(this);
    }

    /**
     * As {@link Connection#sendDatagram}; if it was sent, the time of its silence begins anew. A stream whose windows stay
     * too narrow thus makes room for another.
     */
    int send(MemorySegment memory, long offset, int length) {
        int sent = connection == null ? SocketError.AGAIN : connection.sendDatagram(this, memory, offset, length);
        if (sent >= 0) {
            h2.idleTargets.touch(this);
        }
        return sent;
    }

    /** Gives everything back. */
    void end() {
        if (connection != null) {
            connection.cancel(this);
        }
        Patience.forget(this);
        use.leave();
        readable.leave();
        ring.discard();
        session = null;
        h2.recycle(this);
    }

    private static int aligned(int length) {
        return (length + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
