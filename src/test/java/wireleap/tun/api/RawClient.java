package wireleap.tun.api;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** A connection on which a test writes what bytes it likes and reads answers one by one. */
final class RawClient implements AutoCloseable {
    private final SocketChannel channel;
    private final ByteBuffer buffer = ByteBuffer.allocate(64 << 10).flip();

    RawClient(Path socket) throws IOException {
        channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
    }

    /**
     * An answer.
     *
     * @param line the status line
     * @param fields names in any case
     */
    record Answer(String line, Map<String, String> fields, String body) {
        int status() {
            return Integer.parseInt(line.split(" ")[1]);
        }

        /** The same head with a body. */
        Answer with(String content) {
            return new Answer(line, fields, content);
        }

        String field(String name) {
            return fields.get(name);
        }
    }

    /** A char a byte. */
    RawClient send(String bytes) throws IOException {
        return send(bytes.getBytes(StandardCharsets.ISO_8859_1));
    }

    RawClient send(byte[] bytes) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(bytes);
        while (all.hasRemaining()) {
            channel.write(all);
        }
        return this;
    }

    /** A request with a body and its Content-Length. */
    RawClient request(String method, String target, String body, String... fields) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
        return send(method + " " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + bytes.length + "\r\n"
                + more + "\r\n").send(bytes);
    }

    RawClient get(String target, String... fields) throws IOException {
        String more = fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n";
        return send("GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n");
    }

    /** No more bytes from here; answers can still be read. */
    RawClient halfClose() throws IOException {
        channel.shutdownOutput();
        return this;
    }

    /** The next answer with its body. */
    Answer answer() throws IOException {
        Answer head = head();
        int length = Integer.parseInt(head.fields().getOrDefault("Content-Length", "0"));
        return new Answer(head.line(), head.fields(), text(length));
    }

    /** The next answer, of which no body follows. */
    Answer head() throws IOException {
        String line = line();
        Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String field = line(); !field.isEmpty(); field = line()) {
            String[] parts = field.split(": ", 2);
            fields.put(parts[0], parts[1]);
        }
        return new Answer(line, fields, "");
    }

    /** The next chunk of an answer's body whose head has been read; empty: it was the last. */
    String chunk() throws IOException {
        String chunk = text(Integer.parseInt(line(), 16));
        line();
        return chunk;
    }

    /** All chunks of an answer's body. */
    String chunks() throws IOException {
        StringBuilder all = new StringBuilder();
        for (String chunk = chunk(); !chunk.isEmpty(); chunk = chunk()) {
            all.append(chunk);
        }
        return all.toString();
    }

    /** Whether the server has ended the connection and nothing else came before. */
    boolean isAtEnd() {
        try {
            return next() < 0;
        } catch (IOException reset) {
            return true;
        }
    }

    private String text(int bytes) throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        while (text.size() < bytes) {
            text.write(require());
        }
        return text.toString(StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = require(); next != '\n'; next = require()) {
            line.append((char) next);
        }
        return line.substring(0, line.length() - 1);
    }

    private int require() throws IOException {
        int next = next();
        if (next < 0) {
            throw new EOFException("the server hung up");
        }
        return next;
    }

    private int next() throws IOException {
        if (!buffer.hasRemaining()) {
            int count = channel.read(buffer.clear());
            buffer.flip();
            if (count < 0) {
                return -1;
            }
        }
        return buffer.get() & 0xff;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
