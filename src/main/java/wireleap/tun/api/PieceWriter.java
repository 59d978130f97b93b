package wireleap.tun.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * The body of an answer of unknown length, piece by piece: chunked (RFC 9112 section 7.1), for HTTP/1.0 bare up to the
 * connection's end. A client that does not take a piece in time is cut.
 */
final class PieceWriter {
    private static final byte[] CHUNK_END = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = {'0', '\r', '\n', '\r', '\n'};
    private static final int CHUNK_BYTES = 60 << 10;
    private static final int CHUNK_OVERHEAD_BYTES = 16;

    private final SocketChannel channel;
    private final Deadlines deadlines;
    private final long pieceNanos;
    private final boolean isChunked;

    /** @param pieceNanos how long a client may take for a chunk */
    PieceWriter(SocketChannel channel, Deadlines deadlines, long pieceNanos, boolean isChunked) {
        this.channel = channel;
        this.deadlines = deadlines;
        this.pieceNanos = pieceNanos;
        this.isChunked = isChunked;
    }

    /** Writes bytes so that the client has them; none are none. */
    void write(byte[] bytes) throws IOException {
        for (int from = 0; from < bytes.length; from += CHUNK_BYTES) {
            int length = Math.min(CHUNK_BYTES, bytes.length - from);
            ByteBuffer chunk = ByteBuffer.allocate(length + CHUNK_OVERHEAD_BYTES);
            if (isChunked) {
                chunk.put((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII))
                        .put(bytes, from, length).put(CHUNK_END);
            } else {
                chunk.put(bytes, from, length);
            }
            writeOut(chunk.flip());
        }
    }

    /** Says that there is no more. */
    void end() throws IOException {
        if (isChunked) {
            writeOut(ByteBuffer.wrap(LAST_CHUNK));
        }
    }

    private void writeOut(ByteBuffer chunk) throws IOException {
        try (var late = deadlines.closing(channel, pieceNanos)) {
            ResponseWriter.write(channel, chunk);
        }
    }
}
