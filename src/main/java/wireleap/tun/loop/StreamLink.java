package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import wireleap.tun.os.Sockets;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.SocketError;

/** A TCP socket of the kernel as the core sees it; used again after it was closed. */
final class StreamLink extends WatchedLink implements Link {
    private long targetHi;
    private long targetLo;
    private int targetPort;

    StreamLink(SocketLinks links, Sockets sockets) {
        super(links, sockets);
    }

    /** Says where it will be connected to. */
    void to(long hi, long lo, int port) {
        targetHi = hi;
        targetLo = lo;
        targetPort = port;
    }

    @Override
    public int connectResult() {
        if (failure != 0) {
            return failure;
        }
        return remember(SocketErrors.of(sockets.connectResult(fd)));
    }

    @Override
    public int send(MemorySegment memory, long offset, int length) {
        if (failure != 0) {
            return failure;
        }
        return remember(SocketErrors.of(sockets.send(fd, memory, offset, length)));
    }

    @Override
    public int recv(MemorySegment memory, long offset, int length) {
        if (fd < 0) {
            return failure;
        }
        var received = SocketErrors.of(sockets.recv(fd, memory, offset, length));
        // The kernel tells an error once and then shows an end of stream: what failed before must not look like an end.
        return received <= 0 && failure != 0 ? failure : remember(received);
    }

    private int remember(int result) {
        if (result < 0 && result != SocketError.AGAIN) {
            failure = result;
        }
        return result;
    }

    @Override
    public void shutdownWrite() {
        if (fd >= 0) {
            sockets.shutdownWrite(fd);
        }
    }

    @Override
    public void reset() {
        if (fd >= 0) {
            sockets.reset(fd);
        }
        release();
        links.recycle(this);
    }

    @Override
    public void close() {
        if (fd >= 0) {
            if (failure == 0) {
                links.spend(fd, targetHi, targetLo, targetPort);
            }
            sockets.close(fd);
        }
        release();
        links.recycle(this);
    }

    @Override
    void discard() {
        reset();
    }
}
