package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Ring;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStream;

/**
 * A TCP flow's stream. What has come stays in its ring until it is discarded, so that the ring is the flow's window. A
 * stream that the broker ends without a byte, and without having taken any, is a target that could not be dialled, unless
 * we have ended it ourselves (BROKER.md). Pooled by {@link H2c}.
 */
final class FlowStream extends H2Stream implements UpstreamStream {
    /** What a ring may grow to. */
    static final int MAX_WINDOW_BYTES = 1 << 20;

    private final Ring ring;
    private StreamOwner owner;
    private Refusal refusal;
    private boolean connected;
    /** 0, or the SocketError that reading tells behind what has come. */
    private int failure;
    /** The broker takes nothing any more. */
    private boolean deaf;
    /** End of what has come, from the ring's base on. */
    private long tail;
    /** Of the DATA frame that comes now: the window is charged with it, and it is not here yet. */
    private int comingBytes;
    private long peekPosition;
    /** What the ring may hold now; grows with use. */
    private int windowBytes;
    /** The block that the ring gets at once when it gets one, so that it need not grow each time; follows its use. */
    private int usualBytes;
    /** The most that the present block has held. */
    private int peakBytes;
    private boolean wantsToRead;
    private boolean wantsToWrite;

    FlowStream(H2c h2) {
        super(h2);
        this.ring = new Ring(h2.slab);
    }

    void begin(long hi, long lo, int port, StreamOwner owner) {
        beginUnopened(hi, lo, port);
        ring.reset(0, MAX_WINDOW_BYTES);
        this.owner = owner;
        refusal = Refusal.NONE;
        connected = false;
        failure = 0;
        deaf = false;
        tail = 0;
        comingBytes = 0;
        peekPosition = 0;
        windowBytes = Connection.FIRST_STREAM_WINDOW;
        usualBytes = Slab.MIN_BLOCK_BYTES;
        peakBytes = 0;
        wantsToRead = false;
        wantsToWrite = false;
    }

    @Override
    String protocol() {
        return "tcp";
    }

    @Override
    void onOpened(long nowNanos) {
        h2.tellLater(this);
    }

    @Override
    void onUnopened(int socketError, long nowNanos) {
        refuse(socketError);
        h2.tellLater(this);
    }

    /** Says so by {@link #refusal}. */
    void refuse(int socketError) {
        refusal = socketError == SocketError.TIMED_OUT ? Refusal.TIMED_OUT : Refusal.FAILED;
        h2.counters.increment(refusal.counter());
    }

    @Override
    void tell(long nowNanos) {
        if (refusal == Refusal.NONE) {
            connected = true;
            h2.counters.increment(Counter.UPSTREAM_CONNECTED);
            owner.onConnected(nowNanos);
        } else {
            owner.onRefused(nowNanos);
        }
    }

    @Override
    void onDataBegin(int length, long nowNanos) {
        comingBytes = length;
        if (h2.ends.holds(this)) {
            h2.ends.touch(this);
        }
    }

    @Override
    int onData(MemorySegment memory, long offset, int length) {
        if (failure != 0) {
            return length;
        }
        if (ring.capacityBytes() == 0) {
            ring.reserve(tail + usualBytes);
        }
        int room = ring.reserveSome(tail, length);
        ring.put(tail, memory, offset, room);
        tail += room;
        comingBytes -= room;
        peakBytes = (int) Math.max(peakBytes, tail - ring.base());
        return room;
    }

    @Override
    void onNoMemory(long nowNanos) {
        h2.counters.increment(Counter.UPSTREAM_STREAMS_NO_MEMORY);
        fail(nowNanos);
    }

    @Override
    void onDataEnd(boolean endsStream, long nowNanos) {
        comingBytes = 0;
        connection.owes(this);
        tellReadable(nowNanos);
    }

    @Override
    void onEnd(long nowNanos) {
        if (tail == 0 && !endSent && !confirmed) {
            h2.counters.increment(Counter.UPSTREAM_STREAMS_EMPTY);
            fail(nowNanos);
        } else {
            tellReadable(nowNanos);
        }
    }

    @Override
    void onFailed(long nowNanos) {
        if (endReceived) {
            deaf = true; // the answer was whole: RFC 9113 section 8.1
            tellWritable(nowNanos);
        } else {
            fail(nowNanos);
        }
    }

    private void fail(long nowNanos) {
        if (failure == 0) {
            failure = SocketError.RESET;
            deaf = true;
            if (connected) {
                owner.onReady(LinkOwner.READABLE | LinkOwner.WRITABLE | LinkOwner.FAILED, nowNanos);
            }
        }
    }

    @Override
    void onWritable(long nowNanos) {
        tellWritable(nowNanos);
    }

    private void tellReadable(long nowNanos) {
        if (connected && wantsToRead) {
            wantsToRead = false;
            owner.onReady(LinkOwner.READABLE, nowNanos);
        }
    }

    private void tellWritable(long nowNanos) {
        if (connected && wantsToWrite) {
            wantsToWrite = false;
            owner.onReady(LinkOwner.WRITABLE, nowNanos);
        }
    }

    @Override
    boolean owesWindow() {
        return !endReceived && failure == 0 && 2 * unpromised() >= windowBytes;
    }

    /** Bytes that the ring may hold, and neither does nor has promised to. */
    private int unpromised() {
        return windowBytes - heldBytes() - comingBytes - receiveWindow;
    }

    private int heldBytes() {
        return (int) (tail - ring.base());
    }

    @Override
    int owedWindow() {
        boolean fast = heldBytes() < windowBytes / 4; // it is used up as fast as it is given
        if (fast && windowBytes < MAX_WINDOW_BYTES && h2.slab.canSpare(2 * windowBytes)) {
            windowBytes *= 2;
        }
        return unpromised();
    }

    @Override
    void onPatienceOver(long nowNanos) {
        sendEnd();
    }

    private void sendEnd() {
        if (connection != null && !endSent && !deaf) {
            connection.sendEnd(this);
        }
    }

    // what the flow does

    @Override
    public Refusal refusal() {
        return refusal;
    }

    @Override
    public int write(MemorySegment memory, long offset, int length) {
        if (deaf) {
            return SocketError.RESET;
        }
        int sent = connected ? connection.send(this, memory, offset, length) : SocketError.AGAIN;
        wantsToWrite |= sent == SocketError.AGAIN;
        return sent;
    }

    @Override
    public int read(MemorySegment memory, long offset, int length) {
        peekPosition = ring.base();
        int given = peek(memory, offset, length);
        return given > 0 ? discard(given) : given;
    }

    @Override
    public boolean peeks() {
        return true;
    }

    @Override
    public int peekFrom(int position) {
        peekPosition = ring.base() + position;
        return 0;
    }

    @Override
    public int peek(MemorySegment memory, long offset, int length) {
        int given = connected ? (int) Math.min(length, tail - peekPosition) : 0;
        if (given > 0) {
            ring.get(peekPosition, memory, offset, given);
            peekPosition += given;
            return given;
        }
        if (failure != 0 || connected && endReceived) {
            return failure;
        }
        wantsToRead = true;
        return SocketError.AGAIN;
    }

    @Override
    public int discard(int length) {
        int gone = (int) Math.min(length, tail - ring.base());
        ring.release(ring.base() + gone);
        if (ring.base() == tail) {
            usualBytes = 4 * peakBytes < usualBytes ? Math.max(usualBytes / 2, Slab.MIN_BLOCK_BYTES)
                    : Math.max(usualBytes, ring.capacityBytes());
            peakBytes = 0;
            ring.discard();
        }
        peekPosition = Math.max(peekPosition, ring.base());
        if (connection != null) {
            connection.owes(this);
        }
        return gone;
    }

    @Override
    public void finish() {
        if (h2.settings.endDelayNanos() == 0) {
            sendEnd();
        } else {
            h2.ends.touch(this);
        }
    }

    @Override
    public void reset() {
        if (connection != null) {
            connection.cancel(this);
        }
        leave();
    }

    @Override
    public void close() {
        if (endReceived) {
            sendEnd();
        }
        reset();
    }

    private void leave() {
        Patience.forget(this);
        wait.leave();
        ring.discard();
        owner = null;
        h2.recycle(this);
    }
}
