package wireleap.tun.api;

import java.io.IOException;
import java.util.Map;
import java.util.function.Supplier;
import wireleap.tun.routes.BypassControl;

/**
 * The bypass API: HTTP/1.1 on a Unix domain socket of mode 0660, described by {@code openapi.json} beside this class,
 * which GET /openapi.json answers. Started and closed by one thread.
 */
public final class ApiServer implements AutoCloseable {
    private final SocketFile socket;
    private final Listener listener;

    private ApiServer(SocketFile socket, Listener listener) {
        this.socket = socket;
        this.listener = listener;
    }

    /**
     * Makes the socket; when this returns, clients can connect and are answered.
     *
     * @param state what GET /state answers: maps, lists, strings, numbers and booleans; called by any thread
     * @param stats what GET /stats answers, likewise
     * @throws IOException whose message says in one line why there can be no such socket and what to do
     */
    public static ApiServer start(ApiSettings settings, BypassControl control, Supplier<Map<String, Object>> state,
            Supplier<Map<String, Object>> stats) throws IOException {
        return start(settings, control, state, stats, HttpLimits.STANDARD);
    }

    static ApiServer start(ApiSettings settings, BypassControl control, Supplier<Map<String, Object>> state,
            Supplier<Map<String, Object>> stats, HttpLimits limits) throws IOException {
        Router router = new Router();
        new DaemonResource(state, stats, settings.version()).mount(router);
        new BypassResource(control, settings.postReplaces()).mount(router);
        SocketFile socket = SocketFile.open(settings.socket(), settings.group(), settings.makeDirectory());
        Listener listener = new Listener(socket.channel(), router, limits);
        listener.start();
        return new ApiServer(socket, listener);
    }

    /** Removes the socket, lets answers under way end within a quarter of a second, and closes all connections. */
    @Override
    public void close() throws IOException {
        try (listener) {
            socket.close();
        }
    }
}
