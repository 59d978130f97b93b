package wireleap.tun.upstream;

/** A stream of {@link Direct}: connected as soon as its link is. */
final class DirectStream extends LinkStream {
    private final Direct direct;
    private Refusal refusal;

    DirectStream(Direct direct) {
        super(direct.dials, direct.counters);
        this.direct = direct;
    }

    void open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        begin(direct.links.connect(hi, lo, port, this), owner);
        refusal = Refusal.NONE;
        proceed(nowNanos);
        dialled(nowNanos);
    }

    @Override
    boolean proceed(long nowNanos) {
        int result = link.connectResult();
        if (result < 0 && result != SocketError.AGAIN) {
            refusal = Refusal.ofTarget(result);
        }
        return result == 0;
    }

    @Override
    void expire() {
        refusal = Refusal.TIMED_OUT;
    }

    @Override
    public Refusal refusal() {
        return refusal;
    }

    @Override
    void recycle() {
        direct.streams.give(this);
    }
}
