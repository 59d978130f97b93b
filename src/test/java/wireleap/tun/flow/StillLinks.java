package wireleap.tun.flow;

import java.lang.foreign.MemorySegment;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Links;
import wireleap.tun.upstream.SocketError;

/** Sockets that allocate nothing: they take everything, and give as much as a test says. */
final class StillLinks implements Links, Link, DatagramLink {
    LinkOwner owner;
    long sent;
    /** Bytes, or datagrams, that can still be received. */
    long receivable;
    int datagramBytes = 1000;
    long datagramFrom = World.TARGET;
    /** Whether streams are peeked at, which counts as receiving. */
    boolean peeks = true;
    /** Whether sending answers AGAIN. */
    boolean blocked;

    @Override
    public Link connect(long hi, long lo, int port, LinkOwner owner) {
        this.owner = owner;
        return this;
    }

    @Override
    public DatagramLink datagrams(boolean v6, LinkOwner owner) {
        this.owner = owner;
        return this;
    }

    @Override
    public DatagramLink connectedDatagrams(long hi, long lo, int port, LinkOwner owner) {
        this.owner = owner;
        return this;
    }

    @Override
    public int connectResult() {
        return 0;
    }

    @Override
    public int send(MemorySegment memory, long offset, int length) {
        if (blocked) {
            return SocketError.AGAIN;
        }
        sent += length;
        return length;
    }

    @Override
    public int recv(MemorySegment memory, long offset, int length) {
        int came = (int) Math.min(length, receivable);
        receivable -= came;
        return came == 0 ? SocketError.AGAIN : came;
    }

    @Override
    public boolean peeks() {
        return peeks;
    }

    @Override
    public int peekFrom(int position) {
        return 0;
    }

    @Override
    public int peek(MemorySegment memory, long offset, int length) {
        return recv(memory, offset, length);
    }

    @Override
    public int discard(int length) {
        return length;
    }

    @Override
    public void passTo(LinkOwner owner) {
        this.owner = owner;
    }

    @Override
    public void shutdownWrite() {
    }

    @Override
    public void reset() {
    }

    @Override
    public int openResult() {
        return 0;
    }

    @Override
    public int send(long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                    MemorySegment body, long bodyOffset, int bodyLength) {
        sent++;
        return headLength + bodyLength;
    }

    @Override
    public int sendTrain(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes) {
        sent += (length + segmentBytes - 1) / segmentBytes;
        return length;
    }

    @Override
    public void mayFragment(boolean allowed) {
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        if (receivable == 0) {
            return SocketError.AGAIN;
        }
        receivable--;
        meta.fill(0, datagramFrom, 53, offset);
        return datagramBytes;
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        return SocketError.AGAIN;
    }

    @Override
    public void close() {
    }
}
