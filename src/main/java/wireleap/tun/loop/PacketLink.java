package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.Sockets;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.SocketError;

/** A UDP socket of the kernel as the core sees it; used again after it was closed. */
final class PacketLink extends WatchedLink implements DatagramLink {
    private final Endpoint endpoint = new Endpoint();
    /** Whether it has one target, which sending then leaves unsaid. */
    boolean connected;

    PacketLink(SocketLinks links, Sockets sockets) {
        super(links, sockets);
    }

    @Override
    public int openResult() {
        return failure;
    }

    @Override
    public int send(long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                    MemorySegment body, long bodyOffset, int bodyLength) {
        if (fd < 0) {
            return failure;
        }
        var sent = sendOnce(hi, lo, port, head, headOffset, headLength, body, bodyOffset, bodyLength);
        if (sent >= 0 || sent == SocketError.AGAIN || sent == SocketError.MESSAGE_SIZE) {
            return sent;
        }
        // It may have been what an earlier datagram left on the socket (ip(7), IP_RECVERR); that is told once.
        return sendOnce(hi, lo, port, head, headOffset, headLength, body, bodyOffset, bodyLength);
    }

    private int sendOnce(long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                         MemorySegment body, long bodyOffset, int bodyLength) {
        return SocketErrors.of(connected
            ? sockets.send(fd, head, headOffset, headLength, body, bodyOffset, bodyLength)
            : sockets.sendTo(fd, hi, lo, port, head, headOffset, headLength, body, bodyOffset, bodyLength));
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        if (fd < 0) {
            return failure;
        }
        var received = SocketErrors.of(sockets.recvFrom(fd, endpoint, memory, offset, length));
        if (received >= 0) {
            meta.fill(endpoint.hi(), endpoint.lo(), endpoint.port(), offset);
        }
        return received;
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        if (fd < 0) {
            return SocketError.AGAIN;
        }
        var reason = SocketErrors.of(sockets.undelivered(fd, endpoint));
        if (reason != SocketError.AGAIN) {
            meta.fill(endpoint.hi(), endpoint.lo(), endpoint.port(), 0);
        }
        return reason;
    }

    @Override
    public void close() {
        if (fd >= 0) {
            sockets.close(fd);
        }
        release();
        links.recycle(this);
    }

    @Override
    void discard() {
        close();
    }
}
