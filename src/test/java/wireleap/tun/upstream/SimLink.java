package wireleap.tun.upstream;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.Arrays;

/**
 * A connection of the simulated network: the client's end is a Link, the server's end are the methods that begin with
 * {@code server}. Readiness is told at edges only, as epoll does with EPOLLET.
 */
public final class SimLink implements Link {
    private final SimNet net;
    private LinkOwner owner;
    private final int bufferBytes;
    private int connectResult = SocketError.AGAIN;
    private SimServer server;
    private boolean gone;
    /** The client's error, once the network has told it. */
    private int error;

    /** Bytes that the client can receive, and what follows them when the server's kernel had no more room. */
    private final ArrayDeque<byte[]> receivable = new ArrayDeque<>();
    /** Bytes that can be received or are on their way. */
    private int heldBytes;
    /** Where the next peek begins, and how far any has seen, in bytes from the first that can be received. */
    private int peekOffset;
    private int seenBytes;
    private final ByteArrayOutputStream serverBacklog = new ByteArrayOutputStream();
    private boolean serverFinished;
    private boolean endArrived;
    private boolean wantsToRead;

    /** Bytes that the client's kernel holds because the server does not take them. */
    private final ByteArrayOutputStream sendBuffer = new ByteArrayOutputStream();
    private boolean sendScheduled;
    private boolean clientFinished;
    private boolean endTold;
    private boolean wantsToWrite = true;
    private boolean serverStalled;
    private long arrivalNanos;

    SimLink(SimNet net, LinkOwner owner, int bufferBytes) {
        this.net = net;
        this.owner = owner;
        this.bufferBytes = bufferBytes;
    }

    void connected(int result, SimServer server) {
        connectResult = result;
        this.server = server;
    }

    void settle(int failure, SimNet.Listener listener, long nowNanos) {
        if (gone) {
            return;
        }
        if (failure != 0 || listener == null) {
            connected(failure != 0 ? failure : SocketError.REFUSED, null);
            owner.onReady(LinkOwner.READABLE | LinkOwner.WRITABLE | LinkOwner.FAILED, nowNanos);
            return;
        }
        connected(0, listener.get());
        server.onOpen(this);
        wantsToWrite = false;
        wantsToRead = true;
        owner.onReady(LinkOwner.WRITABLE, nowNanos);
    }

    public SimNet net() {
        return net;
    }

    /** Whether the client has closed or reset. */
    public boolean isGone() {
        return gone;
    }

    /** From now on another handler. */
    public void serverBecomes(SimServer other) {
        server = other;
    }

    // the client's end

    @Override
    public int connectResult() {
        alive();
        return connectResult;
    }

    @Override
    public int send(MemorySegment memory, long offset, int length) {
        alive();
        if (connectResult != 0 || clientFinished) {
            throw new AssertionError("send on a link that is not connected or is shut down");
        }
        if (error != 0) {
            return error;
        }
        int room = Math.min(length, bufferBytes - sendBuffer.size());
        boolean moody = room > 0 && net.inMood();
        if (moody) {
            room = net.random.nextInt(room + 1);
        }
        if (room == 0) {
            wantsToWrite = true;
            if (moody) {
                net.after(net.delayNanos(), this::tellWritable);
            }
            return SocketError.AGAIN;
        }
        sendBuffer.writeBytes(memory.asSlice(offset, room).toArray(ValueLayout.JAVA_BYTE));
        schedule();
        return room;
    }

    @Override
    public int recv(MemorySegment memory, long offset, int length) {
        alive();
        if (connectResult != 0 || length <= 0) {
            throw new AssertionError("recv of " + length + " on a link with connect result " + connectResult);
        }
        if (receivable.isEmpty()) {
            wantsToRead = true;
            return nothing();
        }
        if (isMoody()) {
            return SocketError.AGAIN;
        }
        int taken = Math.min(length, receivable.peek().length);
        MemorySegment.copy(receivable.peek(), 0, memory, ValueLayout.JAVA_BYTE, offset, taken);
        take(taken);
        return taken;
    }

    private int nothing() {
        wantsToRead = true;
        return error != 0 ? error : endArrived ? 0 : SocketError.AGAIN;
    }

    private boolean isMoody() {
        boolean moody = net.inMood();
        if (moody) {
            wantsToRead = true;
            net.after(net.delayNanos(), this::tellReadable);
        }
        return moody;
    }

    private void take(int bytes) {
        for (int left = bytes; left > 0; ) {
            byte[] first = receivable.poll();
            int taken = Math.min(left, first.length);
            if (taken < first.length) {
                receivable.addFirst(Arrays.copyOfRange(first, taken, first.length));
            }
            left -= taken;
        }
        heldBytes -= bytes;
        peekOffset = Math.max(0, peekOffset - bytes);
        seenBytes = Math.max(0, seenBytes - bytes);
        net.after(net.delayNanos(), now -> flushBacklog());
    }

    @Override
    public boolean peeks() {
        return net.peeks();
    }

    @Override
    public int peekFrom(int position) {
        alive();
        if (position < 0 || position > seenBytes) {
            throw new AssertionError("peek from " + position + " where only " + seenBytes + " bytes were seen");
        }
        peekOffset = position;
        return 0;
    }

    @Override
    public int peek(MemorySegment memory, long offset, int length) {
        alive();
        if (!net.peeks() || connectResult != 0 || length <= 0) {
            throw new AssertionError("peek of " + length + " on a link with connect result " + connectResult);
        }
        int skip = peekOffset;
        for (byte[] piece : receivable) {
            if (skip < piece.length) {
                if (isMoody()) {
                    return SocketError.AGAIN;
                }
                int given = Math.min(length, piece.length - skip);
                MemorySegment.copy(piece, skip, memory, ValueLayout.JAVA_BYTE, offset, given);
                peekOffset += given;
                seenBytes = Math.max(seenBytes, peekOffset);
                return given;
            }
            skip -= piece.length;
        }
        return nothing();
    }

    @Override
    public int discard(int length) {
        alive();
        if (length <= 0 || length > seenBytes) {
            throw new AssertionError("discard of " + length + " where only " + seenBytes + " bytes were seen");
        }
        int gone = net.inMood() ? 1 + net.random.nextInt(length) : length;
        take(gone);
        return gone;
    }

    @Override
    public void passTo(LinkOwner owner) {
        alive();
        this.owner = owner;
    }

    @Override
    public void shutdownWrite() {
        alive();
        clientFinished = true;
        schedule();
    }

    @Override
    public void reset() {
        alive();
        gone = true;
        net.closed();
        if (server != null) {
            net.after(net.delayNanos(), now -> server.onReset(this));
        }
    }

    @Override
    public void close() {
        alive();
        gone = true;
        net.closed();
        if (!receivable.isEmpty() && server != null) {
            net.after(net.delayNanos(), now -> server.onReset(this)); // as Linux does with unread bytes
        } else {
            clientFinished = true;
            schedule();
        }
    }

    private void alive() {
        if (gone) {
            throw new AssertionError("used after close or reset");
        }
    }

    // the server's end

    /** Sends bytes; what the client's kernel has no room for waits. */
    public void serverSend(byte[] bytes) {
        serverBacklog.writeBytes(bytes);
        flushBacklog();
    }

    /** Sends FIN after all bytes. */
    public void serverFinish() {
        serverFinished = true;
        flushBacklog();
    }

    /** Sends RST: what has not arrived never will. */
    public void serverReset() {
        fail(SocketError.RESET);
    }

    /** The client's host has lost the address that it has here. */
    public void loseAddress() {
        fail(SocketError.ADDRESS_GONE);
    }

    private void fail(int socketError) {
        serverBacklog.reset();
        net.after(latest(), now -> {
            error = socketError;
            tell(LinkOwner.READABLE | LinkOwner.WRITABLE | LinkOwner.FAILED, now);
        });
    }

    /** Takes no more bytes until told otherwise. */
    public void serverStall(boolean stalled) {
        serverStalled = stalled;
        schedule();
    }

    private void flushBacklog() {
        byte[] waiting = serverBacklog.toByteArray();
        int room = Math.min(waiting.length, bufferBytes - heldBytes);
        int done = 0;
        while (done < room) {
            int piece = Math.min(room - done, 1 + net.random.nextInt(net.random.nextBoolean() ? 16 : 1 << 16));
            byte[] bytes = Arrays.copyOfRange(waiting, done, done + piece);
            done += piece;
            heldBytes += piece;
            net.after(latest(), now -> arrive(bytes, now));
        }
        serverBacklog.reset();
        serverBacklog.write(waiting, done, waiting.length - done);
        if (serverFinished && serverBacklog.size() == 0) {
            serverFinished = false;
            net.after(latest(), now -> {
                endArrived = true;
                tellReadable(now);
            });
        }
    }

    private void arrive(byte[] bytes, long nowNanos) {
        if (error == 0) {
            receivable.add(bytes);
            wantsToRead = true;
            tellReadable(nowNanos);
        }
    }

    /** A delay after which something arrives behind all that is on its way already. */
    private long latest() {
        arrivalNanos = Math.max(arrivalNanos, net.nowNanos() + net.delayNanos());
        return arrivalNanos - net.nowNanos();
    }

    private void schedule() {
        if (!sendScheduled) {
            sendScheduled = true;
            net.after(net.delayNanos(), this::transfer);
        }
    }

    private void transfer(long nowNanos) {
        sendScheduled = false;
        if (serverStalled || server == null || error != 0) {
            return;
        }
        if (sendBuffer.size() > 0) {
            byte[] bytes = sendBuffer.toByteArray();
            int piece = net.random.nextInt(4) == 0 ? 1 + net.random.nextInt(bytes.length) : bytes.length;
            sendBuffer.reset();
            sendBuffer.write(bytes, piece, bytes.length - piece);
            server.onBytes(this, Arrays.copyOf(bytes, piece));
            tellWritable(nowNanos);
        }
        if (sendBuffer.size() > 0) {
            schedule();
        } else if (clientFinished && !endTold) {
            endTold = true;
            server.onEnd(this);
        }
    }

    private void tellReadable(long nowNanos) {
        if (wantsToRead) {
            wantsToRead = false;
            tell(LinkOwner.READABLE, nowNanos);
        }
    }

    private void tellWritable(long nowNanos) {
        if (wantsToWrite) {
            wantsToWrite = false;
            tell(LinkOwner.WRITABLE, nowNanos);
        }
    }

    private void tell(int events, long nowNanos) {
        if (!gone) {
            owner.onReady(events, nowNanos);
        }
    }
}
