package wireleap.tun.api;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import jdk.net.ExtendedSocketOptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: its requests in their order (RFC 9112 section 9.3), on a virtual thread of its own. Others
 * may only end it.
 */
final class Connection {
    private static final Logger LOG = LoggerFactory.getLogger(Connection.class);

    /** FRESH: nothing has come in yet. IDLE: between an answer and the next request. ENDED: by another thread. */
    private enum Phase { FRESH, BUSY, IDLE, ENDED }

    private final SocketChannel channel;
    private final HttpInput input;
    private final Router router;
    private final HttpLimits limits;
    private final Semaphore budgetBytes;
    private final Deadlines deadlines;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.FRESH);
    private volatile long idleSinceNanos;   // of System.nanoTime(), in phase IDLE
    private volatile boolean stopping;      // the answer under way is the last

    Connection(SocketChannel channel, Router router, HttpLimits limits, Semaphore budgetBytes, Deadlines deadlines) {
        this.channel = channel;
        this.input = new HttpInput(channel);
        this.router = router;
        this.limits = limits;
        this.budgetBytes = budgetBytes;
        this.deadlines = deadlines;
    }

    /** Answers requests until either side has had enough; whoever opened the channel closes it then. */
    void run() throws IOException {
        boolean more = true;
        while (more) {
            more = exchange();
        }
    }

    /** One request and its answer; false: no other follows. */
    private boolean exchange() throws IOException {
        boolean withoutBody = false;
        try {
            Optional<Head> head = nextHead();
            if (head.isEmpty()) {
                return false;
            }
            withoutBody = head.get().isHead();
            return answer(head.get());
        } catch (HttpException e) {
            LOG.debug("a request was refused: {}", e.getMessage());
            write(e.response(), withoutBody, true);
            linger();
            return false;
        }
    }

    /** The next request's head; none when the client has ended its side or this connection was ended here. */
    private Optional<Head> nextHead() throws IOException, HttpException {
        if (phase.get() == Phase.IDLE) {
            try (var late = deadlines.closing(channel, limits.idleNanos())) {
                input.awaitByte();
            }
        }
        try (var late = deadlines.closing(channel, limits.headNanos())) {
            boolean more = input.awaitByte()
                    && phase.getAndUpdate(p -> p == Phase.ENDED ? p : Phase.BUSY) != Phase.ENDED;
            return more ? Optional.of(new HeadReader(input, limits).read()) : Optional.empty();
        }
    }

    private boolean answer(Head head) throws IOException, HttpException {
        Answer answer;
        try (BodyReader body = new BodyReader(input, limits, budgetBytes)) {
            answer = router.answer(new Request(head, read(body, head), this));
        }
        boolean last = head.isLast() || stopping;
        switch (answer) {
            case Response response -> {
                LOG.debug("{}: {}", head, response.status().code());
                write(response, head.isHead(), last);
            }
            case Streaming streaming -> stream(streaming, head, last);
        }
        idleSinceNanos = System.nanoTime();
        return !last && phase.compareAndSet(Phase.BUSY, Phase.IDLE) && !stopping;
    }

    /** A client that asked first whether to send the body hears at once that its request has no chance. */
    private ByteBuffer read(BodyReader body, Head head) throws IOException, HttpException {
        try (var late = deadlines.closing(channel, limits.bodyNanos())) {
            if (head.expectsContinue() && !input.hasBuffered()) {
                router.find(head);
                ResponseWriter.writeContinue(channel);
            }
            return body.read(head.body());
        }
    }

    private void write(Response response, boolean withoutBody, boolean last) throws IOException {
        try (var late = deadlines.closing(channel, limits.answerNanos())) {
            ResponseWriter.write(channel, response, withoutBody, last);
        }
    }

    /** Nothing of the next request is read before the end. */
    private void stream(Streaming streaming, Head head, boolean last) throws IOException {
        try (streaming) {
            LOG.debug("{}: a stream", head);
            PieceWriter out = new PieceWriter(channel, deadlines, limits.pieceNanos(), head.isHttp11());
            try (var late = deadlines.closing(channel, limits.answerNanos())) {
                ResponseWriter.writeHead(channel, streaming, head.isHttp11(), last);
            }
            if (!head.isHead()) {
                streaming.writeTo(out);
                out.end();
            }
        } catch (InterruptedException e) {
            throw new InterruptedIOException("the server stops");
        }
    }

    /**
     * Reads on for a while what the client still sends: closed at once, its sending would fail before it had read the
     * answer (RFC 9112 section 9.6).
     */
    private void linger() throws IOException {
        channel.shutdownOutput();
        try (var late = deadlines.closing(channel, limits.lingerNanos())) {
            ByteBuffer nowhere = ByteBuffer.allocate(16 << 10);
            for (int count = 0, total = 0; count >= 0 && total < limits.bodyBytes(); total += count) {
                count = channel.read(nowhere.clear());
            }
        }
    }

    /** Who is at the other end, as {@code user:group}, by SO_PEERCRED (man 7 unix) as of the connection's begin. */
    String who() {
        try {
            var peer = channel.getOption(ExtendedSocketOptions.SO_PEERCRED);
            return peer.user().getName() + ":" + peer.group().getName();
        } catch (IOException | UnsupportedOperationException e) {
            return "unknown";
        }
    }

    /** Since when, in System.nanoTime(), this has been waiting for another request; none while it serves one. */
    Optional<Long> idleSinceNanos() {
        return phase.get() == Phase.IDLE ? Optional.of(idleSinceNanos) : Optional.empty();
    }

    /** Ends this connection if it is waiting for another request; false: it is not. Any thread. */
    boolean endIfIdle() throws IOException {
        return endIf(Phase.IDLE);
    }

    /** Ends this connection, once the answer under way, if any, has been written. Any thread. */
    void stop() throws IOException {
        stopping = true;
        if (!endIf(Phase.IDLE)) {
            endIf(Phase.FRESH);
        }
    }

    private boolean endIf(Phase waiting) throws IOException {
        boolean ended = phase.compareAndSet(waiting, Phase.ENDED);
        if (ended) {
            channel.close();
        }
        return ended;
    }
}
