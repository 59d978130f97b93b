package wireleap.tun.flow;

import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.wire.IpPacket;

/**
 * Which loop has a packet to do with, and how it gets there; one a stack. The package's description says why it is so.
 *
 * <p>A packet that is given carries a note: what is known of it besides its bytes.
 *
 * <pre>
 *   31      24 23   18        17           16      15                 0
 *  | origin   |   0   | may fragment | trusted | bytes a segment or 0 |
 * </pre>
 */
final class Ownership {
    private static final int TRUSTED = 1 << 16;
    private static final int MAY_FRAGMENT = 1 << 17;
    private static final int ORIGIN_SHIFT = 24;

    private final Siblings siblings;
    private final Counters counters;
    private final int loops;
    private final int self;
    /** The loop that read the present packet. */
    private int origin;

    Ownership(Siblings siblings, Counters counters) {
        this.siblings = siblings;
        this.counters = counters;
        this.loops = siblings.count();
        this.self = siblings.self();
        this.origin = self;
    }

    /** How many loops there are. */
    int loops() {
        return loops;
    }

    static boolean isTrusted(int note) {
        return (note & TRUSTED) != 0;
    }

    static boolean mayFragment(int note) {
        return (note & MAY_FRAGMENT) != 0;
    }

    static int segmentBytes(int note) {
        return note & 0xffff;
    }

    /** The packets to come are what this note says, until {@link #endGiven}. */
    void beginGiven(int note) {
        origin = note >>> ORIGIN_SHIFT;
    }

    /** The packets to come are again what this loop has read. */
    void endGiven() {
        origin = self;
    }

    /** Gives away a packet about a client's port whose session is another loop's. True: it is no longer ours. */
    boolean giveToSession(IpPacket packet, long clientHi, long clientLo, int clientPort, int segmentBytes,
                          boolean mayFragment) {
        return loops > 1 && giveTo(owner(clientHi, clientLo, clientPort), packet,
                segmentBytes | TRUSTED | (mayFragment ? MAY_FRAGMENT : 0));
    }

    /** Gives away a fragment if another loop puts its datagram together. True: it is no longer ours. */
    boolean giveToReassembly(IpPacket fragment) {
        return loops > 1 && giveTo(owner(fragment.srcHi() ^ Long.rotateLeft(fragment.dstHi(), 32),
                fragment.srcLo() ^ Long.rotateLeft(fragment.dstLo(), 32), fragment.identification()), fragment, 0);
    }

    /** Gives away a segment of no flow to the next loop that might know it. False: none does. */
    boolean giveOn(IpPacket segment) {
        int next = self + 1 == loops ? 0 : self + 1;
        return next != origin && giveTo(next, segment, origin << ORIGIN_SHIFT | TRUSTED);
    }

    private boolean giveTo(int loop, IpPacket packet, int note) {
        if (loop == self) {
            return false;
        }
        counters.increment(siblings.give(loop, packet, note) ? Counter.GIVEN : Counter.DROP_GIVEN);
        return true;
    }

    /** The same on all loops. Without a secret: who makes all his own sessions meet in one loop has only that much of it. */
    private int owner(long a, long b, int c) {
        long mixed = (a * 0x9e3779b97f4a7c15L + b) * 0xbf58476d1ce4e5b9L + c;
        mixed = (mixed ^ mixed >>> 32) * 0x94d049bb133111ebL;
        return (int) ((mixed >>> 32) * loops >>> 32);
    }
}
