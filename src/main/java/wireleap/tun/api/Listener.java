package wireleap.tun.api;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Accepts connections, on a platform thread of its own, which waits for nobody's requests, and counts them. When all
 * places are taken, the connection that has been without a complete request for the longest goes for the new one, be it
 * idle, slow or silent: neither keep-alive nor malice costs another client its turn. Where an answer is being found on all
 * of them, the new one gets 503.
 */
final class Listener implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Listener.class);
    private static final Duration PAUSE = Duration.ofMillis(100);
    private static final int ENDING_THREADS = 64;
    private static final Duration PAUSE_FOR_GRACE = Duration.ofMillis(1);

    private final ServerSocketChannel server;
    private final Commons all;
    private final HttpLimits limits;
    /** A connection that was ended gives up its place at once, and its thread soon: these must not pile up. */
    private final Semaphore threads;
    private final Map<Connection, Thread> connections = new ConcurrentHashMap<>();   // only accepting adds to it
    private final Thread thread = Thread.ofPlatform().daemon().name("api-listener").unstarted(this::run);

    Listener(ServerSocketChannel server, Router router, HttpLimits limits) {
        this.server = server;
        this.all = Commons.of(router, limits);
        this.limits = limits;
        this.threads = new Semaphore(limits.connections() + ENDING_THREADS);
    }

    void start() {
        thread.start();
    }

    private void run() {
        try {
            while (server.isOpen()) {
                accept();
            }
        } catch (InterruptedException e) {
            LOG.debug("no more connections are accepted");
        }
    }

    private void accept() throws InterruptedException {
        try {
            admit(server.accept());
        } catch (ClosedChannelException e) {
            LOG.debug("no more connections are accepted");
        } catch (IOException | RuntimeException | Error e) {   // such as too many open files: passes, and must not spin
            Thread.sleep(PAUSE);
            LOG.warn("cannot accept a connection: {}", e.toString());
        }
    }

    private void admit(SocketChannel channel) throws IOException, InterruptedException {
        try {
            if (connections.size() >= limits.connections() && !endOldest()) {
                refuse(channel);
                return;
            }
            threads.acquire();
            begin(channel);
        } catch (InterruptedException | RuntimeException | Error e) {   // the server stops, or there is no memory now
            channel.close();
            throw e;
        }
    }

    private void begin(SocketChannel channel) {
        try {
            begin(channel, new Connection(channel, all));
        } catch (RuntimeException | Error e) {
            threads.release();
            throw e;
        }
    }

    private void begin(SocketChannel channel, Connection connection) {
        Thread serving = Thread.ofVirtual().name("api-connection")
                .uncaughtExceptionHandler((any, e) -> LOG.error("a connection's thread ended: {}", e.toString()))
                .unstarted(() -> serve(connection, channel));
        try {
            connections.put(connection, serving);
            serving.start();
        } catch (RuntimeException | Error e) {
            connections.remove(connection);
            throw e;
        }
    }

    /** The place is free before the client can see the connection's end. */
    private void serve(Connection connection, SocketChannel channel) {
        try (channel; Closeable place = () -> leave(connection)) {
            connection.run();
        } catch (IOException e) {
            LOG.debug("a connection broke: {}", e.toString());
        }
    }

    private void leave(Connection connection) {
        connections.remove(connection);
        threads.release();
    }

    /** Ends a connection, once it is no longer new; false when all of them have an answer under way. */
    private boolean endOldest() throws InterruptedException {
        for (;;) {
            Connection oldest = null;
            for (Connection connection : connections.keySet()) {
                if (connection.mayEnd()
                        && (oldest == null || connection.requestNanos() - oldest.requestNanos() < 0)) {
                    oldest = connection;
                }
            }
            if (oldest == null) {
                return false;
            }
            if (oldest.isNew()) {
                Thread.sleep(PAUSE_FOR_GRACE);
            } else if (oldest.endIfMay()) {
                connections.remove(oldest);
                return true;
            }
        }
    }

    /** An empty socket's buffer takes these few bytes, so nobody waits. A client that is gone already is no trouble. */
    private void refuse(SocketChannel channel) {
        LOG.debug("{} connections are open: one more was refused", limits.connections());
        try (channel) {
            channel.configureBlocking(false);
            ResponseWriter.write(channel, Response.error(Status.UNAVAILABLE,
                    limits.connections() + " connections are open, which are the most; try again later"), false, true);
        } catch (IOException e) {
            LOG.debug("a refused connection broke: {}", e.toString());
        }
    }

    /** Ends all connections: at once those that wait for a request, soon those that have an answer under way. */
    @Override
    public void close() throws IOException {
        thread.interrupt();
        long endNanos = System.nanoTime() + limits.stopNanos();
        try {
            thread.join();
            for (Connection connection : connections.keySet()) {
                connection.stop();
            }
            for (Thread serving : connections.values()) {
                serving.join(Duration.ofNanos(Math.max(0, endNanos - System.nanoTime())));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connections.values().forEach(Thread::interrupt);   // ends what blocks: a channel too is closed by it
        all.deadlines().close();
    }
}
