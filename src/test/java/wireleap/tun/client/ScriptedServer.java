package wireleap.tun.client;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Answers every connection with the same bytes, whatever is asked, and then hangs up, or hangs. */
final class ScriptedServer implements AutoCloseable {
    private final ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<SocketChannel> connections = new CopyOnWriteArrayList<>();
    private final byte[] answer;
    private final boolean hangsUp;
    private final int bytesAtOnce;

    /** @param bytesAtOnce how many bytes of the answer are written at a time */
    ScriptedServer(Path socket, String answer, boolean hangsUp, int bytesAtOnce) throws IOException {
        this.answer = answer.getBytes(StandardCharsets.UTF_8);
        this.hangsUp = hangsUp;
        this.bytesAtOnce = bytesAtOnce;
        server.bind(UnixDomainSocketAddress.of(socket));
        Thread.startVirtualThread(this::serve);
    }

    /** What was asked, as far as one read showed it. */
    List<String> requests() {
        return requests;
    }

    private void serve() {
        try {
            while (true) {
                SocketChannel connection = server.accept();
                connections.add(connection);
                answer(connection);
            }
        } catch (IOException closed) {
            requests.add("closed");
        }
    }

    private void answer(SocketChannel connection) throws IOException {
        ByteBuffer request = ByteBuffer.allocate(64 << 10);
        connection.read(request);
        requests.add(new String(request.array(), 0, request.position(), StandardCharsets.UTF_8));
        for (int at = 0; at < answer.length; at += bytesAtOnce) {
            ByteBuffer some = ByteBuffer.wrap(answer, at, Math.min(bytesAtOnce, answer.length - at));
            while (some.hasRemaining()) {
                connection.write(some);
            }
        }
        if (hangsUp) {
            connection.close();
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (SocketChannel connection : connections) {
            connection.close();
        }
    }
}
