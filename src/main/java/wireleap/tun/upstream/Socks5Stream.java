package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;

/** A CONNECT through a SOCKS5 server: a handshake, then nothing but the link. Pooled. */
final class Socks5Stream extends Dial implements UpstreamStream, LinkOwner {
    private final Socks5 socks;
    private final Socks5Handshake handshake;
    private Link link;
    private StreamOwner owner;

    Socks5Stream(Socks5 socks) {
        this.socks = socks;
        this.handshake = new Socks5Handshake(socks);
    }

    void open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        this.owner = owner;
        link = socks.links.connect(socks.settings.hi(), socks.settings.lo(), socks.settings.port(), this);
        handshake.begin(link, Socks5Handshake.CONNECT, hi, lo, port);
        if (handshake.refusal() == Refusal.NONE) {
            socks.streamDials.add(this, nowNanos);
        } else {
            socks.counters.increment(handshake.refusal().counter());
        }
    }

    @Override
    public void onReady(int events, long nowNanos) {
        if (handshake.isDone()) {
            owner.onReady(events, nowNanos);
        } else if (handshake.refusal() == Refusal.NONE) {
            handshake.proceed(nowNanos);
            tell(nowNanos);
        }
    }

    @Override
    void onSilence(long nowNanos) {
        handshake.onSilence();
        tell(nowNanos);
    }

    private void tell(long nowNanos) {
        if (handshake.isDone()) {
            socks.streamDials.remove(this);
            socks.counters.increment(Counter.UPSTREAM_CONNECTED);
            owner.onConnected(nowNanos);
        } else if (handshake.refusal() != Refusal.NONE) {
            socks.streamDials.remove(this);
            socks.counters.increment(handshake.refusal().counter());
            owner.onRefused(nowNanos);
        }
    }

    @Override
    public Refusal refusal() {
        return handshake.refusal();
    }

    @Override
    public int write(MemorySegment memory, long offset, int length) {
        return handshake.isDone() ? link.send(memory, offset, length) : SocketError.AGAIN;
    }

    @Override
    public int read(MemorySegment memory, long offset, int length) {
        return handshake.isDone() ? link.recv(memory, offset, length) : SocketError.AGAIN;
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
        socks.streamDials.remove(this);
        link = null;
        owner = null;
        socks.streams.give(this);
    }
}
