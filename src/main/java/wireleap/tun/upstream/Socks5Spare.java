package wireleap.tun.upstream;

import wireleap.tun.mem.Chain;

/** A connection to the server that is made, greeted and logged in before anybody needs it. Pooled by its keeper. */
final class Socks5Spare implements LinkOwner {
    /** Its place among those that are being made, or among those that can be used. */
    final Chain.Link<Socks5Spare> place = new Chain.Link<>(this);
    /** When it is given up, unless it has come further by then. */
    long deadlineNanos;
    private final Socks5 socks;
    private final Socks5Handshake handshake;

    Socks5Spare(Socks5 socks) {
        this.socks = socks;
        this.handshake = new Socks5Handshake(socks);
    }

    /** Whether it could be begun; it has to be closed all the same. */
    boolean begin() {
        handshake.prepare(this);
        return handshake.refusal() == Refusal.NONE;
    }

    @Override
    public void onReady(int events, long nowNanos) {
        handshake.proceed(nowNanos);
        if (handshake.refusal() != Refusal.NONE) {
            socks.spares.lost(this, linkEnd(), nowNanos);
        } else if (handshake.isPrepared()) {
            int heard = link().recv(socks.memory(), socks.scratch(), 1);
            if (heard == SocketError.AGAIN) {
                socks.spares.isReady(this, nowNanos);
            } else { // nothing is to be heard before the request, but that the server has gone
                socks.spares.lost(this, heard, nowNanos);
            }
        }
    }

    /** As {@link Socks5Handshake#linkEnd}. */
    int linkEnd() {
        return handshake.linkEnd();
    }

    Link link() {
        return handshake.link();
    }
}
