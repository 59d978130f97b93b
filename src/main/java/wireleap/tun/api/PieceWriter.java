package wireleap.tun.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * The body of an answer of unknown length, piece by piece: chunked (RFC 9112 section 7.1), for HTTP/1.0 bare up to the
 * connection's end. A client that does not take a piece in time is cut, and so is one whose piece would be one too many
 * that wait for their readers.
 */
final class PieceWriter {
    private static final byte[] CHUNK_END = {'\r', '\n'};
    private static final byte[] LAST_CHUNK = {'0', '\r', '\n', '\r', '\n'};
    private static final int CHUNK_BYTES = 60 << 10;
    private static final int CHUNK_OVERHEAD_BYTES = 16;

    private final SocketChannel channel;
    private final Commons all;
    private final boolean isChunked;

    PieceWriter(SocketChannel channel, Commons all, boolean isChunked) {
        this.channel = channel;
        this.all = all;
        this.isChunked = isChunked;
    }

    /** Has the connection closed unless the deadline is closed within the time of one whole answer. */
    Deadlines.Deadline answering() {
        return all.deadlines().closing(channel, all.limits().answerNanos());
    }

    /** Writes a piece so that the client has it; of no bytes, nothing. The bytes are never changed. */
    void write(byte[] bytes) throws IOException {
        if (!all.answers().begin(bytes)) {
            throw new IOException("too many large answers are being read at once");
        }
        try (var late = all.deadlines().closing(channel, all.limits().pieceNanos())) {
            writeChunks(bytes);
        } finally {
            all.answers().end(bytes);
        }
    }

    private void writeChunks(byte[] bytes) throws IOException {
        for (int from = 0; from < bytes.length; from += CHUNK_BYTES) {
            int length = Math.min(CHUNK_BYTES, bytes.length - from);
            ByteBuffer chunk = ByteBuffer.allocate(length + CHUNK_OVERHEAD_BYTES);
            if (isChunked) {
                chunk.put((Integer.toHexString(length) + "\r\n").getBytes(StandardCharsets.US_ASCII))
                        .put(bytes, from, length).put(CHUNK_END);
            } else {
                chunk.put(bytes, from, length);
            }
            ResponseWriter.write(channel, chunk.flip());
        }
    }

    /** Says that there is no more. */
    void end() throws IOException {
        if (isChunked) {
            try (var late = all.deadlines().closing(channel, all.limits().pieceNanos())) {
                ResponseWriter.write(channel, ByteBuffer.wrap(LAST_CHUNK));
            }
        }
    }
}
