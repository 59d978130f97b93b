package wireleap.tun.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ProtocolException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A stream of events over connections that break, against a server that says always the same. */
@Timeout(20)
class EventStreamTest {
    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";
    private static final String EVENTS = HEAD + "id: p-1\n\nid: p-2\nevent: state\ndata: {\"to\":\"active\"}\n\n:\n\n"
            + "id: p-3\nevent: bypass\ndata: {\"who\":\"root:root\"}\n\n";

    @TempDir
    private Path directory;

    private BypassClient client(Duration patience) {
        return new BypassClient(directory.resolve("s")).patience(patience).answerWithin(Duration.ofSeconds(5));
    }

    private ScriptedServer server(String script) throws IOException {
        return new ScriptedServer(directory.resolve("s"), script, true, script.length());
    }

    @Test
    void eventsAreReadWithTheirIdsAndCommentsPassedOver() throws Exception {
        try (var server = server(EVENTS); EventStream events = client(Duration.ZERO).events()) {
            assertEquals(new DaemonEvent("p-2", "state", Map.of("to", "active")), events.next());
            assertEquals(new DaemonEvent("p-3", "bypass", Map.of("who", "root:root")), events.next());
            assertFalse(server.requests().getFirst().contains("Last-Event-ID"));
        }
    }

    @Test
    void aBrokenConnectionIsMadeAgainBehindTheLastEvent() throws Exception {
        try (var server = server(EVENTS); EventStream events = client(Duration.ZERO).events()) {
            events.next();
            events.next();
            assertEquals("p-2", events.next().id());
            assertTrue(server.requests().get(1).contains("\r\nLast-Event-ID: p-3\r\n"), server.requests()::toString);
        }
    }

    @Test
    void anEventThatBreaksOffIsToldAnew() throws Exception {
        try (var server = server(HEAD + "id: p-7\n\nid: p-8\nevent: st"); EventStream events = client(Duration.ZERO).events()) {
            Thread reading = Thread.startVirtualThread(() -> assertThrows(InterruptedException.class, events::next));
            while (server.requests().size() < 3) {
                Thread.onSpinWait();
            }
            reading.interrupt();
            reading.join();
            assertTrue(server.requests().get(1).contains("\r\nLast-Event-ID: p-7\r\n"), server.requests()::toString);
        }
    }

    @Test
    void whoHasAnIdGoesOnFromThere() throws Exception {
        try (var server = server(EVENTS); EventStream events = client(Duration.ZERO).events("p-0")) {
            events.next();
            assertTrue(server.requests().getFirst().contains("\r\nLast-Event-ID: p-0\r\n"));
        }
    }

    @Test
    void aDaemonThatIsGoneForGoodEndsIt() throws Exception {
        var server = server(EVENTS);
        try (EventStream events = client(Duration.ZERO).events()) {
            events.next();
            events.next();
            server.close();
            assertThrows(IOException.class, events::next);
        }
    }

    @Test
    void whatIsNoJsonIsNotWaitedThrough() throws Exception {
        try (var server = server(HEAD + "id: p-1\n\nid: p-2\nevent: state\ndata: active\n\n");
                EventStream events = client(Duration.ZERO).events()) {
            assertThrows(ProtocolException.class, events::next);
            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void aRefusalIsTold() throws Exception {
        try (var server = server("HTTP/1.1 503 service unavailable\r\nContent-Length: 2\r\n\r\n{}")) {
            assertEquals(503, assertThrows(BypassException.class, () -> client(Duration.ZERO).events()).code());
            assertEquals(1, server.requests().size());
        }
    }
}
