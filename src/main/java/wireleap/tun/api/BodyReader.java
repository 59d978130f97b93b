package wireleap.tun.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * Reads the body of one request into memory that grows with what has come in, never with what was announced, piece by
 * piece, so that nothing is copied to grow. What is more than a little is charged to a budget of all connections until
 * this is closed: a short list can be written whatever others send.
 */
final class BodyReader implements AutoCloseable {
    /** So much is charged to nobody: 4 MiB for all connections together. */
    static final int FREE_BYTES = 16 << 10;
    private static final int PIECE_BYTES = 16 << 10;
    private static final int CHUNK_LINE_BYTES = 4 << 10;   // a chunk's size and its extensions
    private static final int CHUNK_SIZE_DIGITS = 15;       // hexadecimal; so many fit a long

    private final HttpInput input;
    private final HttpLimits limits;
    private final Semaphore budgetBytes;
    private final List<ByteBuffer> pieces = new ArrayList<>();   // each filled up to its position
    private int length;
    private int capacity;
    private int chargedBytes;

    BodyReader(HttpInput input, HttpLimits limits, Semaphore budgetBytes) {
        this.input = input;
        this.limits = limits;
        this.budgetBytes = budgetBytes;
    }

    /**
     * The decoded body; valid until this is closed.
     *
     * @throws HttpException after which the connection is useless
     */
    InputStream read(Head.Framing framing) throws IOException, HttpException {
        if (framing.isChunked()) {
            readChunks();
        } else {
            append(framing.lengthBytes(), (int) framing.lengthBytes());
        }
        return new SequenceInputStream(Collections.enumeration(pieces.stream()
                .map(piece -> new ByteArrayInputStream(piece.array(), 0, piece.position())).toList()));
    }

    /** How many bytes there are, decoded. */
    int length() {
        return length;
    }

    /** RFC 9112 section 7.1; extensions and trailers are read and ignored. */
    private void readChunks() throws IOException, HttpException {
        for (long size = chunkSize(); size > 0; size = chunkSize()) {
            append(size, limits.bodyBytes());
            if (input.next() != '\r' || input.next() != '\n') {
                throw HttpException.bad("a chunk is longer than it said");
            }
        }
        new HeadReader(input, limits).fields();
    }

    private long chunkSize() throws IOException, HttpException {
        String line = input.line(CHUNK_LINE_BYTES, Status.BAD_REQUEST, "a chunk's extensions are too long");
        int extensions = line.indexOf(';');
        String digits = extensions < 0 ? line : line.substring(0, extensions).stripTrailing();
        if (digits.length() > CHUNK_SIZE_DIGITS || !digits.matches("[0-9A-Fa-f]+")) {
            throw HttpException.bad("a chunk's size is not a hexadecimal number of at most "
                    + CHUNK_SIZE_DIGITS + " digits");
        }
        return Long.parseLong(digits, 16);
    }

    /**
     * Lets others have their turn after each piece: a client that sends without a pause would else keep a thread that is
     * not its own.
     *
     * @param mostBytes that the whole body may have, as far as is known
     */
    private void append(long count, int mostBytes) throws IOException, HttpException {
        if (count > limits.bodyBytes() - length) {
            throw tooLarge(limits);
        }
        for (int end = length + (int) count; length < end; ) {
            ByteBuffer some = input.some(Math.min(end - length, PIECE_BYTES));
            while (some.hasRemaining()) {
                ByteBuffer piece = room(mostBytes);
                int more = Math.min(some.remaining(), piece.remaining());
                piece.put(some.slice(some.position(), more));
                some.position(some.position() + more);
                length += more;
            }
        }
    }

    /** A piece that is not full yet. */
    private ByteBuffer room(int mostBytes) throws HttpException {
        if (length == capacity) {
            int bytes = Math.min(PIECE_BYTES, mostBytes - length);
            charge(Math.max(0, capacity + bytes - FREE_BYTES) - chargedBytes);
            pieces.add(ByteBuffer.allocate(bytes));
            capacity += bytes;
            Thread.yield();
        }
        return pieces.getLast();
    }

    private void charge(int bytes) throws HttpException {
        if (!budgetBytes.tryAcquire(bytes)) {
            throw new HttpException(Status.UNAVAILABLE, "too many large requests are under way at once; try again later");
        }
        chargedBytes += bytes;
    }

    static HttpException tooLarge(HttpLimits limits) {
        return new HttpException(Status.PAYLOAD_TOO_LARGE, "the body has more than " + limits.bodyBytes() + " bytes");
    }

    @Override
    public void close() {
        budgetBytes.release(chargedBytes);
        chargedBytes = 0;
        pieces.clear();
    }
}
