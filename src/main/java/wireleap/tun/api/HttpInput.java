package wireleap.tun.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/**
 * The bytes of one connection in their order, read ahead by at most one buffer, which is small until a client has sent
 * more than fits: most connections of a flood never do. The connection's thread.
 */
final class HttpInput {
    private static final int FIRST_BYTES = 512;
    private static final int BUFFER_BYTES = 8 << 10;

    private final ReadableByteChannel channel;
    private ByteBuffer buffer = ByteBuffer.allocate(FIRST_BYTES).flip();   // between position and limit: unread
    private final StringBuilder line = new StringBuilder();

    HttpInput(ReadableByteChannel channel) {
        this.channel = channel;
    }

    /** Waits for a byte; false when the client has ended its side instead. */
    boolean awaitByte() throws IOException {
        if (!buffer.hasRemaining()) {
            boolean wasFull = buffer.limit() == buffer.capacity();
            buffer = wasFull && buffer.capacity() < BUFFER_BYTES ? ByteBuffer.allocate(BUFFER_BYTES) : buffer.clear();
            int count = channel.read(buffer);
            buffer.flip();
            return count > 0;
        }
        return true;
    }

    /** Whether bytes have come in that nobody has read yet. */
    boolean hasBuffered() {
        return buffer.hasRemaining();
    }

    /** The next byte, 0..255. */
    int next() throws IOException, HttpException {
        requireByte();
        return buffer.get() & 0xff;
    }

    /** Puts some bytes into a buffer that is not full, at least one and at most the count; says how many. */
    int read(ByteBuffer to, long maxBytes) throws IOException, HttpException {
        ByteBuffer part = to.slice(to.position(), (int) Math.min(maxBytes, to.remaining()));
        if (buffer.hasRemaining()) {
            int count = Math.min(part.remaining(), buffer.remaining());
            part.put(buffer.slice(buffer.position(), count));
            buffer.position(buffer.position() + count);
        } else if (channel.read(part) < 0) {
            throw endsEarly();
        }
        to.position(to.position() + part.position());
        return part.position();
    }

    /**
     * A line up to its CR LF, which is consumed and left away; a char a byte. Neither CR nor LF may stand alone, and
     * but for the tab there are no control characters: where recipients differ in these, requests are smuggled (RFC
     * 9112 section 2.2, RFC 9110 section 5.5).
     *
     * @param tooLong the status when the line has more than maxBytes
     * @param cause the words that say so
     */
    String line(int maxBytes, Status tooLong, String cause) throws IOException, HttpException {
        line.setLength(0);
        for (int b = next(); b != '\r'; b = next()) {
            if (b == '\n') {
                throw HttpException.bad("a line ends in LF alone; CR LF is expected");
            }
            if (line.length() == maxBytes) {
                throw new HttpException(tooLong, cause);
            }
            if (b < ' ' && b != '\t' || b == 0x7f) {
                throw HttpException.bad("a control character, of code " + b);
            }
            line.append((char) b);
        }
        if (next() != '\n') {
            throw HttpException.bad("a CR without LF; lines end in CR LF");
        }
        return line.toString();
    }

    private void requireByte() throws IOException, HttpException {
        if (!awaitByte()) {
            throw endsEarly();
        }
    }

    private static HttpException endsEarly() {
        return HttpException.bad("the request ends early");
    }
}
