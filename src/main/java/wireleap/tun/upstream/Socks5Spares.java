package wireleap.tun.upstream;

import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Pool;

/**
 * Connections to the server that are made while others are in use, for those to come: a new flow then waits for one
 * round trip, not for three or four. Each message still goes out only after the one before is answered, for some servers
 * take what comes in one segment for one message.
 *
 * <p>There are as many as there were dials in the last {@link #KEPT_NANOS}, less one, and at most as many as is set; one
 * that was not needed for as long is closed. So nothing is kept for a lone dial, nor where nobody dials. A server that
 * closes one, or is slow to make it, is left alone for {@link #PAUSE_NANOS}; not so one whose way is lost with this
 * host's address. What becomes of them is no news of the server: it may just want fewer connections.
 */
final class Socks5Spares {
    static final long KEPT_NANOS = 2_000_000_000L;
    static final long PAUSE_NANOS = 30_000_000_000L;

    private final Socks5 socks;
    private final Pool<Socks5Spare> pool;
    private final Chain<Socks5Spare> making = new Chain<>();
    private final Chain<Socks5Spare> ready = new Chain<>();
    /** When the last dials were, a ring; {@link #dials} of them are filled. */
    private final long[] dialNanos;
    private int dials;
    private int oldestDial;
    /** Since when it is to be seen whether more are wanted; Long.MAX_VALUE: there is no need. */
    private long dueNanos = Long.MAX_VALUE;
    private boolean paused;
    private long pausedUntilNanos;

    /** @param most of them at once, 0 or above */
    Socks5Spares(Socks5 socks, int most) {
        this.socks = socks;
        this.pool = new Pool<>(() -> new Socks5Spare(socks), most);
        this.dialNanos = new long[most + 1];
    }

    /** Somebody dials: a connection on which nothing but the request is missing, now the owner's; or null. */
    Link take(LinkOwner owner, long nowNanos) {
        dialNanos[oldestDial] = nowNanos;
        oldestDial = (oldestDial + 1) % dialNanos.length;
        dials = Math.min(dials + 1, dialNanos.length);
        dueNanos = nowNanos;
        Socks5Spare spare = ready.oldest();
        if (spare == null) {
            return null;
        }
        socks.counters.increment(Counter.UPSTREAM_SPARES_USED);
        Link link = spare.link();
        link.passTo(owner);
        forget(spare);
        return link;
    }

    /** At once after a dial, so that they are made as soon as its own message is on its way. */
    long deadlineNanos() {
        return Math.min(dueNanos, Math.min(deadlineNanos(making), deadlineNanos(ready)));
    }

    private static long deadlineNanos(Chain<Socks5Spare> spares) {
        return spares.size() == 0 ? Long.MAX_VALUE : spares.oldest().deadlineNanos;
    }

    void onTimer(long nowNanos) {
        while (deadlineNanos(making) <= nowNanos) {
            lost(making.oldest(), SocketError.TIMED_OUT, nowNanos);
        }
        while (deadlineNanos(ready) <= nowNanos) {
            socks.counters.increment(Counter.UPSTREAM_SPARES_UNUSED);
            close(ready.oldest());
        }
        if (dueNanos <= nowNanos) {
            dueNanos = Long.MAX_VALUE;
            makeWanted(nowNanos);
        }
    }

    private void makeWanted(long nowNanos) {
        paused &= nowNanos - pausedUntilNanos < 0;
        int wanted = socks.status() == UpstreamStatus.UP ? recentDials(nowNanos) - 1 : 0;
        for (int i = making.size() + ready.size(); i < wanted && !paused; i++) {
            Socks5Spare spare = pool.take();
            add(spare, making, nowNanos);
            if (!spare.begin()) {
                lost(spare, spare.linkEnd(), nowNanos);
            }
        }
    }

    private int recentDials(long nowNanos) {
        int recent = 0;
        for (int i = 0; i < dials; i++) {
            recent += nowNanos - dialNanos[i] < KEPT_NANOS ? 1 : 0;
        }
        return recent;
    }

    private static void add(Socks5Spare spare, Chain<Socks5Spare> to, long nowNanos) {
        spare.deadlineNanos = nowNanos + KEPT_NANOS;
        to.add(spare.place);
    }

    /** One can be used, or still can. */
    void isReady(Socks5Spare spare, long nowNanos) {
        if (!spare.place.isIn(ready)) {
            add(spare, ready, nowNanos);
        }
    }

    /** One could not be made, or is gone: with this SocketError, or 0, closed by the server. */
    void lost(Socks5Spare spare, int linkEnd, long nowNanos) {
        close(spare);
        lost(linkEnd != SocketError.ADDRESS_GONE, nowNanos);
    }

    /** One that was taken has ended, as above, before the server said anything to the request. */
    void lostInUse(int linkEnd, long nowNanos) {
        lost(linkEnd != SocketError.ADDRESS_GONE && linkEnd != 0, nowNanos); // some servers refuse a target by closing
    }

    private void lost(boolean pauses, long nowNanos) {
        socks.counters.increment(Counter.UPSTREAM_SPARES_LOST);
        if (pauses) {
            paused = true;
            pausedUntilNanos = nowNanos + PAUSE_NANOS;
        }
    }

    void close() {
        closeAll(making);
        closeAll(ready);
        dueNanos = Long.MAX_VALUE;
    }

    private void closeAll(Chain<Socks5Spare> spares) {
        while (spares.size() > 0) {
            close(spares.oldest());
        }
    }

    private void close(Socks5Spare spare) {
        spare.link().close();
        forget(spare);
    }

    private void forget(Socks5Spare spare) {
        spare.place.leave();
        pool.give(spare);
    }
}
