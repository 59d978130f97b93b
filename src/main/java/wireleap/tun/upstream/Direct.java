package wireleap.tun.upstream;

import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Pool;

/** The upstream that is none: every flow gets a socket of its own, straight to its target. */
public final class Direct implements Upstream {
    private static final int IDLE_OBJECTS = 1 << 12;

    final Links links;
    final Counters counters;
    final DialQueue dials;
    final Pool<DirectStream> streams = new Pool<>(() -> new DirectStream(this), IDLE_OBJECTS);
    final Pool<DirectSession> sessions = new Pool<>(() -> new DirectSession(this), IDLE_OBJECTS);

    /**
     * Nothing is opened yet.
     *
     * @param dialTimeoutNanos how long a target may be silent until it counts as unreachable
     */
    public Direct(Links links, long dialTimeoutNanos, Counters counters) {
        this.links = links;
        this.counters = counters;
        this.dials = new DialQueue(dialTimeoutNanos);
    }

    @Override
    public UpstreamStream open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        counters.increment(Counter.UPSTREAM_DIALS);
        DirectStream stream = streams.take();
        stream.open(hi, lo, port, owner, nowNanos);
        return stream;
    }

    @Override
    public DatagramSession datagrams(boolean v6, DatagramOwner owner, long nowNanos) {
        DirectSession session = sessions.take();
        session.open(v6, owner);
        return session;
    }

    @Override
    public boolean carriesDatagrams(long nowNanos) {
        return true;
    }

    @Override
    public UpstreamStatus status() {
        return UpstreamStatus.UP;
    }

    @Override
    public int dialling() {
        return dials.size();
    }

    @Override
    public long deadlineNanos() {
        return dials.deadlineNanos();
    }

    @Override
    public void onTimer(long nowNanos) {
        dials.onTimer(nowNanos);
    }

    @Override
    public void close() {
        // holds nothing
    }
}
