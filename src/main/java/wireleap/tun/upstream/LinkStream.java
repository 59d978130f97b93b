package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;

/** A stream that is a link of its own, from the moment when it is connected through; until then a dial. Pooled. */
abstract class LinkStream extends Dial implements UpstreamStream, LinkOwner {
    private final DialQueue dials;
    private final Counters counters;
    private StreamOwner owner;
    private boolean connected;
    /** Null: in the pool. */
    protected Link link;

    LinkStream(DialQueue dials, Counters counters) {
        this.dials = dials;
        this.counters = counters;
    }

    /** Begins a life over a link that has just begun to connect; {@link #refusal} says whether it cannot. */
    final void begin(Link connecting, StreamOwner whom) {
        link = connecting;
        owner = whom;
        connected = false;
    }

    /** To be said once, after it was begun: the way is open to go, or was refused at once. */
    final void dialled(long nowNanos) {
        if (refusal() == Refusal.NONE) {
            dials.add(this, nowNanos);
        } else {
            counters.increment(refusal().counter());
        }
    }

    /**
     * Goes on with connecting: the link has news.
     *
     * @return whether the stream is connected now; if it cannot be any more, {@link #refusal} says so
     */
    abstract boolean proceed(long nowNanos);

    /** It has taken too long: {@link #refusal} says so from now on. */
    abstract void expire();

    /** The link is gone: to the pool. */
    abstract void recycle();

    @Override
    public final void onReady(int events, long nowNanos) {
        if (connected) {
            owner.onReady(events, nowNanos);
        } else if (refusal() == Refusal.NONE) {
            connected = proceed(nowNanos);
            tell(nowNanos);
        }
    }

    @Override
    final void onSilence(long nowNanos) {
        expire();
        tell(nowNanos);
    }

    private void tell(long nowNanos) {
        if (connected) {
            dials.remove(this);
            counters.increment(Counter.UPSTREAM_CONNECTED);
            owner.onConnected(nowNanos);
        } else if (refusal() != Refusal.NONE) {
            dials.remove(this);
            counters.increment(refusal().counter());
            owner.onRefused(nowNanos);
        }
    }

    @Override
    public final int write(MemorySegment memory, long offset, int length) {
        return connected ? link.send(memory, offset, length) : SocketError.AGAIN;
    }

    @Override
    public final int read(MemorySegment memory, long offset, int length) {
        return connected ? link.recv(memory, offset, length) : SocketError.AGAIN;
    }

    @Override
    public final boolean peeks() {
        return link.peeks();
    }

    @Override
    public final int peekFrom(int position) {
        return link.peekFrom(position);
    }

    @Override
    public final int peek(MemorySegment memory, long offset, int length) {
        return connected ? link.peek(memory, offset, length) : SocketError.AGAIN;
    }

    @Override
    public final int discard(int length) {
        return link.discard(length);
    }

    @Override
    public final void finish() {
        link.shutdownWrite();
    }

    @Override
    public final void reset() {
        link.reset();
        leave();
    }

    @Override
    public final void close() {
        link.close();
        leave();
    }

    private void leave() {
        dials.remove(this);
        link = null;
        owner = null;
        recycle();
    }
}
