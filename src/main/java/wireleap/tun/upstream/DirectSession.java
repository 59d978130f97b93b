package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;

/** A session of {@link Direct}: one socket that speaks to anybody. Pooled. */
final class DirectSession implements DatagramSession, LinkOwner {
    private final Direct direct;
    private DatagramLink link;
    private DatagramOwner owner;
    private Refusal refusal;

    DirectSession(Direct direct) {
        this.direct = direct;
    }

    void open(boolean v6, DatagramOwner owner) {
        this.owner = owner;
        link = direct.links.datagrams(v6, this);
        int result = link.openResult();
        refusal = result == 0 ? Refusal.NONE : Refusal.ofTarget(result);
    }

    @Override
    public void onReady(int events, long nowNanos) {
        owner.onReady(events, nowNanos);
    }

    @Override
    public Refusal refusal() {
        return refusal;
    }

    @Override
    public boolean isOpen() {
        return refusal == Refusal.NONE;
    }

    @Override
    public int send(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes,
                    boolean mayFragment) {
        link.mayFragment(mayFragment);
        return length <= segmentBytes ? link.send(hi, lo, port, memory, 0, 0, memory, offset, length)
                : link.sendTrain(hi, lo, port, memory, offset, length, segmentBytes);
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        return link.recv(meta, memory, offset, length);
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        return link.unreachable(meta);
    }

    @Override
    public void close() {
        link.close();
        link = null;
        owner = null;
        direct.sessions.give(this);
    }
}
