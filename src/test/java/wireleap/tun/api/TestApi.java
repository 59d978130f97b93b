package wireleap.tun.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.IpPrefix;
import wireleap.tun.policy.PlannedWay;
import wireleap.tun.routes.RouteExplanation;
import wireleap.tun.routes.RouteRefusedException;

/** A server over a list in memory, on a socket in a directory of its own. */
final class TestApi implements AutoCloseable {
    static final String DONE = "{\"code\":200,\"description\":\"OK\"}";
    private static final long MILLISECOND = 1_000_000;

    private final Path directory;
    private final MemoryControl control = new MemoryControl();
    private final EventLog events = new EventLog();
    private final ListedFlows flows = new ListedFlows();
    private final ApiServer server;

    private TestApi(HttpLimits limits, boolean postReplaces) throws IOException {
        directory = Files.createTempDirectory("wltun");
        server = ApiServer.start(
                new ApiSettings(directory.resolve("api.sock"), Optional.empty(), false, "1.2.3", postReplaces),
                control, new Sources(() -> Map.of("state", "active", "pid", 4711, "version", "1.2.3"),
                () -> Map.of("total", Map.of("packets", Map.of("in", 7L)), "loops", List.of()), events, flows,
                        TestApi::explain), limits);
    }

    /** 192.0.2.1 goes around the TUN, what else there is cannot be told. */
    private static RouteExplanation explain(IpPrefix address) throws RouteRefusedException {
        if (!address.equals(IpPrefix.parse("192.0.2.1"))) {
            throw new RouteRefusedException("netlink: ENOBUFS (105), No buffer space available");
        }
        return new RouteExplanation(address, new RouteExplanation.KernelWay(Optional.of("pref 32766 lookup main"),
                Optional.of("main"), Optional.of("default via 203.0.113.1 dev eth0"), Optional.of("eth0"), ""),
                new PlannedWay(false, "bypass entry 192.0.2.0/24"), true);
    }

    /** With the daemon's own limits. */
    static TestApi open() throws IOException {
        return open(HttpLimits.STANDARD);
    }

    static TestApi open(HttpLimits limits) throws IOException {
        return new TestApi(limits, false);
    }

    static TestApi postReplaces() throws IOException {
        return new TestApi(HttpLimits.STANDARD, true);
    }

    /** The daemon's own limits but for the times, all in milliseconds; a piece may take as long as an answer. */
    static HttpLimits times(long head, long body, long idle, long answer) {
        return times(head, body, idle, answer, answer);
    }

    static HttpLimits times(long head, long body, long idle, long answer, long piece) {
        HttpLimits usual = HttpLimits.STANDARD;
        return new HttpLimits(usual.requestLineBytes(), usual.headerBytes(), usual.bodyBytes(), usual.bufferedBytes(),
                usual.pendingBytes(), usual.connections(), usual.listeners(), head * MILLISECOND, body * MILLISECOND, idle * MILLISECOND,
                answer * MILLISECOND, piece * MILLISECOND, usual.heartbeatNanos(), usual.lingerNanos(),
                usual.stopNanos());
    }

    /** The daemon's own limits but for the number of connections and the bytes that their bodies may hold. */
    static HttpLimits places(int connections, int bufferedBytes) {
        HttpLimits usual = HttpLimits.STANDARD;
        return new HttpLimits(usual.requestLineBytes(), usual.headerBytes(), usual.bodyBytes(), bufferedBytes,
                usual.pendingBytes(), connections, usual.listeners(), usual.headNanos(), usual.bodyNanos(), usual.idleNanos(),
                usual.answerNanos(), usual.pieceNanos(), usual.heartbeatNanos(), usual.lingerNanos(),
                usual.stopNanos());
    }

    /** The daemon's own limits but for the number of listeners and the times of their streams, in milliseconds. */
    static HttpLimits streams(int listeners, long piece, long heartbeat) {
        HttpLimits usual = HttpLimits.STANDARD;
        return new HttpLimits(usual.requestLineBytes(), usual.headerBytes(), usual.bodyBytes(), usual.bufferedBytes(),
                usual.pendingBytes(), usual.connections(), listeners, usual.headNanos(), usual.bodyNanos(), usual.idleNanos(),
                usual.answerNanos(), piece * MILLISECOND, heartbeat * MILLISECOND, usual.lingerNanos(),
                usual.stopNanos());
    }

    /** The daemon's own limits but for the bytes that clients may leave unread. */
    static HttpLimits unread(int pendingBytes) {
        HttpLimits usual = HttpLimits.STANDARD;
        return new HttpLimits(usual.requestLineBytes(), usual.headerBytes(), usual.bodyBytes(), usual.bufferedBytes(),
                pendingBytes, usual.connections(), usual.listeners(), usual.headNanos(), usual.bodyNanos(),
                usual.idleNanos(), usual.answerNanos(), usual.pieceNanos(), usual.heartbeatNanos(), usual.lingerNanos(),
                usual.stopNanos());
    }

    Path socket() {
        return directory.resolve("api.sock");
    }

    MemoryControl control() {
        return control;
    }

    /** What GET /flows lists. */
    ListedFlows flows() {
        return flows;
    }

    /** What GET /events tells of. */
    EventLog events() {
        return events;
    }

    RawClient connect() throws IOException {
        return new RawClient(socket());
    }

    /** One GET on a connection of its own. */
    RawClient.Answer get(String target, String... fields) throws IOException {
        try (RawClient client = connect()) {
            return client.get(target, fields).answer();
        }
    }

    /** One request on a connection of its own. */
    RawClient.Answer request(String method, String target, String body, String... fields) throws IOException {
        try (RawClient client = connect()) {
            return client.request(method, target, body, fields).answer();
        }
    }

    /** Stops the server alone. */
    void stop() throws IOException {
        server.close();
    }

    @Override
    public void close() throws IOException {
        server.close();
        Files.delete(directory);
    }
}
