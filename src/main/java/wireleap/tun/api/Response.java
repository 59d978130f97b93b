package wireleap.tun.api;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * An answer that is known as a whole.
 *
 * @param fields besides those that the writer adds: Date, Content-Type, Content-Length, Connection
 * @param body JSON; shared, never changed
 */
record Response(Status status, Map<String, String> fields, byte[] body) implements Answer {
    private static final byte[] NONE = new byte[0];

    /** 200 with this JSON. */
    static Response ok(byte[] json) {
        return new Response(Status.OK, Map.of(), json);
    }

    /** 200 with {@code {"code":200,"description":"OK"}}. */
    static Response done() {
        return ok(json(described(Status.OK)));
    }

    static Response notModified() {
        return new Response(Status.NOT_MODIFIED, Map.of(), NONE);
    }

    /** An error with {@code {"code":404,"description":"resource not found","cause":"..."}}. */
    static Response error(Status status, String cause) {
        Map<String, Object> body = described(status);
        body.put("cause", cause);
        return new Response(status, Map.of(), json(body));
    }

    /** The same answer with one more field. */
    Response with(String name, String value) {
        Map<String, String> more = new LinkedHashMap<>(fields);
        more.put(name, value);
        return new Response(status, more, body);
    }

    /** A value of maps, lists, strings, numbers and booleans as compact JSON. */
    static byte[] json(Object value) {
        try {
            return JSON.std.asBytes(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Map<String, Object> described(Status status) {
        Map<String, Object> body = new LinkedHashMap<>();
        body.put("code", status.code());
        body.put("description", status.description());
        return body;
    }
}
