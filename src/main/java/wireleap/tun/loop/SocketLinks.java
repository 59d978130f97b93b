package wireleap.tun.loop;

import java.util.Arrays;
import java.util.stream.IntStream;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Pool;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sockets;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.SocketError;

/**
 * The sockets of a loop. Each is watched by the poller under a number made of its slot and of how often that slot was used,
 * so that an event which was fetched before its socket was closed reaches nobody.
 */
final class SocketLinks implements Links {
    private static final int INTEREST = Poller.READABLE | Poller.WRITABLE | Poller.EDGE_TRIGGERED;
    private static final int KEPT_IDLE = 4096;
    private static final int FIRST_SLOTS = 256;
    private static final int NO_PORT = -Errno.EADDRINUSE.number();
    private static final int GENERATION_MASK = 0x7fff_ffff;

    private final Sockets sockets;
    private final Poller poller;
    private final Counters counters;
    private final SpentPorts spent = new SpentPorts();
    private final Endpoint local = new Endpoint();
    private final Pool<StreamLink> streams = new Pool<>(this::newStream, KEPT_IDLE);
    private final Pool<PacketLink> packets = new Pool<>(this::newPacket, KEPT_IDLE);
    /** By slot: the open socket, or null. */
    private WatchedLink[] open = new WatchedLink[FIRST_SLOTS];
    /** By slot: how often it was used, modulo 2^31. */
    private int[] generations = new int[FIRST_SLOTS];
    /** Slots that are free, the first freeCount of them. */
    private int[] free = new int[FIRST_SLOTS];
    private int freeCount;

    SocketLinks(Sockets sockets, Poller poller, Counters counters) {
        this.sockets = sockets;
        this.poller = poller;
        this.counters = counters;
        addFree(0);
    }

    private StreamLink newStream() {
        return new StreamLink(this, sockets);
    }

    private PacketLink newPacket() {
        return new PacketLink(this, sockets);
    }

    @Override
    public Link connect(long hi, long lo, int port, LinkOwner owner) {
        var link = streams.take();
        link.begin(sockets.peeks(!Endpoint.isIpv4(hi, lo)), hi, lo, port);
        watch(link, dial(hi, lo, port), owner);
        return link;
    }

    /** From a port of the kernel's choice, unless it has few or none left for this target. */
    private int dial(long hi, long lo, int port) {
        var fd = spent.areMany() ? dialAgain(hi, lo, port) : NO_PORT;
        fd = fd >= 0 ? fd : sockets.connect(hi, lo, port);
        return fd == NO_PORT ? dialAgain(hi, lo, port) : fd;
    }

    /** From the port that has led to this target longest ago. */
    private int dialAgain(long hi, long lo, int port) {
        var localPort = spent.take(hi, lo, port);
        var fd = localPort > 0 ? sockets.connectFrom(localPort, hi, lo, port) : NO_PORT;
        if (fd < 0) {
            return NO_PORT;
        }
        counters.increment(Counter.UPSTREAM_PORTS_REUSED);
        return fd;
    }

    /** A stream has come to its end and is about to be closed: its port may be used again. */
    void spend(int fd, long hi, long lo, int port) {
        if (sockets.local(fd, local) >= 0) {
            spent.add(hi, lo, port, local.port());
        }
    }

    @Override
    public DatagramLink datagrams(boolean v6, LinkOwner owner) {
        var link = packets.take().of(false, v6);
        watch(link, sockets.datagrams(v6), owner);
        return link;
    }

    @Override
    public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
        var link = packets.take().of(true, !Endpoint.isIpv4(hi, lo));
        watch(link, sockets.connectedDatagrams(hi, lo, port), owner);
        return link;
    }

    /** Begins the link's life with what a call of {@link Sockets} gave: a descriptor, or minus errno. */
    private void watch(WatchedLink link, int fd, LinkOwner owner) {
        link.slot = takeSlot();
        open[link.slot] = link;
        if (fd < 0) {
            link.open(-1, SocketErrors.of(fd), owner);
            return;
        }
        var added = poller.add(fd, INTEREST, datum(link.slot));
        if (added < 0) {
            sockets.close(fd);
            link.open(-1, SocketErrors.of(added), owner);
            return;
        }
        link.open(fd, 0, owner);
    }

    /** Tells the owner of the socket that a poller's event is about, if it still is open. */
    void tell(long datum, int events, long nowNanos) {
        var slot = (int) datum;
        var link = open[slot];
        if (link == null || datum != datum(slot)) {
            return;
        }
        link.told(events);
        var told = 0;
        if ((events & (Poller.READABLE | Poller.ENDED | Poller.URGENT)) != 0) {
            told |= LinkOwner.READABLE;
        }
        if ((events & Poller.WRITABLE) != 0) {
            told |= LinkOwner.WRITABLE;
        }
        if ((events & Poller.FAILED) != 0) {
            told |= LinkOwner.FAILED | LinkOwner.READABLE | LinkOwner.WRITABLE;
        }
        link.owner.onReady(told, nowNanos);
    }

    /**
     * An owner has failed at an event: its stream fails too, if it still is open, so that the flow comes to an end. A
     * datagram socket is only told of: its session has ended by itself.
     */
    void fail(long datum, long nowNanos) {
        var slot = (int) datum;
        var link = open[slot];
        if (link != null && datum == datum(slot)) {
            link.failure = SocketError.OTHER;
            tell(datum, Poller.FAILED, nowNanos);
        }
    }

    /** The streams that are open now, by the numbers under which they are watched. */
    long[] streams() {
        return IntStream.range(0, open.length).filter(slot -> open[slot] instanceof StreamLink link && link.fd >= 0)
            .mapToLong(this::datum).toArray();
    }

    /** Whether a stream is open still, and its own address is this one. */
    boolean isFrom(long datum, long hi, long lo) {
        var link = open[(int) datum];
        return link != null && datum == datum((int) datum) && sockets.local(link.fd, local) >= 0
            && local.hi() == hi && local.lo() == lo;
    }

    /**
     * Whether a stream is open still, and the kernel would choose another address of this host's than its own for the way
     * to its target now; where there is no way now, one may come back.
     */
    boolean hasMoved(long datum) {
        if (!(open[(int) datum] instanceof StreamLink link) || datum != datum((int) datum)) {
            return false;
        }
        var probe = sockets.connectedDatagrams(link.targetHi(), link.targetLo(), link.targetPort());
        if (probe < 0) {
            return false;
        }
        var known = sockets.local(probe, local);
        sockets.close(probe);
        return known >= 0 && !isFrom(datum, local.hi(), local.lo());
    }

    /** A stream has lost its way: it fails, if it still is open, and its owner is told. */
    void lose(long datum, long nowNanos) {
        var link = open[(int) datum];
        if (link != null && datum == datum((int) datum)) {
            counters.increment(Counter.UPSTREAM_WAYS_LOST);
            link.failure = SocketError.ADDRESS_GONE;
            tell(datum, Poller.FAILED, nowNanos);
        }
    }

    /** Frees the slot of a link: events that were fetched for it already reach nobody any more. */
    void forget(WatchedLink link) {
        if (open[link.slot] != link) {
            throw new AssertionError("a link was closed twice");
        }
        open[link.slot] = null;
        generations[link.slot] = generations[link.slot] + 1 & GENERATION_MASK;
        free[freeCount++] = link.slot;
    }

    /** Closes every socket that is still open, whoever owns it. */
    void closeAll() {
        for (var link : open) {
            if (link != null) {
                link.discard();
            }
        }
    }

    /** It may be used for another socket. */
    void recycle(StreamLink link) {
        streams.give(link);
    }

    /** It may be used for another socket. */
    void recycle(PacketLink link) {
        packets.give(link);
    }

    private long datum(int slot) {
        return (long) generations[slot] << Integer.SIZE | slot;
    }

    private int takeSlot() {
        if (freeCount == 0) {
            var used = open.length;
            open = Arrays.copyOf(open, 2 * used);
            generations = Arrays.copyOf(generations, 2 * used);
            free = new int[2 * used];
            addFree(used);
        }
        return free[--freeCount];
    }

    private void addFree(int first) {
        for (var slot = open.length - 1; slot >= first; slot--) {
            free[freeCount++] = slot;
        }
    }
}
