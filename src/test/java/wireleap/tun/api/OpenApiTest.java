package wireleap.tun.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static wireleap.tun.api.SchemaMatcher.object;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import wireleap.tun.events.Event;
import wireleap.tun.policy.IpPrefix;

/** What openapi.json says is what is answered, and what is answered stands in openapi.json. */
@Timeout(60)
class OpenApiTest {
    private static final Set<String> METHODS = Set.of("get", "put", "post", "patch", "delete");
    private static final Map<String, Object> ERROR = Map.of("$ref", "#/components/schemas/Error");
    private static final Set<String> OF_ALL = Set.of("400", "413", "414", "431", "500", "503", "505");

    private TestApi api;
    private Map<String, Object> document;
    private SchemaMatcher matcher;

    @BeforeEach
    void open() throws IOException {
        api = TestApi.open();
        document = JSON.std.mapFrom(api.get("/openapi.json").body());
        matcher = new SchemaMatcher(document);
    }

    @AfterEach
    void close() throws IOException {
        api.close();
    }

    /**
     * An answer that a test has asked for.
     *
     * @param path as in the document
     * @param status that is expected
     */
    private record Provoked(String method, String path, int status, RawClient.Answer answer) {
        @Override
        public String toString() {
            return method + " " + path + " " + status;
        }
    }

    private Provoked ask(int status, String method, String target, String body, String... fields) throws IOException {
        try (RawClient client = api.connect()) {
            client.request(method, target, body, fields);
            return new Provoked(method, target.startsWith("/bypass/") ? "/bypass/{entry}" : target.replaceFirst("\\?.*", ""), status,
                    status == 304 ? client.head() : client.answer());
        }
    }

    /** An event of each kind, as a listener gets it. */
    private List<Provoked> listened() throws IOException {
        List<Event> happening = List.of(new Event.StateChanged("active", "failed", "gone"),
                new Event.BypassChanged("v", "root:root", List.of(IpPrefix.parse("1.2.3.4")), List.of()),
                new Event.Repaired("a rule", "was gone"), new Event.UpstreamChanged("up", ""));
        List<Provoked> all = new ArrayList<>();
        try (RawClient client = api.connect()) {
            RawClient.Answer head = client.get("/events", "Last-Event-ID: other-1").head();
            client.chunk();
            all.add(new Provoked("GET", "/events", 200, head.with(client.chunk())));
            for (Event event : happening) {
                api.events().publish(event);
                all.add(new Provoked("GET", "/events", 200, head.with(client.chunk())));
            }
        }
        return all;
    }

    private Provoked raw(int status, String path, String bytes) throws IOException {
        try (RawClient client = api.connect()) {
            return new Provoked("GET", path, status, client.send(bytes).answer());
        }
    }

    private List<Provoked> provoked() throws IOException {
        List<Provoked> all = new ArrayList<>();
        for (String path : List.of("/state", "/stats", "/version", "/openapi.json", "/bypass")) {
            all.add(ask(200, "GET", path, ""));
            all.add(raw(400, path, "GET " + path + " HTTP/1.1\r\n\r\n"));
            all.add(raw(505, path, "GET " + path + " HTTP/3.0\r\n\r\n"));
        }
        all.addAll(listened());
        all.add(ask(200, "GET", "/explain?addr=192.0.2.1", ""));
        all.add(ask(500, "GET", "/explain?addr=192.0.2.2", ""));
        all.add(ask(400, "GET", "/explain?addr=name", ""));
        api.flows().add("udp", "10.0.0.1", 5, "", 0, "dialling").add("tcp", "::7", 5, "::8", 6, "established");
        try (RawClient client = api.connect()) {
            RawClient.Answer head = client.get("/flows").head();
            all.add(new Provoked("GET", "/flows", 200, head.with(client.chunks())));
        }
        String one = "[\"1.2.3.4\",\"10.0.0.0/8\",\"2001:db8::1\",\"2001:db8::/32\",\"1.2.3.4\"]";
        String many = IntStream.rangeClosed(0, 65_536)
                .mapToObj(i -> "10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255))
                .collect(Collectors.joining("\",\"", "[\"", "\"]"));
        for (String method : List.of("PUT", "POST")) {
            all.add(ask(200, method, "/bypass", one));
            all.add(ask(200, method, "/bypass", "null"));
            all.add(ask(400, method, "/bypass", "[7]"));
            all.add(ask(412, method, "/bypass", one, "If-Match: \"other-1\""));
            all.add(ask(413, method, "/bypass", many));
        }
        all.add(ask(200, "PATCH", "/bypass", "{\"add\":[\"1.2.3.4\",\"8.8.8.8\"],\"remove\":[\"9.9.9.9\"]}"));
        all.add(ask(400, "PATCH", "/bypass", "{\"put\":[]}"));
        all.add(ask(412, "PATCH", "/bypass", "{}", "If-Match: \"other-1\""));
        all.add(ask(200, "GET", "/bypass", ""));
        all.add(ask(304, "GET", "/bypass", "", "If-None-Match: *"));
        all.add(ask(412, "DELETE", "/bypass", "", "If-Match: \"other-1\""));
        all.add(ask(200, "DELETE", "/bypass/1.2.3.4", ""));
        all.add(ask(404, "DELETE", "/bypass/1.2.3.4", ""));
        all.add(ask(400, "DELETE", "/bypass/name", ""));
        all.add(ask(412, "DELETE", "/bypass/8.8.8.8", "", "If-Match: \"other-1\""));
        all.add(ask(200, "DELETE", "/bypass", "whatever"));
        all.add(raw(414, "/bypass", "GET /" + "a".repeat(9_000)));
        all.add(raw(431, "/bypass", "GET /bypass HTTP/1.1\r\nHost: " + "a".repeat(40_000)));
        all.add(raw(413, "/bypass", "GET /bypass HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n"));
        api.control().refuse("ip route add throw 1.2.3.4: No space left on device");
        all.add(ask(500, "POST", "/bypass", one));
        api.control().stopping();
        all.add(ask(503, "POST", "/bypass", one));
        return all;
    }

    private Map<String, Object> operation(String path, String method) {
        Map<String, Object> item = object(object(document.get("paths")).get(path));
        return object(item.get(method.toLowerCase(Locale.ROOT)));
    }

    @Test
    void everyAnswerIsOneThatTheDocumentDescribes() throws IOException {
        for (Provoked one : provoked()) {
            String where = one.toString();
            assertEquals(one.status(), one.answer().status(), () -> where + ": " + one.answer().body());
            Map<String, Object> responses = object(operation(one.path(), one.method()).get("responses"));
            assertTrue(responses.containsKey("" + one.status()), () -> where + " is not documented");
            matchResponse(one.answer(), object(matcher.resolved(responses.get("" + one.status()))), where);
        }
    }

    private void matchResponse(RawClient.Answer answer, Map<String, Object> response, String where)
            throws IOException {
        Set<String> headers = response.containsKey("headers") ? object(response.get("headers")).keySet() : Set.of();
        assertEquals(headers.contains("ETag"), answer.fields().containsKey("ETag"), () -> where + ": ETag");
        for (String name : headers) {
            matcher.match(answer.field(name), object(matcher.resolved(object(response.get("headers")).get(name)))
                    .get("schema"), where + " " + name);
        }
        if (answer.fields().getOrDefault("Content-Type", "").equals("text/event-stream")) {
            Object documented = object(object(object(response.get("content")).get("text/event-stream"))
                    .get("x-events")).get(EventsTest.name(answer.body()));
            matcher.match(JSON.std.anyFrom(EventsTest.data(answer.body())), documented, where);
        } else if (response.containsKey("content")) {
            matcher.match(JSON.std.anyFrom(answer.body()), schema(response.get("content")), where);
        } else {
            assertEquals("", answer.body(), where);
        }
    }

    private static Object schema(Object content) {
        return object(object(content).get("application/json")).get("schema");
    }

    @Test
    void everyOperationIsProvoked() throws IOException {
        Set<String> documented = new TreeSet<>();
        object(document.get("paths")).forEach((path, item) -> object(item)
                .forEach((method, operation) -> object(object(operation).get("responses")).keySet().stream()
                        .filter(status -> !OF_ALL.contains(status))
                        .forEach(status -> documented.add(method + " " + path + " " + status))));
        Set<String> provoked = new TreeSet<>();
        provoked().forEach(one -> provoked.add(one.method().toLowerCase(Locale.ROOT) + " " + one.path() + " "
                + one.status()));
        provoked.removeIf(one -> OF_ALL.contains(one.substring(one.length() - 3)));
        assertEquals(documented, provoked);
    }

    @Test
    void everyStatusThatAllMayAnswerIsProvoked() throws IOException {
        Set<String> provoked = new LinkedHashSet<>();
        provoked().forEach(one -> provoked.add("" + one.status()));
        assertTrue(provoked.containsAll(OF_ALL), provoked::toString);
    }

    @Test
    void otherMethodsAreNotAllowedAndTheDocumentedOnesAre() throws IOException {
        for (var path : object(document.get("paths")).entrySet()) {
            Set<String> documented = new TreeSet<>(object(path.getValue()).keySet());
            Set<String> allowed = new TreeSet<>();
            String target = path.getKey().replace("{entry}", "1.2.3.4");
            String header = api.request("OPTIONS", target, "").field("Allow");
            for (String method : header.toLowerCase(Locale.ROOT).split(", ")) {
                allowed.add(method);
            }
            assertEquals(documented.contains("get"), allowed.remove("head"));
            assertEquals(documented, allowed, path.getKey());
            for (String method : METHODS) {
                if (!documented.contains(method)) {
                    var answer = api.request(method.toUpperCase(Locale.ROOT), target, "");
                    matcher.match(JSON.std.anyFrom(answer.body()), ERROR, target);
                    assertEquals(405, answer.status());
                }
            }
        }
    }

    @Test
    void everyExampleMatchesItsSchema() {
        List<Object> nodes = new ArrayList<>(List.of(document));
        int matched = 0;
        for (int i = 0; i < nodes.size(); i++) {
            switch (nodes.get(i)) {
                case List<?> list -> nodes.addAll(list);
                case Map<?, ?> map -> {
                    map.values().stream().filter(v -> v != null).forEach(nodes::add);
                    matched += matchExamples(object(map));
                }
                default -> { }
            }
        }
        assertTrue(matched > 20, "examples: " + matched);
    }

    private int matchExamples(Map<String, Object> node) {
        if (!node.containsKey("schema")) {
            return 0;
        }
        if (node.containsKey("example")) {
            matcher.match(node.get("example"), node.get("schema"), "example");
            return 1;
        }
        Map<String, Object> examples = node.containsKey("examples") ? object(node.get("examples")) : Map.of();
        examples.forEach((name, example) -> matcher.match(object(example).get("value"), node.get("schema"), name));
        return examples.size();
    }

    @Test
    void everyReferenceLeadsSomewhereAndEveryComponentIsUsed() throws IOException {
        String text = api.get("/openapi.json").body();
        object(document.get("components")).forEach((kind, components) -> object(components).keySet().forEach(name -> {
            String reference = "#/components/" + kind + "/" + name;
            assertTrue(text.contains('"' + reference + '"'), () -> reference + " is used nowhere");
        }));
        for (String part : text.split("\"\\$ref\": \"")) {
            if (part.startsWith("#/")) {
                matcher.resolved(Map.of("$ref", part.substring(0, part.indexOf('"'))));
            }
        }
    }

    @Test
    void theMatcherTellsWhatDoesNotMatch() {
        var good = Map.of("code", 404, "description", "resource not found", "cause", "none");
        matcher.match(good, ERROR, "good");
        assertThrows(AssertionError.class, () -> matcher.match(Map.of("code", 404), ERROR, "incomplete"));
        assertThrows(AssertionError.class, () -> matcher.match(List.of(), ERROR, "another type"));
        assertThrows(AssertionError.class, () -> matcher.match(
                Map.of("code", "404", "description", "resource not found", "cause", "none"), ERROR, "a string"));
    }
}
