package wireleap.tun.client;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.ProtocolException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads and changes the bypass list of a running daemon over its Unix domain socket.
 *
 * <pre>{@code
 * var client = new BypassClient(Path.of("/run/wireleap_tun/wireleap_tun.sock"));
 * client.add(List.of("192.0.2.1", "2001:db8::/32"));   // returns once the kernel routes them around the TUN
 * BypassList now = client.bypass();
 * client.ifMatch(now.etag()).remove("192.0.2.1");      // only if nobody has changed the list since
 * }</pre>
 *
 * <p>Entries are IPv4 or IPv6 addresses or networks. A call that changes the list returns when the kernel has
 * acknowledged every route, and throws when nothing was changed. Every call waits, by default for up to 15 s, for a
 * daemon that is just starting: while the socket is absent or refuses, it tries again every 150 ms. Each call has a
 * connection of its own.
 *
 * <p>Immutable; any thread. Every call throws
 * <ul>
 * <li>{@link BypassException} when the daemon refused: its list is as before;
 * <li>{@link DaemonUnreachableException} when there was no connection: nothing was asked for;
 * <li>{@link java.net.SocketTimeoutException} when the answer did not come in time, and another IOException when it
 *     broke off: whether the list was changed is then unknown, and {@link #bypass()} tells;
 * <li>InterruptedException when the waiting thread was interrupted.
 * </ul>
 */
public final class BypassClient {
    /** How long a daemon that does not answer the door is tried, unless {@link #patience} says otherwise. */
    public static final Duration PATIENCE = Duration.ofSeconds(15);
    /** How long an answer may take, unless {@link #answerWithin} says otherwise. */
    public static final Duration ANSWER_TIME = Duration.ofSeconds(30);

    /** Each attempt that fails means that somebody else's change has succeeded. */
    private static final int REMOVE_ATTEMPTS = 32;

    private final Path socket;
    private final Duration patience;
    private final Duration answerTime;
    private final Optional<String> ifMatch;

    /** @param socket the path of the daemon's socket; nothing is done with it before the first call */
    public BypassClient(Path socket) {
        this(socket, PATIENCE, ANSWER_TIME, Optional.empty());
    }

    private BypassClient(Path socket, Duration patience, Duration answerTime, Optional<String> ifMatch) {
        this.socket = socket;
        this.patience = patience;
        this.answerTime = answerTime;
        this.ifMatch = ifMatch;
    }

    /** A client that waits so long for a daemon whose socket is absent or refuses; zero: it tries once. */
    public BypassClient patience(Duration longest) {
        return new BypassClient(socket, longest, answerTime, ifMatch);
    }

    /** A client that waits so long for an answer once it is connected. */
    public BypassClient answerWithin(Duration longest) {
        return new BypassClient(socket, patience, longest, ifMatch);
    }

    /**
     * A client whose changes are made only if the list is still the one of this tag; else they throw a
     * BypassException of code 412. A tag serves one change: go on with the one that it returned.
     *
     * @param etag as in {@link BypassList#etag()} or returned by a change
     * @throws IllegalArgumentException if it is nothing that a header field can carry
     */
    public BypassClient ifMatch(String etag) {
        return new BypassClient(socket, patience, answerTime, Optional.of(printable(etag)));
    }

    private static String printable(String text) {
        if (!text.chars().allMatch(c -> c >= ' ' && c < 0x7f)) {
            throw new IllegalArgumentException("a header field has visible ASCII characters only");
        }
        return text;
    }

    /** The daemon's state: {@code state} (activating, active, deactivating, failed), {@code version}, counts. */
    public Map<String, Object> state() throws IOException, InterruptedException {
        return map(ask("GET", "/state", Optional.empty()).body());
    }

    /**
     * What the daemon counts and has: {@code total} and, for each of its {@code loops}, numbers by group and name, such
     * as those of {@code drops}; GET /openapi.json says what each is.
     */
    public Map<String, Object> stats() throws IOException, InterruptedException {
        return map(ask("GET", "/stats", Optional.empty()).body());
    }

    /**
     * What happens to the daemon from now on: changes of its state, of the bypass list, of the upstream, and repairs.
     * While it listens a connection stays open. An answer's time is how long a silence may last, which the daemon breaks
     * every 5 s.
     */
    public EventStream events() throws IOException, InterruptedException {
        return events("");
    }

    /**
     * What has happened to the daemon since some event, and happens from now on.
     *
     * @param id of that event; of one that the daemon has forgotten, a {@code lost} event comes first
     * @throws IllegalArgumentException if it is nothing that a header field can carry
     */
    public EventStream events(String id) throws IOException, InterruptedException {
        return new EventStream(this::listen, printable(id));
    }

    private EventStream.Connection listen(String id) throws IOException, InterruptedException {
        Exchange exchange = new Exchange(new Dialer(socket, patience).connect(), answerTime);
        try {
            AnswerReader reader = exchange.send(request("GET", "/events", id.isEmpty() ? "" : "Last-Event-ID: " + id,
                    new byte[0]));
            Answer answer = reader.head();
            if (answer.code() != 200) {
                throw refusal(reader.withBody(answer));
            }
            return new EventStream.Connection(exchange, reader);
        } catch (IOException | InterruptedException | RuntimeException e) {
            exchange.close();
            throw e;
        }
    }

    /**
     * Why a new connection to an address goes the way it goes: what the {@code kernel} says, what the daemon's {@code plan}
     * is, whether they {@code agree}. GET /openapi.json says what each has.
     *
     * @param address IPv4 or IPv6; a network or a name: code 400
     */
    public Map<String, Object> explain(String address) throws IOException, InterruptedException {
        return map(ask("GET", "/explain?addr=" + encoded(address), Optional.empty()).body());
    }

    /**
     * The open flows: {@code flows}, each an object, and whether there are {@code more} than the limit. GET /openapi.json
     * says what each has.
     *
     * @param filters which ones, by name, none for up to 1,000 of all: {@code protocol} (tcp, udp), {@code addr} (an
     *     address or a network), {@code port}, {@code state}, {@code limit}
     */
    public Map<String, Object> flows(Map<String, String> filters) throws IOException, InterruptedException {
        String query = filters.entrySet().stream().map(filter -> encoded(filter.getKey()) + "="
                + encoded(filter.getValue())).collect(Collectors.joining("&", "?", ""));
        return map(ask("GET", "/flows" + query, Optional.empty()).body());
    }

    /** The daemon's version, such as {@code 0.1.0+59f8b81d56c9}. */
    public String version() throws IOException, InterruptedException {
        return String.valueOf(map(ask("GET", "/version", Optional.empty()).body()).get("version"));
    }

    /** The bypass list. */
    public BypassList bypass() throws IOException, InterruptedException {
        Answer answer = ask("GET", "/bypass", Optional.empty());
        return new BypassList(entries(answer.body()), etag(answer));
    }

    /**
     * Appends entries; those already there stay where they are.
     *
     * <p>A daemon run with {@code --post-replaces} replaces its list instead: {@link #patch} appends there too.
     *
     * @return the tag of the list that stands now
     */
    public String add(Collection<String> entries) throws IOException, InterruptedException {
        return etag(ask("POST", "/bypass", Optional.of(List.copyOf(entries))));
    }

    /**
     * Makes these the whole list, in this order, in one step.
     *
     * @return the tag of the list that stands now
     */
    public String replace(Collection<String> entries) throws IOException, InterruptedException {
        return etag(ask("PUT", "/bypass", Optional.of(List.copyOf(entries))));
    }

    /**
     * Removes entries, absent ones silently, and appends others, in one step. An entry in both: code 400.
     *
     * @return the tag of the list that stands now
     */
    public String patch(Collection<String> add, Collection<String> remove) throws IOException, InterruptedException {
        Map<String, List<String>> both = Map.of("add", List.copyOf(add), "remove", List.copyOf(remove));
        return etag(ask("PATCH", "/bypass", Optional.of(both)));
    }

    /**
     * Removes one entry, as it is listed: 10.1.0.0/16 does not go with 10.0.0.0/8. An absent one: code 404.
     *
     * @return the tag of the list that stands now
     */
    public String remove(String entry) throws IOException, InterruptedException {
        return etag(ask("DELETE", "/bypass/" + encoded(entry), Optional.empty()));
    }

    /**
     * Removes these entries in one step, or none of them: a change that somebody else makes meanwhile is seen and kept.
     *
     * @param entries in canonical form, as {@link BypassList#entries()} has them; an absent one: code 404
     * @return the tag of the list that stands now
     */
    public String removeAll(Collection<String> entries) throws IOException, InterruptedException {
        for (int attempt = 1; ; attempt++) {
            BypassList list = bypass();
            Set<String> listed = Set.copyOf(list.entries());
            for (String entry : entries) {
                if (!listed.contains(entry)) {
                    throw new BypassException(404, "resource not found",
                            entry + " is not in the bypass list; nothing was removed");
                }
            }
            try {
                return ifMatch(ifMatch.orElse(list.etag())).patch(List.of(), entries);
            } catch (BypassException e) {
                if (e.code() != 412 || ifMatch.isPresent() || attempt == REMOVE_ATTEMPTS) {
                    throw e;
                }
            }
        }
    }

    /**
     * Removes all entries.
     *
     * @return the tag of the list that stands now
     */
    public String clear() throws IOException, InterruptedException {
        return etag(ask("DELETE", "/bypass", Optional.empty()));
    }

    private Answer ask(String method, String path, Optional<Object> content) throws IOException, InterruptedException {
        ByteBuffer request = request(method, path, "", content.isPresent() ? JSON.std.asBytes(content.get()) : new byte[0]);
        try (var exchange = new Exchange(new Dialer(socket, patience).connect(), answerTime)) {
            Answer answer = exchange.exchange(request);
            if (answer.code() != 200) {
                throw refusal(answer);
            }
            return answer;
        }
    }

    /** @param field one more, or none where it is empty */
    private ByteBuffer request(String method, String path, String field, byte[] body) {
        StringBuilder head = new StringBuilder().append(method).append(' ').append(path)
                .append(" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n")
                .append(field).append(field.isEmpty() ? "" : "\r\n");
        if (!method.equals("GET")) {
            head.append("Content-Type: application/json\r\nContent-Length: ").append(body.length).append("\r\n");
            ifMatch.ifPresent(etag -> head.append("If-Match: ").append(etag).append("\r\n"));
        }
        byte[] headBytes = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        return ByteBuffer.allocate(headBytes.length + body.length).put(headBytes).put(body).flip();
    }

    private static BypassException refusal(Answer answer) {
        Map<String, Object> status;
        try {
            status = map(answer.body());
        } catch (IOException e) {
            status = Map.of();
        }
        return new BypassException(answer.code(), String.valueOf(status.getOrDefault("description", answer.phrase())),
                String.valueOf(status.getOrDefault("cause", "")));
    }

    private static Map<String, Object> map(byte[] json) throws IOException {
        try {
            return JSON.std.mapFrom(json);
        } catch (IOException e) {
            throw notJson(e);
        }
    }

    private static List<String> entries(byte[] json) throws IOException {
        try {
            return JSON.std.listOfFrom(String.class, json);
        } catch (IOException e) {
            throw notJson(e);
        }
    }

    private static IOException notJson(IOException e) {
        IOException plain = new ProtocolException("the answer is not the JSON that was expected: is the socket the"
                + " daemon's?");
        plain.initCause(e);
        return plain;
    }

    private static String etag(Answer answer) {
        return answer.fields().getOrDefault("ETag", "");
    }

    /** Percent-encodes a path's segment (RFC 3986 section 2.1). */
    private static String encoded(String segment) {
        StringBuilder text = new StringBuilder();
        for (byte octet : segment.getBytes(StandardCharsets.UTF_8)) {
            boolean plain = octet >= '0' && octet <= '9' || octet >= 'a' && octet <= 'z'
                    || octet >= 'A' && octet <= 'Z' || "-._~:".indexOf(octet) >= 0;
            text.append(plain ? String.valueOf((char) octet) : String.format("%%%02X", octet & 0xff));
        }
        return text.toString();
    }
}
