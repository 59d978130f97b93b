package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;

/** A datagram socket of the simulated network. */
public final class SimDatagramLink implements DatagramLink {
    private record Arrived(SimNet.Endpoint from, byte[] datagram) {
    }

    private final SimNet net;
    private final LinkOwner owner;
    /** Null: unconnected. */
    private final SimNet.Endpoint peer;
    private final int openResult;
    private final ArrayDeque<Arrived> arrived = new ArrayDeque<>();
    private final ArrayDeque<SimNet.Endpoint> unreachable = new ArrayDeque<>();
    private boolean closed;

    SimDatagramLink(SimNet net, LinkOwner owner, SimNet.Endpoint peer, int openResult) {
        this.net = net;
        this.owner = owner;
        this.peer = peer;
        this.openResult = openResult;
    }

    /** A datagram comes in from an address; a connected link drops what its peer has not sent. */
    public void deliver(SimNet.Endpoint from, byte[] datagram) {
        if (peer != null && !peer.equals(from)) {
            return;
        }
        net.after(net.delayNanos(), now -> {
            if (!closed) {
                arrived.add(new Arrived(from, datagram));
                owner.onReady(LinkOwner.READABLE, now);
            }
        });
    }

    @Override
    public int openResult() {
        return openResult;
    }

    @Override
    public int send(long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                    MemorySegment body, long bodyOffset, int bodyLength) {
        alive();
        byte[] datagram = new byte[headLength + bodyLength];
        MemorySegment.copy(head, ValueLayout.JAVA_BYTE, headOffset, datagram, 0, headLength);
        MemorySegment.copy(body, ValueLayout.JAVA_BYTE, bodyOffset, datagram, headLength, bodyLength);
        SimNet.Endpoint to = peer != null ? peer : new SimNet.Endpoint(hi, lo, port);
        SimNet.DatagramListener listener = net.datagramListener(to);
        net.after(net.delayNanos(), now -> {
            if (listener != null) {
                listener.onDatagram(this, to, datagram);
            } else if (!closed) {
                unreachable.add(to);
                owner.onReady(LinkOwner.FAILED, now);
            }
        });
        return datagram.length;
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        alive();
        Arrived next = arrived.poll();
        if (next == null) {
            return SocketError.AGAIN;
        }
        int taken = Math.min(length, next.datagram().length);
        MemorySegment.copy(next.datagram(), 0, memory, ValueLayout.JAVA_BYTE, offset, taken);
        meta.fill(next.from().hi(), next.from().lo(), next.from().port(), offset);
        return taken;
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        alive();
        SimNet.Endpoint to = unreachable.poll();
        if (to == null) {
            return SocketError.AGAIN;
        }
        meta.fill(to.hi(), to.lo(), to.port(), 0);
        return SocketError.REFUSED;
    }

    @Override
    public void close() {
        alive();
        closed = true;
        net.closed();
    }

    private void alive() {
        if (closed) {
            throw new AssertionError("used after close");
        }
    }
}
