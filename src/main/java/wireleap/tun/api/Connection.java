package wireleap.tun.api;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
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
    private static final long GRACE_NANOS = 10_000_000;
    private static final int LARGE_BODIES_WAITING = 64;
    private static final int LINGER_BYTES = 8 << 10;

    private enum Phase {
        /** Nothing has come in yet. */
        FRESH,
        /** A request has begun and is not complete, or was refused. */
        READING,
        /** A request is complete and its answer is being found, or streamed. */
        ANSWERING,
        /** The answer is being written. */
        WRITING,
        /** Between an answer and the next request. */
        IDLE,
        /** By another thread. */
        ENDED
    }

    private final SocketChannel channel;
    private final HttpInput input;
    private final Commons all;
    private final HttpLimits limits;
    private final AtomicReference<Phase> phase = new AtomicReference<>(Phase.FRESH);
    private volatile long requestNanos = System.nanoTime();   // when the last request, or its answer, was complete, or this began
    private volatile boolean heard;         // there has been a complete request
    private volatile boolean stopping;      // the answer under way is the last

    /** A connection from which nothing has been read. */
    Connection(SocketChannel channel, Commons all) {
        this.channel = channel;
        this.input = new HttpInput(channel);
        this.all = all;
        this.limits = all.limits();
    }

    /** Answers requests until either side has had enough; whoever opened the channel closes it then. */
    void run() throws IOException {
        boolean more = true;
        while (more) {
            more = exchange();
            Thread.yield();                          // who sends without a pause must not keep others waiting
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
            if (!enter(Phase.READING)) {
                return false;
            }
            write(e.response(), withoutBody, true);
            linger();
            return false;
        }
    }

    /** The next request's head; none when the client has ended its side or this connection was ended here. */
    private Optional<Head> nextHead() throws IOException, HttpException {
        if (phase.get() == Phase.IDLE) {
            try (var late = all.deadlines().closing(channel, limits.idleNanos())) {
                input.awaitByte();
            }
        }
        try (var late = all.deadlines().closing(channel, limits.headNanos())) {
            boolean more = input.awaitByte() && enter(Phase.READING);
            return more ? Optional.of(new HeadReader(input, limits).read()) : Optional.empty();
        }
    }

    /** Goes on to another phase; false: another thread has ended this. */
    private boolean enter(Phase next) {
        return phase.getAndUpdate(p -> p == Phase.ENDED ? p : next) != Phase.ENDED;
    }

    private boolean answer(Head head) throws IOException, HttpException {
        Answer answer;
        try (BodyReader body = new BodyReader(input, limits, all.bodies())) {
            InputStream content = read(body, head);
            requestNanos = System.nanoTime();
            heard = true;
            if (!enter(Phase.ANSWERING)) {
                return false;
            }
            answer = answer(new Request(head, content, this), body.length() > BodyReader.FREE_BYTES);
        }
        boolean last = head.isLast() || stopping;
        switch (answer) {
            case Response response -> {
                LOG.debug("{}: {}", head, response.status().code());
                requestNanos = System.nanoTime();    // slow work is not the client's
                enter(Phase.WRITING);
                write(response, head.isHead(), last);
            }
            case Streaming streaming -> stream(streaming, head, last);
        }
        return !last && enter(Phase.IDLE) && !stopping;
    }

    /** Whose large body would have to wait for many others is refused: places must be left for small requests. */
    private Answer answer(Request request, boolean isLarge) throws IOException, HttpException {
        if (!isLarge) {
            return all.router().answer(request);
        }
        if (all.largeBodies().getQueueLength() >= LARGE_BODIES_WAITING) {
            throw BodyReader.tooMany();
        }
        try {
            all.largeBodies().acquire();
        } catch (InterruptedException e) {
            throw new InterruptedIOException("the server stops");
        }
        try {
            return all.router().answer(request);
        } finally {
            all.largeBodies().release();
        }
    }

    /** A client that asked first whether to send the body hears at once that its request has no chance. */
    private InputStream read(BodyReader body, Head head) throws IOException, HttpException {
        try (var late = all.deadlines().closing(channel, limits.bodyNanos())) {
            if (head.expectsContinue() && !input.hasBuffered()) {
                all.router().find(head);
                ResponseWriter.writeContinue(channel);
            }
            return body.read(head.body());
        }
    }

    /** What many clients leave unread for long needs memory: there is an end to both. */
    private void write(Response response, boolean withoutBody, boolean last) throws IOException {
        boolean fits = withoutBody || all.answers().begin(response.body());
        Response written = fits ? response : Response.error(Status.UNAVAILABLE,
                "too many large answers are being read at once; try again later");
        try (var late = all.deadlines().closing(channel, limits.answerNanos())) {
            ResponseWriter.write(channel, written, withoutBody, last);
        } finally {
            if (fits && !withoutBody) {
                all.answers().end(response.body());
            }
        }
    }

    /** Nothing of the next request is read before the end. */
    private void stream(Streaming streaming, Head head, boolean last) throws IOException {
        try (streaming) {
            LOG.debug("{}: a stream", head);
            PieceWriter out = new PieceWriter(channel, all, head.isHttp11());
            try (var late = all.deadlines().closing(channel, limits.answerNanos())) {
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
        try (var late = all.deadlines().closing(channel, limits.lingerNanos())) {
            ByteBuffer nowhere = ByteBuffer.allocate(LINGER_BYTES);
            for (int count = 0, total = 0; count >= 0 && total < limits.bodyBytes(); total += count) {
                count = channel.read(nowhere.clear());
                Thread.yield();
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

    /** Since when, in System.nanoTime(), its client is to do something: ask, or read. Any thread. */
    long requestNanos() {
        return requestNanos;
    }

    /**
     * Whether this is so new, or its answer, that it keeps its place: whoever sends its first request at once is heard, and
     * whoever reads its answer at once gets it. Any thread.
     */
    boolean isNew() {
        return (!heard || phase.get() == Phase.WRITING) && System.nanoTime() - requestNanos < GRACE_NANOS;
    }

    /** Whether nobody here is at work for its client, so that it may be ended for another's sake. Any thread. */
    boolean mayEnd() {
        Phase now = phase.get();
        return now != Phase.ANSWERING && now != Phase.ENDED;
    }

    /** Ends this connection if it {@link #mayEnd}. Any thread. */
    boolean endIfMay() {
        Phase before = phase.getAndUpdate(p -> p == Phase.ANSWERING ? p : Phase.ENDED);
        boolean ended = before != Phase.ANSWERING && before != Phase.ENDED;
        if (ended) {
            close();
        }
        return ended;
    }

    private void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.debug("a connection broke: {}", e.toString());
        }
    }

    /** Ends this connection, once the answer under way, if any, has been written. Any thread. */
    void stop() {
        stopping = true;
        if (!endIf(Phase.IDLE)) {
            endIf(Phase.FRESH);
        }
    }

    private boolean endIf(Phase waiting) {
        boolean ended = phase.compareAndSet(waiting, Phase.ENDED);
        if (ended) {
            close();
        }
        return ended;
    }
}
