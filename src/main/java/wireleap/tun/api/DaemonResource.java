package wireleap.tun.api;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.function.Supplier;

/** What tells of the daemon itself: /state, /stats, /version, /openapi.json. */
final class DaemonResource {
    private final Supplier<Map<String, Object>> state;
    private final Supplier<Map<String, Object>> stats;
    private final String version;

    DaemonResource(Supplier<Map<String, Object>> state, Supplier<Map<String, Object>> stats, String version) {
        this.state = state;
        this.stats = stats;
        this.version = version;
    }

    void mount(Router router) {
        router.on("GET", "/state", request -> Response.ok(Response.json(state.get())))
                .on("GET", "/stats", request -> Response.ok(Response.json(stats.get())))
                .on("GET", "/version", request -> Response.ok(Response.json(Map.of("version", version))))
                .on("GET", "/openapi.json", request -> Response.ok(Document.JSON));
    }

    /** What is read only if somebody asks, and then once. */
    private static final class Document {
        static final byte[] JSON = read();

        private Document() {
        }

        private static byte[] read() {
            try (var in = DaemonResource.class.getResourceAsStream("openapi.json")) {
                return in.readAllBytes();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
