package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Upstream;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.VirtioNetHeader;

/**
 * The core of a loop: packets of the TUN come in, packets for it go out, flows go to the upstream. Everything of a flow is
 * run here to completion, by the loop's one thread, and in this order a turn: packets and socket events, then
 * {@link #endOfTurn}, then {@link #onTimer} when its time has come.
 *
 * <p>What is received from a client goes on at once; what an event announces is fetched at the end of the turn, a bounded
 * amount for each flow, so that no flow starves another. What is left then makes {@link #deadlineNanos} lie in the past.
 */
public final class Stack {
    private final PacketOutput output;
    private final Upstream upstream;
    private final Counters counters;
    private final VirtioNetHeader virtio = new VirtioNetHeader();
    private final IpPacket packet = new IpPacket();

    /**
     * A stack without flows.
     *
     * @param slab where rings, scratch and incomplete datagrams lie; all is given back by {@link #close}
     * @param seed secret, for hashes and sequence numbers
     */
    public Stack(StackSettings settings, Slab slab, PacketOutput output, Upstream upstream, Counters counters,
                 long seed) {
        this.output = output;
        this.upstream = upstream;
        this.counters = counters;
    }

    /**
     * A packet from the TUN, whatever it holds. It is not looked at again after this returns.
     *
     * @param offset where its virtio header begins
     * @param length bytes, the virtio header included
     */
    public void onPacket(MemorySegment memory, long offset, int length, long nowNanos) {
        if (!virtio.wrap(memory, offset, length)) {
            counters.increment(Counter.DROP_TRUNCATED);
            return;
        }
        int reason = packet.parse(memory, offset + VirtioNetHeader.BYTES, length - VirtioNetHeader.BYTES);
        counters.increment(IpPacket.counter(reason));
    }

    /** After a batch of packets and socket events: fetches what is there, sends what is owed. */
    public void endOfTurn(long nowNanos) {
        output.headers();
    }

    /** Does what is due; may be called at any time. */
    public void onTimer(long nowNanos) {
        upstream.onTimer(nowNanos);
    }

    /** When {@link #endOfTurn} and {@link #onTimer} have to be called at the latest: in the past, at once; or never. */
    public long deadlineNanos() {
        return upstream.deadlineNanos();
    }

    /** Resets the flows to these destinations at once, so that their applications connect anew. */
    public void resetMatching(AddressFilter filter, long nowNanos) {
    }

    /** Resets all flows and gives everything back; the upstream is closed too. */
    public void close(long nowNanos) {
        upstream.close();
    }

    /** TCP flows that there are. */
    public int tcpFlows() {
        return 0;
    }

    /** UDP sessions that there are. */
    public int udpSessions() {
        return 0;
    }
}
