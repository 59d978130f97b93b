package wireleap.tun.upstream;

/** A CONNECT through a SOCKS5 server: a handshake, then nothing but the link. */
final class Socks5Stream extends LinkStream {
    private final Socks5 socks;
    private final Socks5Handshake handshake;

    Socks5Stream(Socks5 socks) {
        super(socks.streamDials, socks.counters);
        this.socks = socks;
        this.handshake = new Socks5Handshake(socks);
    }

    void open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        handshake.begin(this, Socks5Handshake.CONNECT, hi, lo, port, nowNanos);
        begin(handshake.link(), owner);
        dialled(nowNanos);
    }

    @Override
    boolean proceed(long nowNanos) {
        handshake.proceed(nowNanos);
        link = handshake.link();
        return handshake.isDone();
    }

    @Override
    void expire() {
        handshake.onSilence();
    }

    @Override
    public Refusal refusal() {
        return handshake.refusal();
    }

    @Override
    void recycle() {
        socks.streams.give(this);
    }
}
