package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Chain;
import wireleap.tun.upstream.SocketError;

/**
 * Who may send how much on a connection: the peer's windows (RFC 9113 section 6.9), and fairness where they or the link
 * are the brake. A stream that may not send keeps its bytes and waits in a queue.
 *
 * <p>A target that takes nothing would stop the whole connection, for the broker gives the connection's window back only
 * as the targets take. So no stream may hold more than twice what it leaves of it to all others (as switches share one
 * buffer: dynamic thresholds). But that would stop for ever at a peer that gives the window back only when most of it, or
 * all, is used up, which it may: the rule holds only with peers that are seen to give it back in small pieces.
 */
final class Sending {
    /** There is no room in the outbox. */
    static final int FULL = Integer.MIN_VALUE;

    /** A stream's share while others wait too. */
    private static final int SHARE_BYTES = 16 << 10;
    /** A share of the window that is smaller is not worth a frame. */
    private static final int LEAST_BYTES = 1 << 10;

    private final Outbox outbox;
    private final PeerSettings peer;
    /** Those that wait for room in the outbox, or for a connection's window that is used up. */
    private final Chain<H2Stream> waiting = new Chain<>();
    /** Those whose share of the connection's window is used up. */
    private final Chain<H2Stream> sated = new Chain<>();
    /** The connection's, towards the peer. */
    private int window = Frame.FIRST_WINDOW;
    /** The widest that it has been: what is not left of it now, the peer has not given back. */
    private int widest = Frame.FIRST_WINDOW;
    /** Whether the peer gives it back in pieces of a quarter or less. */
    private boolean eager;

    Sending(Outbox outbox, PeerSettings peer) {
        this.outbox = outbox;
        this.peer = peer;
    }

    /** Whether streams wait for the connection's window, or the next one would. */
    boolean isBraked() {
        return sated.size() > 0 || window < LEAST_BYTES;
    }

    /** 1..length bytes; AGAIN, and the stream will be told; or FULL. */
    int send(H2Stream stream, MemorySegment memory, long offset, int length) {
        if (stream.wait.isIn(waiting) || stream.wait.isIn(sated) || stream.sendWindow <= 0) {
            return SocketError.AGAIN;
        }
        if (window <= 0 || waiting.size() > 0 && stream.credit <= 0) {
            waiting.add(stream.wait);
            return SocketError.AGAIN;
        }
        int wanted = Math.min(Math.min(length, peer.maxFrameBytes), stream.sendWindow);
        int allowed = Math.min(wanted, share(stream));
        if (eager && allowed < wanted && allowed < LEAST_BYTES && stream.unacknowledged > 0) {
            sated.add(stream.wait);
            return SocketError.AGAIN;
        }
        int room = outbox.dataRoom();
        if (room < Math.min(allowed, LEAST_BYTES)) {
            return FULL;
        }
        int bytes = Math.min(allowed, room);
        put(stream, memory, offset, bytes);
        return bytes;
    }

    /** What is left of the connection's window for a stream, 1 at the least when anything is. */
    private int share(H2Stream stream) {
        if (!eager) {
            return window;
        }
        int held = Math.min(stream.unacknowledged, widest - window); // a stream's own window may be given back late
        return Math.max(1, (int) ((2L * window - held) / 3)); // so that held + share <= 2 (window - share)
    }

    /** The whole of it; MESSAGE_SIZE; AGAIN: the windows do not allow it; or FULL. */
    int sendDatagram(H2Stream stream, MemorySegment memory, long offset, int length) {
        if (length > peer.maxFrameBytes) {
            return SocketError.MESSAGE_SIZE;
        }
        if (length > stream.sendWindow || length > Math.min(window, share(stream))) {
            return SocketError.AGAIN;
        }
        if (outbox.dataRoom() < length) {
            return FULL;
        }
        put(stream, memory, offset, length);
        return length;
    }

    private void put(H2Stream stream, MemorySegment memory, long offset, int bytes) {
        outbox.data(stream.id, 0, memory, offset, bytes);
        stream.sendWindow -= bytes;
        stream.unacknowledged += bytes;
        stream.credit -= Math.min(stream.credit, bytes);
        window -= bytes;
    }

    /** The stream waits for room. */
    void await(H2Stream stream) {
        waiting.add(stream.wait);
    }

    /** The connection's window is wider now; false: wider than it may be. */
    boolean widen(int by) {
        if ((long) window + by > Frame.LARGEST_WINDOW) {
            return false;
        }
        eager = (long) window + by <= widest && by <= widest / 4; // a window that grows says nothing
        window += by;
        widest = Math.max(widest, window);
        for (H2Stream stream = sated.oldest(); stream != null; stream = sated.oldest()) {
            waiting.add(stream.wait);
        }
        return true;
    }

    /** A stream's window is wider now, or narrower; false: wider than it may be. */
    boolean widen(H2Stream stream, int by) {
        if ((long) stream.sendWindow + by > Frame.LARGEST_WINDOW) {
            return false;
        }
        stream.sendWindow += by;
        return true;
    }

    /** The peer has taken so much of a stream, which may send again. */
    void acknowledged(H2Stream stream, int bytes, long nowNanos) {
        stream.unacknowledged = Math.max(0, stream.unacknowledged - bytes);
        if (stream.wait.isIn(sated)) {
            waiting.add(stream.wait);
        } else if (!stream.wait.isIn(waiting)) {
            stream.onWritable(nowNanos);
        }
    }

    /** The stream is over; if it waits for something else than room, such as to be told of, it goes on waiting. */
    void forget(H2Stream stream) {
        if (stream.wait.isIn(waiting) || stream.wait.isIn(sated)) {
            stream.wait.leave();
        }
    }

    /** Whether {@link #wake} would do something. */
    boolean mayWake() {
        return waiting.size() > 0 && window > 0 && outbox.dataRoom() >= SHARE_BYTES;
    }

    /** Tells those that have waited longest, as many as there is room for. */
    void wake(long nowNanos) {
        int room = outbox.dataRoom() / SHARE_BYTES;
        for (int i = 0; i < room && window > 0 && waiting.size() > 0; i++) {
            H2Stream stream = waiting.oldest();
            stream.wait.leave();
            stream.credit = SHARE_BYTES;
            stream.onWritable(nowNanos);
        }
    }
}
