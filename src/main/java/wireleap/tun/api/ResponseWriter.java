package wireleap.tun.api;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** The bytes of an answer (RFC 9112 section 4). */
final class ResponseWriter {
    /** The interim answer that asks for the body (RFC 9110 section 15.2.1). */
    private static final byte[] CONTINUE = "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    /** RFC 9110 section 5.6.7, IMF-fixdate. */
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("EEE, dd MMM uuuu HH:mm:ss 'GMT'", Locale.ROOT);
    /** The JDK copies what it is to write into direct memory first: so much at once. */
    private static final int SLICE_BYTES = 64 << 10;
    /** So much of a body goes with the head. */
    private static final int FIRST_BYTES = 8 << 10;

    private ResponseWriter() {
    }

    /**
     * Writes an answer; waits for a slow client.
     *
     * @param withoutBody as HEAD asks: all fields as of GET
     * @param last whether the connection is closed after it
     */
    static void write(WritableByteChannel channel, Response response, boolean withoutBody, boolean last)
            throws IOException {
        byte[] head = head(response, last).getBytes(StandardCharsets.US_ASCII);
        int bodyBytes = withoutBody ? 0 : response.body().length;
        int first = Math.min(bodyBytes, FIRST_BYTES);
        write(channel, ByteBuffer.allocate(head.length + first).put(head).put(response.body(), 0, first).flip());
        while (first < bodyBytes) {
            int slice = Math.min(bodyBytes - first, SLICE_BYTES);
            write(channel, ByteBuffer.wrap(response.body(), first, slice));
            first += slice;
        }
    }

    private static String head(Response response, boolean last) {
        StringBuilder head = head(response.status());
        response.fields().forEach((name, value) -> field(head, name, value));
        if (response.status() != Status.NOT_MODIFIED) {
            field(head, "Content-Type", "application/json");
            field(head, "Content-Length", Integer.toString(response.body().length));
        }
        return ended(head, last);
    }

    /** The head of an answer whose length is not known yet. */
    static void writeHead(WritableByteChannel channel, Streaming streaming, boolean isChunked, boolean last)
            throws IOException {
        StringBuilder head = head(Status.OK);
        field(head, "Content-Type", streaming.contentType());
        field(head, "Cache-Control", "no-store");
        if (isChunked) {
            field(head, "Transfer-Encoding", "chunked");
        }
        write(channel, ByteBuffer.wrap(ended(head, last).getBytes(StandardCharsets.US_ASCII)));
    }

    private static StringBuilder head(Status status) {
        StringBuilder head = new StringBuilder(256);
        head.append("HTTP/1.1 ").append(status.code()).append(' ').append(status.description());
        field(head, "Date", DATE.format(ZonedDateTime.now(ZoneOffset.UTC)));
        return head;
    }

    private static String ended(StringBuilder head, boolean last) {
        if (last) {
            field(head, "Connection", "close");
        }
        return head.append("\r\n\r\n").toString();
    }

    private static void field(StringBuilder head, String name, String value) {
        head.append("\r\n").append(name).append(": ").append(value);
    }

    static void writeContinue(WritableByteChannel channel) throws IOException {
        write(channel, ByteBuffer.wrap(CONTINUE));
    }

    /** All of these; waits for a slow client. */
    static void write(WritableByteChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }
}
