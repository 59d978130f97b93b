package wireleap.tun.demo;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.Channel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A listening TCP socket whose connections are served on a platform thread each. Everything belongs to the network
 * namespace of the thread that opened it: accepted sockets by the listening one, and what a handler opens because
 * threads inherit the namespace of the thread that starts them.
 */
public final class TcpListener implements AutoCloseable {
    /** Serves one connection, blocking; the connection is closed afterwards. */
    @FunctionalInterface
    public interface Handler {
        /** @throws IOException whatever the sockets say: it ends this connection only */
        void serve(SocketChannel connection) throws IOException;
    }

    private static final int BACKLOG = 1024;

    private final ServerSocketChannel server;
    private final Handler handler;
    /** What is open and must go when the listener goes. */
    private final Set<Channel> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    private TcpListener(ServerSocketChannel server, Handler handler) {
        this.server = server;
        this.handler = handler;
    }

    /** Listens at an address (port 0: one that is free) and begins to accept, from the namespace of this thread. */
    public static TcpListener open(InetSocketAddress at, Handler handler) throws IOException {
        var server = ServerSocketChannel.open(Families.of(at.getAddress()));
        server.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        server.bind(at, BACKLOG);
        var listener = new TcpListener(server, handler);
        Thread.ofPlatform().daemon().name("accept " + at.getPort()).start(listener::accept);
        return listener;
    }

    /** Where it listens. */
    public InetSocketAddress address() throws IOException {
        return (InetSocketAddress) server.getLocalAddress();
    }

    private void accept() {
        try {
            while (true) {
                var connection = server.accept();
                connection.setOption(StandardSocketOptions.TCP_NODELAY, true);
                Thread.ofPlatform().daemon().name("serve " + connection.getRemoteAddress())
                        .start(() -> serve(connection));
            }
        } catch (IOException e) {
            close();
        }
    }

    private void serve(SocketChannel connection) {
        try (connection) {
            tie(connection);
            handler.serve(connection);
        } catch (IOException e) {
            // The connection is over, and that is all that it means here.
        }
    }

    /** Ties a channel to this listener's life: closed with it at the latest. Forgets those that are closed already. */
    void tie(Channel channel) throws IOException {
        open.removeIf(c -> !c.isOpen());
        open.add(channel);
        if (closed) {
            channel.close();
        }
    }

    /** Closes the listening socket and every connection. */
    @Override
    public void close() {
        closed = true;
        closeQuietly(server);
        open.forEach(TcpListener::closeQuietly);
    }

    private static void closeQuietly(Channel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It is gone either way.
        }
    }
}
