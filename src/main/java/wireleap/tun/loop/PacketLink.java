package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import wireleap.tun.os.DatagramInfo;
import wireleap.tun.os.Sockets;
import wireleap.tun.upstream.DatagramLink;
import wireleap.tun.upstream.DatagramMeta;
import wireleap.tun.upstream.SocketError;

/** A UDP socket of the kernel as the core sees it; used again after it was closed. */
final class PacketLink extends WatchedLink implements DatagramLink {
    private static final int UNTOLD = 0;
    private static final int ALLOWED = 1;
    private static final int FORBIDDEN = 2;

    private final DatagramInfo info = new DatagramInfo();
    /** Whether it has one target, which sending then leaves unsaid. */
    private boolean connected;
    private boolean ipv6;
    /** What the kernel was told last of fragments. */
    private int fragments;

    PacketLink(SocketLinks links, Sockets sockets) {
        super(links, sockets);
    }

    /** Says what kind of socket it will be. */
    PacketLink of(boolean connected, boolean ipv6) {
        this.connected = connected;
        this.ipv6 = ipv6;
        fragments = UNTOLD;
        return this;
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
    public int sendTrain(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes) {
        if (fd < 0) {
            return failure;
        }
        var sent = SocketErrors.of(connected ? sockets.sendTrain(fd, memory, offset, length, segmentBytes)
            : sockets.sendTrainTo(fd, hi, lo, port, memory, offset, length, segmentBytes));
        if (sent >= 0 || sent == SocketError.AGAIN) {
            return sent;
        }
        // The kernel cannot on this way, or an earlier datagram's error came first: each alone tells.
        var done = 0;
        while (done < length) {
            var one = send(hi, lo, port, memory, 0, 0, memory, offset + done, Math.min(segmentBytes, length - done));
            if (one < 0) {
                return done == 0 ? one : done;
            }
            done += one;
        }
        return done;
    }

    @Override
    public void mayFragment(boolean allowed) {
        var told = allowed ? ALLOWED : FORBIDDEN;
        if (fd >= 0 && fragments != told) {
            sockets.mayFragment(fd, ipv6, allowed);
            fragments = told;
        }
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        if (fd < 0) {
            return failure;
        }
        var received = SocketErrors.of(sockets.recvFrom(fd, info, memory, offset, length));
        if (received >= 0) {
            fill(meta, offset);
            meta.segmentBytes(info.segmentBytes());
        }
        return received;
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        if (fd < 0) {
            return SocketError.AGAIN;
        }
        var reason = SocketErrors.of(sockets.undelivered(fd, info));
        if (reason != SocketError.AGAIN) {
            fill(meta, 0);
            meta.mtu(info.mtu());
        }
        return reason;
    }

    private void fill(DatagramMeta meta, long offset) {
        meta.fill(info.other().hi(), info.other().lo(), info.other().port(), offset);
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
