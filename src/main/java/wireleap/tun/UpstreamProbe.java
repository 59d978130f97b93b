package wireleap.tun;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.function.Consumer;

/** Connects to a proxy once and says nothing, so that log and state tell early when nobody answers there. */
final class UpstreamProbe {
    private static final int PATIENCE_MILLIS = 2_000;

    private UpstreamProbe() {
    }

    /**
     * Begins to connect, which decides the way that the packets take: to be called while nothing is captured yet.
     *
     * @param onResult is told why nobody answers, or nothing ("") if somebody does, by this thread or one of the
     *     probe's own
     */
    static void start(InetSocketAddress proxy, Consumer<String> onResult) {
        try {
            SocketChannel channel = SocketChannel.open();
            try {
                channel.configureBlocking(false);
                channel.connect(proxy);
                Thread.ofPlatform().daemon().name("probe").start(() -> await(channel, onResult));
            } catch (IOException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            onResult.accept(e.getMessage());
        }
    }

    private static void await(SocketChannel channel, Consumer<String> onResult) {
        try (channel; Selector selector = Selector.open()) {
            channel.register(selector, SelectionKey.OP_CONNECT);
            boolean ready = channel.isConnected() || selector.select(PATIENCE_MILLIS) > 0;
            if (!ready || !channel.isConnected() && !channel.finishConnect()) {
                onResult.accept("no answer for " + PATIENCE_MILLIS + " ms");
            } else {
                onResult.accept("");
            }
        } catch (IOException e) {
            onResult.accept(e.getMessage());
        }
    }
}
