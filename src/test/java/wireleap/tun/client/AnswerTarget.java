package wireleap.tun.client;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import wireleap.tun.fuzz.Input;
import wireleap.tun.fuzz.Stopwatch;
import wireleap.tun.fuzz.Target;

/** What a server on the daemon's socket answers and then hangs up, over a real socket: the reader knows nothing else. */
public final class AnswerTarget implements Target {
    private static final int MOST_BYTES = 8 << 10;

    private ServerSocketChannel server;
    private UnixDomainSocketAddress address;

    @Override
    public void run(Input input, Stopwatch watch) throws IOException, InterruptedException {
        listen();
        try (SocketChannel client = SocketChannel.open(address)) {
            try (SocketChannel accepted = server.accept()) {
                accepted.write(ByteBuffer.wrap(input.bytes(MOST_BYTES)));
            }
            client.configureBlocking(false);
            try (Exchange exchange = new Exchange(client, Duration.ofSeconds(1))) {
                watch.begin();
                new AnswerReader(exchange).read();
            } catch (IOException refused) {
                refused.getMessage();
            }
            watch.end();
        }
    }

    private void listen() throws IOException {
        if (server == null) {
            Path directory = Files.createTempDirectory("wireleap");
            Path socket = directory.resolve("answers");
            address = UnixDomainSocketAddress.of(socket);
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
            directory.toFile().deleteOnExit();
            socket.toFile().deleteOnExit();
        }
    }
}
