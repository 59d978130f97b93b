package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;

/** A stream of {@link Direct}: a link, and whether it is connected. Pooled. */
final class DirectStream extends Dial implements UpstreamStream, LinkOwner {
    private final Direct direct;
    private Link link;
    private StreamOwner owner;
    private boolean connected;
    private Refusal refusal;

    DirectStream(Direct direct) {
        this.direct = direct;
    }

    void open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        this.owner = owner;
        connected = false;
        refusal = Refusal.NONE;
        link = direct.links.connect(hi, lo, port, this);
        int result = link.connectResult();
        if (result < 0 && result != SocketError.AGAIN) {
            refuse(Refusal.ofTarget(result));
        } else {
            direct.dials.add(this, nowNanos);
        }
    }

    @Override
    public void onReady(int events, long nowNanos) {
        if (connected) {
            owner.onReady(events, nowNanos);
        } else if (refusal == Refusal.NONE) {
            settle(link.connectResult(), nowNanos);
        }
    }

    private void settle(int result, long nowNanos) {
        if (result == SocketError.AGAIN) {
            return;
        }
        direct.dials.remove(this);
        if (result == 0) {
            connected = true;
            direct.counters.increment(Counter.UPSTREAM_CONNECTED);
            owner.onConnected(nowNanos);
        } else {
            refuse(Refusal.ofTarget(result));
            owner.onRefused(nowNanos);
        }
    }

    @Override
    void onSilence(long nowNanos) {
        refuse(Refusal.TIMED_OUT);
        owner.onRefused(nowNanos);
    }

    private void refuse(Refusal why) {
        refusal = why;
        direct.counters.increment(why.counter());
    }

    @Override
    public Refusal refusal() {
        return refusal;
    }

    @Override
    public int write(MemorySegment memory, long offset, int length) {
        return connected ? link.send(memory, offset, length) : SocketError.AGAIN;
    }

    @Override
    public int read(MemorySegment memory, long offset, int length) {
        return connected ? link.recv(memory, offset, length) : SocketError.AGAIN;
    }

    @Override
    public void finish() {
        link.shutdownWrite();
    }

    @Override
    public void reset() {
        link.reset();
        recycle();
    }

    @Override
    public void close() {
        link.close();
        recycle();
    }

    private void recycle() {
        direct.dials.remove(this);
        link = null;
        owner = null;
        direct.streams.give(this);
    }
}
