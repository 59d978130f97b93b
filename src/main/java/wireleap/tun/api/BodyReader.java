package wireleap.tun.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.concurrent.Semaphore;

/**
 * Reads the body of one request into memory that grows with what has come in, never with what was announced, and that
 * is charged to a budget of all connections until this is closed.
 */
final class BodyReader implements AutoCloseable {
    private static final int FIRST_BYTES = 4 << 10;
    private static final int CHUNK_LINE_BYTES = 4 << 10;   // a chunk's size and its extensions
    private static final int CHUNK_SIZE_DIGITS = 15;       // hexadecimal; so many fit a long

    private final HttpInput input;
    private final HttpLimits limits;
    private final Semaphore budgetBytes;
    private byte[] bytes = new byte[0];                    // its length is what has been taken from the budget
    private int length;

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
    ByteBuffer read(Head.Framing framing) throws IOException, HttpException {
        if (framing.isChunked()) {
            readChunks();
        } else {
            append(framing.lengthBytes(), (int) framing.lengthBytes());
        }
        return ByteBuffer.wrap(bytes, 0, length);
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

    /** @param mostBytes that the whole body may have, as far as is known */
    private void append(long count, int mostBytes) throws IOException, HttpException {
        if (count > limits.bodyBytes() - length) {
            throw tooLarge(limits);
        }
        for (int end = length + (int) count; length < end; ) {
            ByteBuffer some = input.some(end - length);
            reserve(length + some.remaining(), mostBytes);
            int more = some.remaining();
            some.get(bytes, length, more);
            length += more;
        }
    }

    private void reserve(int needed, int mostBytes) throws HttpException {
        if (needed > bytes.length) {
            int grown = Math.max(needed, Math.min(Math.max(FIRST_BYTES, 2 * bytes.length), mostBytes));
            if (!budgetBytes.tryAcquire(grown - bytes.length)) {
                throw new HttpException(Status.UNAVAILABLE,
                        "too many large requests are under way at once; try again later");
            }
            bytes = Arrays.copyOf(bytes, grown);
        }
    }

    static HttpException tooLarge(HttpLimits limits) {
        return new HttpException(Status.PAYLOAD_TOO_LARGE, "the body has more than " + limits.bodyBytes() + " bytes");
    }

    @Override
    public void close() {
        budgetBytes.release(bytes.length);
        bytes = new byte[0];
        length = 0;
    }
}
