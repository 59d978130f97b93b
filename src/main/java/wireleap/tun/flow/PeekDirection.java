package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counters;
import wireleap.tun.upstream.UpstreamStream;

/**
 * What an upstream sends that keeps its bytes: they stay in its socket, are copied into the hot buffer when they can be
 * sent, or sent again, and are dropped from the socket when the client has acknowledged them. So a client that does not
 * read costs no memory of ours.
 *
 * <pre>
 *   0 ... base          ... released            ... tail
 *   dropped  |  acknowledged  |  seen, in the socket  |  not seen yet
 * </pre>
 */
final class PeekDirection extends DownDirection {
    private final HotBuffer hot;
    /** What the kernel counts from. */
    private long base;
    private long released;
    /** Where the next peek begins; base or above. */
    private long peekPosition;
    /** What lies beyond is not worth a copy yet: the connection could not send it. */
    private long sendableEnd;
    /** What may still be prepared in this turn. */
    private int share;
    /** The connection wanted bytes that there may be, and got none. */
    private boolean cutShort;
    private long prepared;

    PeekDirection(HotBuffer hot, Counters counters) {
        super(counters);
        this.hot = hot;
    }

    @Override
    void begin(UpstreamStream stream) {
        super.begin(stream);
        hot.forget(this);
        base = 0;
        released = 0;
        peekPosition = 0;
        sendableEnd = 0;
        share = BYTES_A_TURN;
        cutShort = false;
        prepared = 0;
    }

    @Override
    void fetch(long sendableEnd) {
        this.sendableEnd = sendableEnd;
        if (hasEnded() && mayRead) {
            load(tail, 1); // after the end nobody asks for bytes, but an error may still come
        }
    }

    @Override
    public int prepare(long position, int maxBytes) {
        if (!mayHold(position)) {
            return 0;
        }
        if (maxBytes > share) { // as few segments as possible: none is begun for the rest of a share
            cutShort = true;
            return 0;
        }
        int held = hot.bytesAt(this, position);
        if (held < maxBytes && mayHold(position + held)) {
            held = load(position, maxBytes);
        }
        int bytes = Math.min(held, maxBytes);
        cutShort |= bytes < maxBytes && mayHold(position + bytes);
        share -= bytes;
        prepared = position;
        return bytes;
    }

    /** Whether the socket has, or may have, a byte at a position. */
    private boolean mayHold(long position) {
        return stream != null && (position < tail || mayRead);
    }

    /** Copies bytes at a position into the hot buffer; more than asked for if they can be sent in this turn. */
    private int load(long position, int maxBytes) {
        if (peekPosition != position) {
            int result = stream.peekFrom((int) (position - base));
            if (result < 0) {
                stop(result);
                return 0;
            }
            peekPosition = position;
        }
        int wanted = Math.min(position < tail ? maxBytes : wholeSegments(position, maxBytes), hot.capacityBytes());
        int bytes = 0;
        while (bytes < wanted) {
            int came = stream.peek(hot.memory(), hot.offset() + bytes, wanted - bytes);
            if (came <= 0) {
                stop(came);
                break;
            }
            bytes += came;
        }
        hot.hold(this, position, bytes);
        peekPosition += bytes;
        sawUpTo(peekPosition);
        return bytes;
    }

    /** As many times what is asked for now as can be sent in this turn: each peek costs, and so does one too far. */
    private int wholeSegments(long position, int maxBytes) {
        long bytes = Math.min(sendableEnd - position, share);
        return (int) Math.max(1, bytes / maxBytes) * maxBytes;
    }

    @Override
    public void release(long position) {
        released = Math.max(released, Math.min(position, tail));
    }

    /** Drops what is acknowledged; where urgent data is, the kernel stops. */
    @Override
    boolean settle() {
        while (base < released && stream != null) {
            int gone = stream.discard((int) (released - base));
            if (gone <= 0) {
                break;
            }
            base += gone;
        }
        peekPosition = Math.max(peekPosition, base);
        share = BYTES_A_TURN;
        boolean again = cutShort;
        cutShort = false;
        return again;
    }

    @Override
    boolean needsStream() {
        return !isEmpty();
    }

    @Override
    long acknowledged() {
        return released;
    }

    @Override
    boolean isEmpty() {
        return released == tail;
    }

    @Override
    void discard() {
        hot.forget(this);
    }

    @Override
    MemorySegment memory() {
        return hot.memory();
    }

    @Override
    long preparedOffset(int skipped) {
        return hot.offset(prepared + skipped);
    }

    @Override
    int preparedContiguous(int length) {
        return length;
    }
}
