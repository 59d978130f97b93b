package wireleap.tun.api;

import java.io.IOException;
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
     * @throws IOException whose message says in one line why there can be no such socket and what to do
     */
    public static ApiServer start(ApiSettings settings, BypassControl control, Sources sources)
            throws IOException {
        return start(settings, control, sources, HttpLimits.STANDARD);
    }

    static ApiServer start(ApiSettings settings, BypassControl control, Sources sources, HttpLimits limits)
            throws IOException {
        Router router = new Router();
        new DaemonResource(sources.state(), sources.stats(), settings.version()).mount(router);
        new ExplainResource(sources.explainer()).mount(router);
        new FlowsResource(sources.flows()).mount(router);
        new EventsResource(sources.events(), limits).mount(router);
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
