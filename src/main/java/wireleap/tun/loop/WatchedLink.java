package wireleap.tun.loop;

import wireleap.tun.os.Sockets;
import wireleap.tun.upstream.LinkOwner;

/** What stream and datagram sockets share: a descriptor that the poller watches under a slot's number. */
abstract sealed class WatchedLink permits StreamLink, PacketLink {
    protected final SocketLinks links;
    protected final Sockets sockets;
    /** The descriptor; below zero: there is none, and {@link #failure} says why. */
    protected int fd;
    /** 0, or the error that ended this socket for good. */
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
}
