package wireleap.tun.testing;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;

/**
 * A TCP connection from inside to outside with both its ends in the test's hands; the daemon is somewhere between.
 *
 * @param near the end inside
 * @param far the end outside
 */
public record Flow(SocketChannel near, SocketChannel far) implements AutoCloseable {
    /** Connects to an address outside, at a port of its own. */
    public static Flow open(TestNet net, InetAddress to) throws IOException, InterruptedException {
        try (var server = net.listen(to)) {
            return open(net, server);
        }
    }

    /** Connects to a listening socket outside. */
    public static Flow open(TestNet net, ServerSocketChannel server) throws IOException, InterruptedException {
        var near = net.dial((InetSocketAddress) server.getLocalAddress());
        return new Flow(near, server.accept());
    }

    /** Closes one end by RST. */
    public static void reset(SocketChannel end) throws IOException {
        end.setOption(StandardSocketOptions.SO_LINGER, 0);
        end.close();
    }

    @Override
    public void close() throws IOException {
        near.close();
        far.close();
    }
}
