package wireleap.tun.loop;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import wireleap.tun.os.DatagramInfo;
import wireleap.tun.os.Endpoint;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Sockets;

/** Sockets in memory that answer what a test says, all alike, and remember which are open. */
final class SimSockets implements Sockets {
    static final int EAGAIN = -Errno.EAGAIN.number();

    final Set<Integer> open = new TreeSet<>();
    final Set<Integer> wereReset = new TreeSet<>();
    private int next = 100;
    /** A descriptor is made only where these are 0; else they are the answer. */
    int openError;
    int connectResult;
    /** Below zero: the answer of connecting from a port of the kernel's choice, or of one's own. */
    int connectError;
    int reuseError;
    /** Local ports that were chosen; those of the kernel's choice are the descriptor's number. */
    final List<Integer> reused = new ArrayList<>();
    /** So often connecting throws, as only a bug could. */
    int connectFailures;
    /** Runs at each connect. */
    Runnable onConnect = () -> { };
    /** Below zero: the answer; else all is taken. */
    int sendResult;
    /** So many sends go well before {@link #sendResult} is answered. */
    int sendsBefore;
    /** So often {@link #sendResult} is answered before all is well again. */
    int sendResultTimes = Integer.MAX_VALUE;
    /** The answer; above zero, that many bytes of whatever is in the memory. */
    int recvResult = EAGAIN;
    /** Bytes that may still be received in all; then EAGAIN. */
    long recvBytes = Long.MAX_VALUE;
    /** Whether IPv4 streams are peeked at, which is answered as receiving is. */
    boolean peeks;
    int peekPosition = -1;
    long discarded;
    /** How often receiving or peeking got as far as here. */
    int receptions;
    int undeliveredResult = EAGAIN;
    /** What {@link #recvFrom} and {@link #undelivered} tell beside addresses. */
    int segmentBytes;
    int mtu;
    /** Below zero: what sending several datagrams at once answers. */
    int trainResult;
    int trains;
    int fragmentOptions;
    int sends;
    long sentBytes;

    /** The host's address for whatever is made now. */
    long sourceLo = LoopClient.TARGET;
    private final Map<Integer, Long> sources = new HashMap<>();

    private int open() {
        if (openError < 0) {
            return openError;
        }
        open.add(next);
        sources.put(next, sourceLo);
        return next++;
    }

    private int sent(int length) {
        sends++;
        if (sendResult < 0 && sends > sendsBefore && sendResultTimes > 0) {
            sendResultTimes--;
            return sendResult;
        }
        sentBytes += length;
        return length;
    }

    private int received(int length) {
        receptions++;
        if (recvResult <= 0) {
            return recvResult;
        }
        var bytes = (int) Math.min(Math.min(recvResult, length), recvBytes);
        recvBytes -= bytes;
        return bytes == 0 ? EAGAIN : bytes;
    }

    @Override
    public int connect(long hi, long lo, int port) {
        if (connectFailures-- > 0) {
            throw new IllegalStateException("sockets of a test");
        }
        onConnect.run();
        return connectError < 0 ? connectError : open();
    }

    @Override
    public int connectFrom(int localPort, long hi, long lo, int port) {
        if (reuseError < 0) {
            return reuseError;
        }
        reused.add(localPort);
        return open();
    }

    @Override
    public int connectResult(int fd) {
        return connectResult;
    }

    @Override
    public int datagrams(boolean ipv6) {
        return open();
    }

    @Override
    public int connectedDatagrams(long hi, long lo, int port) {
        return open();
    }

    @Override
    public int local(int fd, Endpoint local) {
        local.fill(0, sources.get(fd), fd);
        return 0;
    }

    @Override
    public int send(int fd, MemorySegment memory, long offset, int length) {
        return sent(length);
    }

    @Override
    public int recv(int fd, MemorySegment memory, long offset, int length) {
        return received(length);
    }

    @Override
    public boolean peeks(boolean ipv6) {
        return peeks && !ipv6;
    }

    @Override
    public int peekFrom(int fd, int position) {
        peekPosition = position;
        return 0;
    }

    @Override
    public int peek(int fd, MemorySegment memory, long offset, int length) {
        return recv(fd, memory, offset, length);
    }

    @Override
    public int discard(int fd, int length) {
        discarded += length;
        return length;
    }

    @Override
    public int sendTo(int fd, long hi, long lo, int port, MemorySegment head, long headOffset, int headLength,
                      MemorySegment body, long bodyOffset, int bodyLength) {
        return sent(headLength + bodyLength);
    }

    @Override
    public int send(int fd, MemorySegment head, long headOffset, int headLength,
                    MemorySegment body, long bodyOffset, int bodyLength) {
        return sent(headLength + bodyLength);
    }

    @Override
    public int sendTrainTo(int fd, long hi, long lo, int port, MemorySegment memory, long offset, int length,
                           int segmentBytes) {
        trains++;
        return trainResult < 0 ? trainResult : sent(length);
    }

    @Override
    public int sendTrain(int fd, MemorySegment memory, long offset, int length, int segmentBytes) {
        return sendTrainTo(fd, 0, 0, 0, memory, offset, length, segmentBytes);
    }

    @Override
    public int mayFragment(int fd, boolean ipv6, boolean allowed) {
        fragmentOptions++;
        return 0;
    }

    @Override
    public int recvFrom(int fd, DatagramInfo from, MemorySegment memory, long offset, int length) {
        from.other().fill(0, LoopClient.TARGET, LoopClient.TARGET_PORT);
        from.fill(segmentBytes, 0);
        return received(length);
    }

    @Override
    public int undelivered(int fd, DatagramInfo to) {
        to.other().fill(0, LoopClient.TARGET, LoopClient.TARGET_PORT);
        to.fill(0, mtu);
        return undeliveredResult;
    }

    @Override
    public int shutdownWrite(int fd) {
        return 0;
    }

    @Override
    public void reset(int fd) {
        wereReset.add(fd);
        close(fd);
    }

    @Override
    public void close(int fd) {
        if (!open.remove(fd)) {
            throw new AssertionError(fd + " is not open");
        }
    }
}
