package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Counter;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.DatagramOwner;
import wireleap.tun.upstream.DatagramSession;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;

/**
 * A UDP session: a stream for each target that its client speaks to, opened by the first datagram there, gone after a
 * while of silence. Pooled by {@link H2c}.
 */
final class Session implements DatagramSession {
    private static final int MAX_TARGETS = 256;

    /** In the list of sessions that wait for a connection. */
    final Chain.Link<Session> wait = new Chain.Link<>(this);
    private final H2c h2;
    private final Chain<TargetStream> targets = new Chain<>();
    private final Chain<TargetStream> readable = new Chain<>();
    /** The one that was sent to last, or null. */
    private TargetStream last;
    private DatagramOwner owner;
    private Refusal refusal;
    private boolean open;
    private boolean wantsToRead;

    Session(H2c h2) {
        this.h2 = h2;
    }

    void begin(DatagramOwner owner) {
        this.owner = owner;
        refusal = Refusal.NONE;
        open = false;
        wantsToRead = true;
        last = null;
    }

    /** A connection stands. */
    void open() {
        open = true;
        h2.counters.increment(Counter.UPSTREAM_CONNECTED);
    }

    void refuse(Refusal why) {
        refusal = why;
        h2.counters.increment(why.counter());
    }

    void tell(long nowNanos) {
        if (open) {
            owner.onOpened(nowNanos);
        } else {
            owner.onEnded(nowNanos);
        }
    }

    /** A target has a datagram for the client. */
    void came(TargetStream target, long nowNanos) {
        if (!target.readable.isIn(readable)) {
            readable.add(target.readable);
        }
        if (wantsToRead) {
            wantsToRead = false;
            owner.onReady(LinkOwner.READABLE, nowNanos);
        }
    }

    /** A target's stream is over: what has come is still there, the next datagram opens another. */
    void ended(TargetStream target) {
        last = last == target ? null : last;
        if (target.hasDatagram()) {
            target.use.leave(); // found no more, gone when it is empty
        } else {
            target.end();
        }
    }

    /** Nothing was said to or by a target for a while. */
    void forget(TargetStream target) {
        last = last == target ? null : last;
        target.end();
    }

    @Override
    public Refusal refusal() {
        return refusal;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public int send(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes,
                    boolean mayFragment) {
        TargetStream target = targetAt(hi, lo, port);
        if (target == null) {
            return SocketError.AGAIN;
        }
        int done = 0;
        do {
            int piece = Math.min(length - done, segmentBytes);
            int sent = target.send(memory, offset + done, piece);
            if (sent < 0) {
                return done > 0 ? done : sent;
            }
            done += piece;
        } while (done < length);
        return done;
    }

    /** The stream to a target, opened now if need be; null: it cannot be. */
    private TargetStream targetAt(long hi, long lo, int port) {
        if (last != null && last.leadsTo(hi, lo, port)) {
            return last;
        }
        for (TargetStream target = targets.oldest(); target != null; target = target.use.younger()) {
            if (target.leadsTo(hi, lo, port)) {
                targets.add(target.use);
                last = target;
                return target;
            }
        }
        if (targets.size() >= MAX_TARGETS) {
            forget(targets.oldest());
        }
        TargetStream target = h2.openTarget(this, hi, lo, port);
        if (target != null) {
            targets.add(target.use);
            last = target;
        }
        return target;
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        TargetStream target = readable.oldest();
        if (target == null) {
            wantsToRead = true;
            return SocketError.AGAIN;
        }
        int given = target.take(meta, memory, offset, length);
        target.readable.leave();
        if (target.hasDatagram()) {
            readable.add(target.readable);
        } else if (!target.use.isIn(targets)) {
            target.end();
        }
        return given;
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        return SocketError.AGAIN;
    }

    @Override
    public void close() {
        for (TargetStream target = targets.oldest(); target != null; target = targets.oldest()) {
            target.end();
        }
        for (TargetStream target = readable.oldest(); target != null; target = readable.oldest()) {
            target.end();
        }
        wait.leave();
        open = false;
        owner = null;
        last = null;
        h2.recycle(this);
    }
}
