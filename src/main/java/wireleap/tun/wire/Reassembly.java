package wireleap.tun.wire;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;

/**
 * Puts datagrams together from fragments of either version: RFC 791 section 3.2, RFC 815, RFC 8200 section 4.5. One a
 * loop. Datagrams in progress, their memory and their time are bounded; the oldest make place for younger ones.
 *
 * <p>Fragments that overlap, other than by bringing the same bytes again, lose the whole datagram (RFC 5722 section 4,
 * here for IPv4 too), and those of it that are still to come are dropped until its time is over.
 */
public final class Reassembly {
    private final Slab slab;
    private final int maxBytes;
    private final long timeoutNanos;
    private final Counters counters;
    /** Those before {@link #count} are in progress, in no order; the others are idle and own no memory. */
    private final PartialDatagram[] datagrams;
    private int count;
    private int usedBytes;
    /** What {@link #add} or {@link #expire} has given out, idle but for its memory; or null. */
    private PartialDatagram result;
    private int resultLength;

    /**
     * An empty one.
     *
     * @param maxDatagrams in progress at a time, 1 or more
     * @param maxBytes of the slab that they may use at a time
     * @param timeoutNanos from the first fragment that comes, such as 30 s
     */
    public Reassembly(Slab slab, int maxDatagrams, int maxBytes, long timeoutNanos, Counters counters) {
        this.slab = slab;
        this.maxBytes = maxBytes;
        this.timeoutNanos = timeoutNanos;
        this.counters = counters;
        this.datagrams = new PartialDatagram[maxDatagrams];
        for (int i = 0; i < maxDatagrams; i++) {
            datagrams[i] = new PartialDatagram(slab);
        }
    }

    /**
     * Takes a fragment; what cannot be kept is dropped and counted.
     *
     * @param fragment for which {@link IpPacket#isFragment} holds
     * @return whether a datagram is complete, to be read by {@link #parse}: it lies at {@link #offset} in
     *         {@link #memory} until the next call of add, expire or release
     */
    public boolean add(IpPacket fragment, long nowNanos) {
        release();
        int length = fragment.payloadLength();
        boolean cutBadly = fragment.moreFragments() && (length & 7) != 0;
        if (length == 0 || cutBadly || fragment.fragmentOffset() + length > 0xffff) {
            counters.increment(Counter.DROP_FRAGMENT);
            return false;
        }
        int index = find(fragment);
        if (index < 0) {
            index = open(fragment, nowNanos);
        }
        PartialDatagram datagram = datagrams[index];
        if (datagram.isPoisoned()) {
            counters.increment(Counter.DROP_FRAGMENT);
            return false;
        }
        int outcome = makeRoom(datagram, datagram.blockBytesWith(fragment)) ? datagram.add(fragment)
                : PartialDatagram.REFUSED;
        switch (outcome) {
            case PartialDatagram.COMPLETE:
                counters.increment(Counter.REASSEMBLED);
                giveOut(datagram, datagram.wholeLength());
                return true;
            case PartialDatagram.CONFLICT:
                counters.increment(Counter.DROP_FRAGMENT_OVERLAP);
                poison(datagram);
                return false;
            case PartialDatagram.REFUSED:
                counters.increment(Counter.DROP_FRAGMENT);
                poison(datagram);
                return false;
            default:
                return false;
        }
    }

    /**
     * Reads the complete datagram, an IP packet without a trace of fragments.
     *
     * @return as {@link IpPacket#parse}; a datagram that turns out to be a fragment of another is BAD_EXTENSIONS
     */
    public int parse(IpPacket packet) {
        int reason = packet.parse(memory(), offset(), resultLength);
        return reason == IpPacket.OK && packet.isFragment() ? IpPacket.BAD_EXTENSIONS : reason;
    }

    /**
     * Gives up one datagram whose time is over; to be called until there is none. Its first fragment, as it came, lies
     * at {@link #offset} until the next call of add, expire or release, for an ICMP error about it; {@link #length} is
     * 0 where it never came.
     *
     * @return false: there was none
     */
    public boolean expire(long nowNanos) {
        release();
        int oldest = oldest(null, false);
        if (oldest < 0 || datagrams[oldest].deadlineNanos() - nowNanos > 0) {
            return false;
        }
        PartialDatagram datagram = datagrams[oldest];
        counters.increment(Counter.REASSEMBLY_TIMED_OUT);
        giveOut(datagram, datagram.firstFragmentLength());
        return true;
    }

    /** Datagrams in progress. */
    public int size() {
        return count;
    }

    /** When {@link #expire} will have something to do; Long.MAX_VALUE: never. */
    public long deadlineNanos() {
        int oldest = oldest(null, false);
        return oldest < 0 ? Long.MAX_VALUE : datagrams[oldest].deadlineNanos();
    }

    /** Gives back the memory of what was given out last. */
    public void release() {
        if (result != null) {
            result.freeBlock();
            result = null;
        }
        resultLength = 0;
    }

    /** Forgets everything and gives all memory back. */
    public void clear() {
        release();
        while (count > 0) {
            close(count - 1);
        }
    }

    /** Where datagrams lie. */
    public MemorySegment memory() {
        return slab.memory();
    }

    /** Where the packet that was given out last begins. */
    public long offset() {
        return result == null ? 0 : result.headerOffset();
    }

    /** Bytes of the packet that was given out last. */
    public int length() {
        return resultLength;
    }

    /** Datagrams in progress. */
    public int inProgress() {
        return count;
    }

    /** Bytes of the slab that datagrams in progress use. */
    public int usedBytes() {
        return usedBytes;
    }

    private int find(IpPacket fragment) {
        for (int i = 0; i < count; i++) {
            if (datagrams[i].isOf(fragment)) {
                return i;
            }
        }
        return -1;
    }

    private int open(IpPacket fragment, long nowNanos) {
        if (count == datagrams.length) {
            counters.increment(Counter.REASSEMBLY_EVICTED);
            close(oldest(null, false));
        }
        datagrams[count].open(fragment, nowNanos + timeoutNanos);
        return count++;
    }

    private boolean makeRoom(PartialDatagram datagram, int blockBytes) {
        while (usedBytes - datagram.blockBytes() + blockBytes > maxBytes || !grow(datagram, blockBytes)) {
            int oldest = oldest(datagram, true);
            if (oldest < 0) {
                return false;
            }
            counters.increment(Counter.REASSEMBLY_EVICTED);
            close(oldest);
        }
        return true;
    }

    private boolean grow(PartialDatagram datagram, int blockBytes) {
        int before = datagram.blockBytes();
        boolean grown = datagram.grow(blockBytes);
        usedBytes += datagram.blockBytes() - before;
        return grown;
    }

    private void poison(PartialDatagram datagram) {
        usedBytes -= datagram.blockBytes();
        datagram.poison();
    }

    /** The index of the one whose time is over first, but not {@code except}; -1: none. */
    private int oldest(PartialDatagram except, boolean withMemory) {
        int oldest = -1;
        for (int i = 0; i < count; i++) {
            PartialDatagram candidate = datagrams[i];
            boolean fits = candidate != except && (!withMemory || candidate.blockBytes() > 0);
            if (fits && (oldest < 0 || candidate.deadlineNanos() - datagrams[oldest].deadlineNanos() < 0)) {
                oldest = i;
            }
        }
        return oldest;
    }

    private void giveOut(PartialDatagram datagram, int length) {
        remove(datagram);
        result = datagram;
        resultLength = length;
    }

    private void close(int index) {
        PartialDatagram datagram = datagrams[index];
        remove(datagram);
        datagram.freeBlock();
    }

    private void remove(PartialDatagram datagram) {
        usedBytes -= datagram.blockBytes();
        int index = 0;
        while (datagrams[index] != datagram) {
            index++;
        }
        count--;
        datagrams[index] = datagrams[count];
        datagrams[count] = datagram;
    }
}
