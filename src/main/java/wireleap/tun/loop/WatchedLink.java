package wireleap.tun.loop;

import wireleap.tun.os.Sockets;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

/** What stream and datagram sockets share: a descriptor that the poller watches under a slot's number. */
abstract sealed class WatchedLink permits StreamLink, PacketLink {
    protected final SocketLinks links;
    protected final Sockets sockets;
    /** The descriptor; below zero: there is none, and {@link #failure} says why. */
    protected int fd;
    /** 0, or the error that ended this socket for good; never 0 without a descriptor. */
    protected int failure;
    /** Who is told; null once it was closed. */
    LinkOwner owner;
    /** Where {@link SocketLinks} keeps it. */
    int slot;

    WatchedLink(SocketLinks links, Sockets sockets) {
        this.links = links;
        this.sockets = sockets;
    }

    /** Begins a life: with a descriptor, or without one and with the reason why. */
    final void open(int descriptor, int reason, LinkOwner who) {
        fd = descriptor;
        failure = reason;
        owner = who;
    }

    /** The poller has told this, in its words; its owner hears of it next. */
    void told(int events) {
        // It is for who keeps in mind what the poller tells.
    }

    /** Gives slot and object back, after the descriptor was closed. */
    final void release() {
        links.forget(this);
        fd = -1;
        failure = SocketError.OTHER;
        owner = null;
    }

    /** Closes it at once, whatever is unsent, and whoever owns it. */
    abstract void discard();
}
