package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import wireleap.tun.os.Poller;
import wireleap.tun.os.Sockets;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

/** A TCP socket of the kernel as the core sees it; used again after it was closed. */
final class StreamLink extends WatchedLink implements Link {
    private static final int READS_ON = Poller.ENDED | Poller.FAILED | Poller.URGENT;

    private long targetHi;
    private long targetLo;
    private int targetPort;
    private boolean peeks;
    /** Less came than was asked for, so that there is no more until the poller tells of it (epoll(7), EPOLLET). */
    private boolean drained;
    /** The poller has told of what may be behind the bytes, or between them: only reading on shows it. */
    private boolean readsOn;
    /** The poller has told of an error or of both directions' end, and nobody has asked yet which it is. */
    private boolean mayHaveFailed;

    StreamLink(SocketLinks links, Sockets sockets) {
        super(links, sockets);
    }

    /** Begins a life, see {@link #open}: whether the socket can be peeked at, and where it will be connected to. */
    void begin(boolean canPeek, long hi, long lo, int port) {
        peeks = canPeek;
        drained = false;
        readsOn = false;
        mayHaveFailed = false;
        targetHi = hi;
        targetLo = lo;
        targetPort = port;
    }

    long targetHi() {
        return targetHi;
    }

    long targetLo() {
        return targetLo;
    }

    int targetPort() {
        return targetPort;
    }

    @Override
    void told(int events) {
        if (events != Poller.WRITABLE) {
            drained = false;
            readsOn |= (events & READS_ON) != 0;
            mayHaveFailed |= (events & Poller.FAILED) != 0;
        }
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
        return isDrained() ? SocketError.AGAIN : came(sockets.recv(fd, memory, offset, length), length);
    }

    @Override
    public boolean peeks() {
        return peeks;
    }

    @Override
    public int peekFrom(int position) {
        if (fd < 0) {
            return failure;
        }
        drained = false;
        return SocketErrors.of(sockets.peekFrom(fd, position));
    }

    @Override
    public int peek(MemorySegment memory, long offset, int length) {
        if (fd < 0) {
            return failure;
        }
        return isDrained() ? SocketError.AGAIN : came(sockets.peek(fd, memory, offset, length), length);
    }

    @Override
    public int discard(int length) {
        return fd < 0 ? failure : SocketErrors.of(sockets.discard(fd, length));
    }

    private boolean isDrained() {
        return drained && failure == 0;
    }

    /** The kernel tells an error once and then shows an end of stream: what failed before must not look like an end. */
    private int came(int result, int asked) {
        drained = result > 0 && result < asked && !readsOn;
        var received = SocketErrors.of(result);
        if (received == 0 && mayHaveFailed) {
            mayHaveFailed = false;
            // Behind an end the kernel tells reading of no error, such as a reset after the FIN [seen on 6.18].
            remember(SocketErrors.of(sockets.connectResult(fd)));
        }
        return received <= 0 && failure != 0 ? failure : remember(received);
    }

    private int remember(int result) {
        if (result < 0 && result != SocketError.AGAIN) {
            failure = result;
        }
        return result;
    }

    @Override
    public void passTo(LinkOwner who) {
        owner = who;
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
