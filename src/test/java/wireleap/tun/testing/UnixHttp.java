package wireleap.tun.testing;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** HTTP/1.1 requests to a Unix domain socket, one connection each, written out by hand: no code of the daemon's. */
public final class UnixHttp {
    private final Path socket;

    /** @param socket where the daemon listens */
    public UnixHttp(Path socket) {
        this.socket = socket;
    }

    /**
     * An answer.
     *
     * @param status the code
     * @param headers by their lower-case names
     * @param body decoded as UTF-8
     */
    public record Response(int status, Map<String, String> headers, String body) {
        /** The ETag, as it stands in the header. */
        public String etag() {
            return headers.get("etag");
        }
    }

    /** GET. */
    public Response read(String path) throws IOException {
        return request("GET", path, Map.of(), "");
    }

    /** Any method, with a body. */
    public Response write(String method, String path, String body) throws IOException {
        return request(method, path, Map.of(), body);
    }

    /** Any request; Content-Length and Connection: close are added. */
    public Response request(String method, String path, Map<String, String> headers, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        var head = new StringBuilder(method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
        headers.forEach((name, value) -> head.append(name).append(": ").append(value).append("\r\n"));
        head.append("Content-Length: ").append(bytes.length).append("\r\n\r\n");
        try (var channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(new ByteBuffer[] {StandardCharsets.US_ASCII.encode(head.toString()), ByteBuffer.wrap(bytes)});
            return response(channel);
        }
    }

    private static Response response(SocketChannel channel) throws IOException {
        var all = new ByteArrayOutputStream();
        var buffer = ByteBuffer.allocate(64 << 10);
        while (channel.read(buffer.clear()) >= 0) {
            all.write(buffer.array(), 0, buffer.position());
        }
        String text = all.toString(StandardCharsets.UTF_8);
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new EOFException("answer cut short: " + text);
        }
        var lines = text.substring(0, end).split("\r\n");
        var headers = new TreeMap<String, String>();
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            headers.put(lines[i].substring(0, colon).toLowerCase(Locale.ROOT), lines[i].substring(colon + 1).strip());
        }
        return new Response(Integer.parseInt(lines[0].split(" ")[1]), headers, text.substring(end + 4));
    }
}
