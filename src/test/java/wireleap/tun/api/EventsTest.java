package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.IpPrefix;

/** GET /events, byte by byte. */
@Timeout(20)
class EventsTest {
    private static final Event ACTIVE = new Event.StateChanged("activating", "active", "");
    private static final long SOON = 20;
    private static final long LATE = 600_000;

    private TestApi api;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open(TestApi.streams(2, LATE, LATE));
    }

    @AfterEach
    void close() throws IOException {
        api.events().close();
        api.close();
    }

    private void restart(HttpLimits limits) throws IOException {
        close();
        api = TestApi.open(limits);
    }

    /** A client that listens; what is published from here on it will get. */
    private RawClient listen(String... fields) throws IOException {
        RawClient client = api.connect();
        RawClient.Answer head = client.get("/events", fields).head();
        assertEquals(200, head.status());
        assertEquals("text/event-stream", head.field("Content-Type"));
        return client;
    }

    /** The id that a stream begins with. */
    private static String id(String begin) {
        assertTrue(begin.matches("id: [0-9a-f]{8}-[0-9]+\n\n"), begin);
        return begin.substring(4, begin.length() - 2);
    }

    static String name(String event) {
        return event.lines().filter(line -> line.startsWith("event: ")).findFirst().orElseThrow().substring(7);
    }

    static String data(String event) {
        return event.lines().filter(line -> line.startsWith("data: ")).findFirst().orElseThrow().substring(6);
    }

    @Test
    void anEventIsToldWithItsIdNameAndMembers() throws IOException {
        try (RawClient client = listen()) {
            String begin = id(client.chunk());
            api.events().publish(new Event.BypassChanged("\"v-1\"", "root:root", List.of(IpPrefix.parse("192.0.2.1")),
                    List.of(IpPrefix.parse("10.0.0.0/8"))));
            String event = client.chunk();
            assertEquals("id: " + begin.replaceFirst("-0$", "-1") + "\nevent: bypass\ndata: {\"at\":\"TIME\","
                    + "\"version\":\"\\\"v-1\\\"\",\"who\":\"root:root\",\"added\":[\"192.0.2.1\"],"
                    + "\"removed\":[\"10.0.0.0/8\"]}\n\n", event.replaceFirst("[0-9-]{10}T[0-9:.]*Z", "TIME"));
        }
    }

    @Test
    void eachKindOfEventHasItsName() throws IOException {
        List<Event> all = List.of(ACTIVE, new Event.BypassChanged("", "", List.of(), List.of()),
                new Event.Repaired("rule", "gone"), new Event.UpstreamChanged("up", ""));
        try (RawClient client = listen()) {
            client.chunk();
            List<String> names = new ArrayList<>();
            for (Event event : all) {
                api.events().publish(event);
                names.add(name(client.chunk()));
            }
            assertEquals(List.of("state", "bypass", "repaired", "upstream"), names);
        }
    }

    @Test
    void whoListensAnewHearsOnlyWhatIsNew() throws IOException {
        api.events().publish(ACTIVE);
        try (RawClient client = listen()) {
            client.chunk();
            api.events().publish(new Event.Repaired("rule", "gone"));
            assertEquals("repaired", name(client.chunk()));
        }
    }

    @Test
    void whoComesBackGoesOnBehindItsLastEvent() throws IOException {
        String id;
        try (RawClient client = listen()) {
            client.chunk();
            api.events().publish(ACTIVE);
            id = client.chunk().lines().findFirst().orElseThrow().substring(4);
        }
        api.events().publish(new Event.Repaired("rule", "gone"));
        try (RawClient client = listen("Last-Event-ID: " + id)) {
            assertEquals(id, id(client.chunk()));
            assertEquals("repaired", name(client.chunk()));
        }
    }

    @Test
    void whatTheLogHasForgottenIsSaidToBeLost() throws IOException {
        String id;
        try (RawClient client = listen()) {
            id = id(client.chunk());
        }
        for (int i = 0; i < EventLog.MAX_EVENTS + 3; i++) {
            api.events().publish(ACTIVE);
        }
        try (RawClient client = listen("Last-Event-ID: " + id)) {
            client.chunk();
            String lost = client.chunk();
            assertEquals("lost", name(lost));
            assertEquals("{\"events\":3}", data(lost));
            assertTrue(client.chunk().startsWith("id: " + id.replaceFirst("-0$", "-4") + "\nevent: state\n"));
        }
    }

    @Test
    void anotherProcessesEventsAreSaidToBeLost() throws IOException {
        api.events().publish(ACTIVE);
        for (String stranger : List.of("00000000-1", "whatever", "")) {
            try (RawClient client = listen("Last-Event-ID: " + stranger)) {
                client.chunk();
                String lost = client.chunk();
                assertEquals("lost", name(lost));
                assertEquals("{}", data(lost));
                assertEquals("state", name(client.chunk()));
            }
            api.events().publish(ACTIVE);            // at which the server notices that this listener has gone
        }
    }

    @Test
    void anIdThatIsStillToComeIsAnotherProcesses() throws IOException {
        String id;
        try (RawClient client = listen()) {
            id = id(client.chunk());
        }
        try (RawClient client = listen("Last-Event-ID: " + id.replaceFirst("-0$", "-7"))) {
            client.chunk();
            assertEquals("lost", name(client.chunk()));
        }
    }

    @Test
    void silenceIsBrokenByComments() throws IOException {
        restart(TestApi.streams(2, LATE, SOON));
        try (RawClient client = listen()) {
            client.chunk();
            assertEquals(":\n\n", client.chunk());
            assertEquals(":\n\n", client.chunk());
        }
    }

    @Test
    void moreListenersThanPlacesAreRefused() throws IOException {
        try (RawClient first = listen(); RawClient second = listen()) {
            RawClient.Answer refused = api.get("/events");
            assertEquals(503, refused.status());
            assertTrue(refused.body().contains("2 clients listen to events"), refused::body);
        }
    }

    @Test
    void theHeadAloneTakesNoPlace() throws IOException {
        try (RawClient client = api.connect()) {
            for (int i = 0; i < 5; i++) {
                client.send("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n");
                assertEquals(200, client.head().status());
            }
        }
    }

    /** Of some 900 KB. */
    private static Event large(String version) {
        return new Event.BypassChanged(version, "who", IntStream.range(0, 60_000)
                .mapToObj(i -> IpPrefix.parse("10.0." + (i >> 8) + "." + (i & 255))).toList(), List.of());
    }

    @Test
    void whoDoesNotReadIsCutAndNobodyWaits() throws IOException {
        restart(TestApi.streams(2, 2_000, LATE));
        try (RawClient slow = listen(); RawClient good = listen()) {
            good.chunk();
            api.events().publish(large("v"));
            StringBuilder read = new StringBuilder();
            while (read.indexOf("\n\n") < 0) {
                read.append(good.chunk());
            }
            assertTrue(read.toString().contains("10.0.234.95\"]"));
            api.events().publish(ACTIVE);
            assertEquals("state", name(good.chunk()));
            awaitCut(slow);
        }
    }

    @Test
    void whoReadsALargeEventTooSlowlyIsCut() throws Exception {
        restart(TestApi.streams(2, 1_000, LATE));
        try (RawClient slow = listen()) {
            slow.chunk();
            api.events().publish(large("v"));
            assertTrue(isCutWhileReadingSlowly(slow));
        }
    }

    /** Each chunk is read in time, all of them together are not. */
    private static boolean isCutWhileReadingSlowly(RawClient slow) throws Exception {
        try {
            for (int i = 0; i < 12; i++) {
                slow.chunk();
                Thread.sleep(200);
            }
            return false;
        } catch (IOException cut) {
            return true;
        }
    }

    @Test
    void largeEventsThatNobodyReadsMayNotFillTheMemoryTogether() throws IOException {
        restart(TestApi.unread(1 << 20));
        try (RawClient slow = listen()) {
            slow.chunk();
            api.events().publish(large("v1"));
            slow.chunk();
            String id;
            try (RawClient second = listen()) {
                id = id(second.chunk());
                api.events().publish(large("v2"));
                assertTrue(endsEarly(second));
            }
            slow.close();
            boolean told = false;                    // the server notices a bit later than we that it has room again
            for (int tries = 0; tries < 2_000 && !told; tries++) {
                told = isTold(id);
            }
            assertTrue(told);
        }
    }

    /** Whether who comes back is told on. */
    private boolean isTold(String id) throws IOException {
        try (RawClient client = listen("Last-Event-ID: " + id)) {
            client.chunk();
            return client.chunk().startsWith("id: ");
        } catch (IOException cut) {
            return false;
        }
    }

    /** Its place is free once it has been cut. */
    private void awaitCut(RawClient slow) throws IOException {
        while (isFull()) {
            Thread.onSpinWait();
        }
        assertTrue(endsEarly(slow));
    }

    private boolean isFull() throws IOException {
        try (RawClient client = api.connect()) {
            return client.send("HEAD /events HTTP/1.1\r\nHost: x\r\n\r\n").head().status() == 503;
        }
    }

    private static boolean endsEarly(RawClient client) {
        try {
            String chunk = client.chunk();
            while (!chunk.isEmpty()) {
                chunk = client.chunk();
            }
            return false;
        } catch (IOException cut) {
            return true;
        }
    }

    @Test
    void theStreamEndsWithTheLog() throws IOException {
        try (RawClient client = listen()) {
            client.chunk();
            api.events().publish(ACTIVE);
            api.events().close();
            assertEquals("state", name(client.chunk()));
            assertEquals("", client.chunk());
            assertEquals(200, client.get("/version").answer().status());
        }
    }

    @Test
    void aClientOfTheOldProtocolGetsTheBareBytes() throws IOException {
        try (RawClient client = api.connect()) {
            RawClient.Answer head = client.send("GET /events HTTP/1.0\r\n\r\n").head();
            assertFalse(head.fields().containsKey("Transfer-Encoding"));
            assertEquals("close", head.field("Connection"));
        }
    }

    @Test
    void aStopEndsTheStream() throws IOException {
        try (RawClient client = listen()) {
            client.chunk();
            api.stop();
            assertTrue(client.isAtEnd());
        }
    }
}
