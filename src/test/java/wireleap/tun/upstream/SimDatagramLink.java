package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;

/** A datagram socket of the simulated network. */
public final class SimDatagramLink implements DatagramLink {
    private record Arrived(SimNet.Endpoint from, byte[] datagram) {
    }

    private record Undelivered(SimNet.Endpoint to, int error, int mtu) {
    }

    /** Of IPv4 and UDP. */
    private static final int HEADERS = 28;
    /** Over IPv4. */
    private static final int MOST_BYTES = 65_507;

    private final SimNet net;
    private final LinkOwner owner;
    /** Null: unconnected. */
    private final SimNet.Endpoint peer;
    private final int openResult;
    private final ArrayDeque<Arrived> arrived = new ArrayDeque<>();
    private final ArrayDeque<Undelivered> undelivered = new ArrayDeque<>();
    private boolean closed;
    private boolean mayFragment = true;
    private int trains;

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
                arrive(from, datagram);
            }
        });
    }

    /** A datagram is there at once, in order. */
    public void arrive(SimNet.Endpoint from, byte[] datagram) {
        arrived.add(new Arrived(from, datagram));
        owner.onReady(LinkOwner.READABLE, net.nowNanos());
    }

    /** How often several datagrams were sent in one go. */
    public int trains() {
        return trains;
    }

    @Override
    public int openResult() {
        return openResult;
    }

    @Override
    public int send(long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                    MemorySegment body, long bodyOffset, int bodyLength) {
        alive();
        if (net.datagramError() < 0) {
            return net.datagramError();
        }
        if (headLength + bodyLength > MOST_BYTES) {
            return SocketError.MESSAGE_SIZE;
        }
        if (!mayFragment && HEADERS + headLength + bodyLength > net.mtu()) {
            // as the kernel does, which does not say the port of a socket that is not connected
            undelivered.add(new Undelivered(new SimNet.Endpoint(hi, lo, 0), SocketError.MESSAGE_SIZE, net.mtu()));
            return SocketError.MESSAGE_SIZE;
        }
        byte[] datagram = new byte[headLength + bodyLength];
        MemorySegment.copy(head, ValueLayout.JAVA_BYTE, headOffset, datagram, 0, headLength);
        MemorySegment.copy(body, ValueLayout.JAVA_BYTE, bodyOffset, datagram, headLength, bodyLength);
        SimNet.Endpoint to = peer != null ? peer : new SimNet.Endpoint(hi, lo, port);
        SimNet.DatagramListener listener = net.datagramListener(to);
        net.after(net.delayNanos(), now -> {
            if (listener != null) {
                listener.onDatagram(this, to, datagram);
            } else if (!closed) {
                undelivered.add(new Undelivered(to, SocketError.REFUSED, 0));
                owner.onReady(LinkOwner.FAILED, now);
            }
        });
        return datagram.length;
    }

    @Override
    public int sendTrain(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes) {
        trains++;
        for (int done = 0; done < length; done += segmentBytes) {
            int sent = send(hi, lo, port, memory, 0, 0, memory, offset + done, Math.min(segmentBytes, length - done));
            if (sent < 0) {
                return done == 0 ? sent : done;
            }
        }
        return length;
    }

    @Override
    public void mayFragment(boolean allowed) {
        mayFragment = allowed;
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
        Undelivered next = undelivered.poll();
        if (next == null) {
            return SocketError.AGAIN;
        }
        meta.fill(next.to().hi(), next.to().lo(), next.to().port(), 0);
        meta.mtu(next.mtu());
        return next.error();
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
