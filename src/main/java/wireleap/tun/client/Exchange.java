package wireleap.tun.client;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.time.Duration;

/** The bytes of one request and its answer on one connection, under one deadline. The caller's thread. */
final class Exchange implements AutoCloseable {
    private final SocketChannel channel;
    private final Selector selector;
    private final Duration answerTime;
    private long endNanos;
    private final ByteBuffer buffer = ByteBuffer.allocate(16 << 10).flip();   // between position and limit: unread

    /**
     * @param channel connected, non-blocking; closed with this
     * @param answerTime from now to the answer's end
     */
    Exchange(SocketChannel channel, Duration answerTime) throws IOException {
        this.channel = channel;
        this.answerTime = answerTime;
        this.endNanos = System.nanoTime() + answerTime.toNanos();
        this.selector = Selector.open();
        channel.register(selector, 0);
    }

    /** Lets the time for the answer begin anew. */
    void extend() {
        endNanos = System.nanoTime() + answerTime.toNanos();
    }

    /** Sends the request; what of the answer is read is the caller's. */
    AnswerReader send(ByteBuffer request) throws IOException, InterruptedException {
        write(request);
        return new AnswerReader(this);
    }

    /** Sends the request and reads the answer; a server may answer before it has read all, and hang up. */
    Answer exchange(ByteBuffer request) throws IOException, InterruptedException {
        IOException unsent = null;
        try {
            write(request);
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            unsent = e;
        }
        try {
            return new AnswerReader(this).read();
        } catch (IOException e) {
            if (unsent != null) {
                e.addSuppressed(unsent);
            }
            throw e;
        }
    }

    private void write(ByteBuffer bytes) throws IOException, InterruptedException {
        while (bytes.hasRemaining()) {
            if (channel.write(bytes) == 0) {
                await(SelectionKey.OP_WRITE);
            }
        }
    }

    /** The next byte, 0..255, or -1 at the end. */
    int next() throws IOException, InterruptedException {
        while (!buffer.hasRemaining()) {
            int count = channel.read(buffer.clear());
            buffer.flip();
            if (count < 0) {
                return -1;
            }
            if (count == 0) {
                await(SelectionKey.OP_READ);
            }
        }
        return buffer.get() & 0xff;
    }

    /** As {@link #next()}, where the answer cannot end. */
    int require() throws IOException, InterruptedException {
        int next = next();
        if (next < 0) {
            throw new EOFException("the daemon hung up before its answer was complete; whether it has done what was"
                    + " asked is unknown");
        }
        return next;
    }

    private void await(int operation) throws IOException, InterruptedException {
        channel.keyFor(selector).interestOps(operation);
        long leftMillis = (endNanos - System.nanoTime() + 999_999) / 1_000_000;
        if (leftMillis <= 0) {
            throw new SocketTimeoutException("the daemon has not answered within " + answerTime.toMillis()
                    + " ms; whether it does what was asked is unknown");
        }
        selector.select(leftMillis);
        selector.selectedKeys().clear();
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
    }

    @Override
    public void close() throws IOException {
        try (channel) {
            selector.close();
        }
    }
}
