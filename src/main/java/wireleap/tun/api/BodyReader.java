package wireleap.tun.api;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.Iterator;
import java.util.List;

/**
 * Reads the body of one request into memory that grows with what has come in, never with what was announced, piece by
 * piece, so that nothing is copied to grow. What is more than a little is borrowed from the memory of all connections
 * until this is closed: a short list can be written whatever others send.
 */
final class BodyReader implements AutoCloseable {
    /** A body of so much is not large: it is taken whatever others send. */
    static final int FREE_BYTES = BodyMemory.PIECE_BYTES;
    private static final int FIRST_BYTES = 1 << 10;        // most bodies have less, and borrow nothing
    private static final int CHUNK_LINE_BYTES = 4 << 10;   // a chunk's size and its extensions
    private static final int CHUNK_SIZE_DIGITS = 15;       // hexadecimal; so many fit a long

    private final HttpInput input;
    private final HttpLimits limits;
    private final BodyMemory memory;
    private final List<ByteBuffer> pieces = new ArrayList<>();   // each filled up to its position
    private final List<byte[]> borrowed = new ArrayList<>();     // among these
    private int length;
    private int capacity;

    BodyReader(HttpInput input, HttpLimits limits, BodyMemory memory) {
        this.input = input;
        this.limits = limits;
        this.memory = memory;
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
            append(framing.lengthBytes());
        }
        return new SequenceInputStream(new Parts(pieces.iterator()));
    }

    /** Who works on a long body lets others have their turn. */
    private record Parts(Iterator<ByteBuffer> pieces) implements Enumeration<InputStream> {
        @Override
        public boolean hasMoreElements() {
            return pieces.hasNext();
        }

        @Override
        public InputStream nextElement() {
            Thread.yield();
            ByteBuffer piece = pieces.next();
            return new ByteArrayInputStream(piece.array(), 0, piece.position());
        }
    }

    /** How many bytes there are, decoded. */
    int length() {
        return length;
    }

    /** RFC 9112 section 7.1; extensions and trailers are read and ignored. */
    private void readChunks() throws IOException, HttpException {
        for (long size = chunkSize(); size > 0; size = chunkSize()) {
            append(size);
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

    private void append(long count) throws IOException, HttpException {
        if (count > limits.bodyBytes() - length) {
            throw tooLarge(limits);
        }
        for (int end = length + (int) count; length < end; ) {
            length += input.read(room(), end - length);
        }
    }

    /**
     * A piece that is not full yet. Others have their turn before there is another one: a client that sends without a
     * pause would else keep a thread that is not its own.
     */
    private ByteBuffer room() throws HttpException {
        if (length == capacity) {
            ByteBuffer piece = capacity == 0 ? ByteBuffer.allocate(FIRST_BYTES) : ByteBuffer.wrap(borrow());
            pieces.add(piece);
            capacity += piece.capacity();
            Thread.yield();
        }
        return pieces.getLast();
    }

    private byte[] borrow() throws HttpException {
        byte[] piece = borrowed.isEmpty() ? memory.borrowFirst() : memory.borrow().orElseThrow(() -> tooMany());
        borrowed.add(piece);
        return piece;
    }

    static HttpException tooMany() {
        return new HttpException(Status.UNAVAILABLE, "too many large requests are under way at once; try again later");
    }

    static HttpException tooLarge(HttpLimits limits) {
        return new HttpException(Status.PAYLOAD_TOO_LARGE, "the body has more than " + limits.bodyBytes() + " bytes");
    }

    @Override
    public void close() {
        memory.giveBack(borrowed);
        borrowed.clear();
        pieces.clear();
    }
}
