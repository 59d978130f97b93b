package wireleap.tun.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;

/** The bytes of one connection in their order, read ahead by at most one buffer. The connection's thread. */
final class HttpInput {
    private static final int BUFFER_BYTES = 8 << 10;

    private final ReadableByteChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).flip();   // between position and limit: unread
    private final StringBuilder line = new StringBuilder();

    HttpInput(ReadableByteChannel channel) {
        this.channel = channel;
    }

    /** Waits for a byte; false when the client has ended its side instead. */
    boolean awaitByte() throws IOException {
        if (!buffer.hasRemaining()) {
            int count = channel.read(buffer.clear());
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

    /** Some bytes, at least one and at most the count, without copying: valid until the next call. */
    ByteBuffer some(long maxBytes) throws IOException, HttpException {
        requireByte();
        int count = (int) Math.min(maxBytes, buffer.remaining());
        ByteBuffer slice = buffer.slice(buffer.position(), count);
        buffer.position(buffer.position() + count);
        return slice;
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
            throw HttpException.bad("the request ends early");
        }
    }
}
