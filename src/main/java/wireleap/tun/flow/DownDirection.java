package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.tcp.TcpSource;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.UpstreamStream;

/**
 * What the upstream sends, until the client has acknowledged it. Where the bytes stay meanwhile is what the two kinds
 * differ in. Part of a pooled {@link TcpFlow}.
 *
 * <p>A turn is: {@link #fetch}, then the connection asks for what it can send, then {@link #settle}.
 */
abstract sealed class DownDirection implements TcpSource permits RingDirection, PeekDirection {
    /**
     * A flow's share of a turn, for a stream in full flow one call. Each makes the kernel acknowledge, so that 64 KiB
     * cost a third more processor time; 512 KiB gain a single flow little and keep the others waiting (measured).
     */
    static final int BYTES_A_TURN = 256 << 10;

    private final Counters counters;
    /** Null: not connected yet, or gone. */
    protected UpstreamStream stream;
    /** End of what has been seen of the stream. */
    protected long tail;
    /** There may be something to read: no AGAIN since the last readiness. */
    protected boolean mayRead;
    private boolean ended;
    private boolean failed;

    DownDirection(Counters counters) {
        this.counters = counters;
    }

    /** Begins anew; the stream may be null, as long as it is not connected. */
    void begin(UpstreamStream stream) {
        this.stream = stream;
        tail = 0;
        mayRead = stream != null;
        ended = false;
        failed = false;
    }

    /** The upstream has news. */
    final void readable() {
        mayRead = !failed;
    }

    /** Does what is to be done before the connection asks for bytes; it can send what lies before a position. */
    abstract void fetch(long sendableEnd);

    /**
     * Does what is to be done when the connection has sent, or has ended.
     *
     * @return whether the turn's share was too small: another turn is needed at once
     */
    abstract boolean settle();

    /** Whether bytes that the client has not acknowledged are with the stream alone. */
    abstract boolean needsStream();

    /** Whether the client has acknowledged all that was seen. */
    abstract boolean isEmpty();

    /** Whether there was something to read, but no memory to put it. */
    boolean isStarved() {
        return false;
    }

    /** How much of the stream the client has acknowledged. */
    abstract long acknowledged();

    /** How many bytes were seen that the client has not acknowledged. */
    final long held() {
        return tail - acknowledged();
    }

    /** The stream is gone. */
    final void release() {
        stream = null;
    }

    /** Gives all memory back. */
    abstract void discard();

    /** Where the prepared bytes lie. */
    abstract MemorySegment memory();

    /** Where the prepared byte after so many others lies. */
    abstract long preparedOffset(int skipped);

    /** How many of so many prepared bytes lie side by side. */
    abstract int preparedContiguous(int length);

    /** The upstream has ended its stream, and all of it was seen. */
    final boolean hasEnded() {
        return ended;
    }

    /** The upstream has failed; what it sent before was seen. */
    final boolean hasFailed() {
        return failed;
    }

    @Override
    public final boolean endsAt(long position) {
        return ended && position == tail;
    }

    /** The stream was seen up to this position. */
    protected final void sawUpTo(long position) {
        if (position > tail) {
            counters.add(Counter.BYTES_DOWN, position - tail);
            tail = position;
        }
    }

    /** Instead of bytes came the end, AGAIN or an error. An error may still come after the end. */
    protected final void stop(int result) {
        mayRead = false;
        if (result == 0) {
            ended = true;
        } else if (result != SocketError.AGAIN) {
            failed = true;
        }
    }
}
