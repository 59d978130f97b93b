package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/** A server outside that says back what it hears, to thousands at once, and closes when its client has. */
public final class Echo implements AutoCloseable {
    private static final int BUFFER_BYTES = 4 << 10;

    private final ServerSocketChannel server;

    private Echo(ServerSocketChannel server) {
        this.server = server;
    }

    /** Listens at an address, or at all of them (0.0.0.0), at a free port. */
    public static Echo open(TestNet net, InetAddress at) throws IOException, InterruptedException {
        var echo = new Echo(net.listen(at));
        Thread.ofPlatform().daemon().name("echo").start(echo::accept);
        return echo;
    }

    private void accept() {
        try {
            while (true) {
                var connection = server.accept();
                Thread.ofVirtual().start(() -> serve(connection));
            }
        } catch (IOException e) {
            // Closed: that is the end.
        }
    }

    private static void serve(SocketChannel connection) {
        var buffer = ByteBuffer.allocate(BUFFER_BYTES);
        try (connection) {
            while (connection.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    connection.write(buffer);
                }
            }
        } catch (IOException e) {
            // Its client has broken off.
        }
    }

    /** Where it listens, as seen at one of the addresses of outside. */
    public InetSocketAddress at(InetAddress address) throws IOException {
        return new InetSocketAddress(address, ((InetSocketAddress) server.getLocalAddress()).getPort());
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
