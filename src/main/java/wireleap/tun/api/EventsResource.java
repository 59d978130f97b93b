package wireleap.tun.api;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import wireleap.tun.events.Event;
import wireleap.tun.events.EventLog;
import wireleap.tun.policy.IpPrefix;

/**
 * What happens, /events, as server-sent events (WHATWG HTML section 9.2). An event's id is a number of this process and
 * the event's own, so that who comes back with {@code Last-Event-ID} goes on where it was, or is told what it has missed.
 */
final class EventsResource {
    private static final byte[] HEARTBEAT = ":\n\n".getBytes(StandardCharsets.US_ASCII);
    private static final long UNKNOWN = -1;

    private final EventLog log;
    private final HttpLimits limits;
    private final Semaphore places;
    private final String process = String.format("%08x-", ThreadLocalRandom.current().nextInt());
    private Rendered rendered = new Rendered(0, HEARTBEAT);        // guarded by this

    /** The event that was written last, made once for all who read it. */
    private record Rendered(long number, byte[] bytes) {
    }

    EventsResource(EventLog log, HttpLimits limits) {
        this.log = log;
        this.limits = limits;
        this.places = new Semaphore(limits.listeners());
    }

    void mount(Router router) {
        router.on("GET", "/events", this::listen);
    }

    private Answer listen(Request request) throws HttpException {
        Optional<String> last = request.head().headers().value("Last-Event-ID");
        if (!places.tryAcquire()) {
            throw new HttpException(Status.UNAVAILABLE, limits.listeners()
                    + " clients listen to events, which are the most; try again later");
        }
        long now = log.lastNumber();
        long number = last.map(id -> number(id, now)).orElse(now);
        return new Listening(Math.max(0, number), number == UNKNOWN);
    }

    /** The number in an id of this process's; UNKNOWN in another's. */
    private long number(String id, long now) {
        if (!id.startsWith(process) || !id.substring(process.length()).matches("[0-9]{1,18}")) {
            return UNKNOWN;
        }
        long number = Long.parseLong(id.substring(process.length()));
        return number <= now ? number : UNKNOWN;
    }

    /** One who listens. */
    private final class Listening implements Streaming {
        private long number;                         // of the last event that the client has
        private final boolean isStranger;            // its last event was another process's

        Listening(long number, boolean isStranger) {
            this.number = number;
            this.isStranger = isStranger;
        }

        @Override
        public String contentType() {
            return "text/event-stream";
        }

        @Override
        public void writeTo(PieceWriter out) throws IOException, InterruptedException {
            out.write(("id: " + process + number + "\n\n").getBytes(StandardCharsets.US_ASCII));
            if (isStranger) {
                out.write(lost(0, Optional.empty()));
            }
            for (List<byte[]> pieces = next(); !pieces.isEmpty(); pieces = next()) {
                for (byte[] piece : pieces) {
                    out.write(piece);
                }
            }
        }

        /** What is to be written next, and nothing else that a slow reader could keep alive; empty: the log has ended. */
        private List<byte[]> next() throws InterruptedException {
            List<EventLog.Entry> entries = log.awaitAfter(number, limits.heartbeatNanos());
            if (entries.isEmpty()) {
                return log.isClosed() ? List.of() : List.of(HEARTBEAT);
            }
            EventLog.Entry entry = entries.getFirst();
            long missed = entry.number() - number - 1;
            number = entry.number();
            byte[] event = rendered(entry);
            return missed == 0 ? List.of(event) : List.of(lost(number - 1, Optional.of(missed)), event);
        }

        @Override
        public void close() {
            places.release();
        }
    }

    private synchronized byte[] rendered(EventLog.Entry entry) {
        if (rendered.number() != entry.number()) {
            Map<String, Object> data = new LinkedHashMap<>();
            data.put("at", entry.at().toString());
            String name = describe(entry.event(), data);
            rendered = new Rendered(entry.number(), event(entry.number(), name, data));
        }
        return rendered.bytes();
    }

    /** Puts an event's members in, and answers its name. */
    private static String describe(Event event, Map<String, Object> data) {
        switch (event) {
            case Event.StateChanged state -> {
                data.put("from", state.from());
                data.put("to", state.to());
                data.put("why", state.why());
                return "state";
            }
            case Event.BypassChanged bypass -> {
                data.put("version", bypass.version());
                data.put("who", bypass.who());
                data.put("added", bypass.added().stream().map(IpPrefix::toString).toList());
                data.put("removed", bypass.removed().stream().map(IpPrefix::toString).toList());
                return "bypass";
            }
            case Event.Repaired repaired -> {
                data.put("what", repaired.what());
                data.put("detail", repaired.detail());
                return "repaired";
            }
            case Event.UpstreamChanged upstream -> {
                data.put("status", upstream.status());
                data.put("why", upstream.why());
                return "upstream";
            }
        }
    }

    /** @param count of the events that the client has missed, where it is known */
    private byte[] lost(long number, Optional<Long> count) {
        Map<String, Object> data = new LinkedHashMap<>();
        count.ifPresent(events -> data.put("events", events));
        return event(number, "lost", data);
    }

    /** JSON has no line breaks of its own, so one line of data holds it. */
    private byte[] event(long number, String name, Map<String, Object> data) {
        byte[] head = ("id: " + process + number + "\nevent: " + name + "\ndata: ").getBytes(StandardCharsets.US_ASCII);
        byte[] json = Response.json(data);
        byte[] event = new byte[head.length + json.length + 2];
        System.arraycopy(head, 0, event, 0, head.length);
        System.arraycopy(json, 0, event, head.length, json.length);
        event[event.length - 2] = '\n';
        event[event.length - 1] = '\n';
        return event;
    }
}
