package wireleap.tun.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.io.JsonEOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import wireleap.tun.policy.BypassEdit;
import wireleap.tun.policy.BypassSet;
import wireleap.tun.policy.EntryInBothException;
import wireleap.tun.policy.IpPrefix;

/** Reads the JSON bodies (RFC 8259) of the bypass list: all of it or an HttpException that names what is wrong. */
final class EntryReader implements AutoCloseable {
    private static final int TEXT_CHARS = 4 << 10;       // much more than an entry or a key has
    private static final int ENTRIES_A_TURN = 256;

    /** Names are neither interned nor kept: they are the clients' choice. Nothing good is nested deeper than 2. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(4).maxStringLength(TEXT_CHARS)
                    .maxNameLength(TEXT_CHARS).build())
            .build();

    private static final String LIST = "[\"192.0.2.1\",\"10.0.0.0/8\"]";
    private static final String PATCH = "{\"add\":[\"192.0.2.1\"],\"remove\":[]}";

    private final JsonParser parser;

    /** JSON is UTF-8; what is not is refused, not mended. */
    private EntryReader(InputStream body) throws IOException {
        parser = JSON.createParser(new InputStreamReader(body, StandardCharsets.UTF_8.newDecoder()));
    }

    /** The entries of an array of strings, each once; none for null. */
    static List<IpPrefix> list(InputStream body) throws HttpException {
        return read(body, LIST, reader -> List.copyOf(reader.array("")));
    }

    /** What an object with "add" and "remove", each an array of strings, null or absent, asks for. */
    static BypassEdit patch(InputStream body) throws HttpException {
        return read(body, PATCH, EntryReader::patch);
    }

    /** One way to read a body. */
    @FunctionalInterface
    private interface Form<T> {
        T read(EntryReader reader) throws IOException, HttpException;
    }

    private static <T> T read(InputStream body, String example, Form<T> form) throws HttpException {
        try (EntryReader reader = new EntryReader(body)) {
            if (reader.parser.nextToken() == null) {
                throw HttpException.bad("the body is empty; JSON is expected, such as " + example);
            }
            T result = form.read(reader);
            if (reader.parser.nextToken() != null) {
                throw HttpException.bad("something follows the JSON value");
            }
            return result;
        } catch (CharacterCodingException e) {
            throw HttpException.bad("the body is not UTF-8");
        } catch (JsonEOFException e) {
            throw HttpException.bad("not JSON: it ends too early" + place(e.getLocation()));
        } catch (JsonProcessingException e) {
            throw HttpException.bad("not JSON: " + e.getOriginalMessage() + place(e.getLocation()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);     // cannot be: it is read from memory
        }
    }

    /** Where a body is not JSON; null where the parser's limits are exceeded. */
    private static String place(JsonLocation location) {
        return location == null ? "" : ", at line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    private BypassEdit patch() throws IOException, HttpException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw HttpException.bad("an object is expected, such as " + PATCH + ", not " + found());
        }
        Map<String, Set<IpPrefix>> lists = new HashMap<>();
        for (String name = parser.nextFieldName(); name != null; name = parser.nextFieldName()) {
            if (!name.equals("add") && !name.equals("remove")) {
                throw HttpException.bad("the keys are \"add\" and \"remove\"; there is another one");
            }
            parser.nextToken();
            if (lists.put(name, array(name + ", ")) != null) {
                throw HttpException.bad("the key \"" + name + "\" is there twice");
            }
        }
        try {
            return new BypassEdit.Patch(List.copyOf(lists.getOrDefault("add", Set.of())),
                    List.copyOf(lists.getOrDefault("remove", Set.of())));
        } catch (EntryInBothException e) {
            throw HttpException.bad(e.getMessage());
        }
    }

    /** Reads a value of which the first token has been read already. */
    private Set<IpPrefix> array(String where) throws IOException, HttpException {
        Set<IpPrefix> entries = new LinkedHashSet<>();
        if (parser.currentToken() == JsonToken.VALUE_NULL) {
            return entries;
        }
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw HttpException.bad(where + "an array of strings is expected, such as " + LIST + ", not " + found());
        }
        for (int index = 0; parser.nextToken() != JsonToken.END_ARRAY; index++) {
            if (index % ENTRIES_A_TURN == 0) {
                Thread.yield();                      // a long list must not keep others waiting
            }
            entries.add(entry(where + "entry " + index + ": "));
            if (entries.size() > BypassSet.MAX_ENTRIES) {
                throw new HttpException(Status.PAYLOAD_TOO_LARGE, where + "more than " + BypassSet.MAX_ENTRIES
                        + " entries; name wider networks");
            }
        }
        return entries;
    }

    private IpPrefix entry(String where) throws IOException, HttpException {
        if (parser.currentToken() != JsonToken.VALUE_STRING) {
            throw HttpException.bad(where + "a string is expected, not " + found());
        }
        try {
            return IpPrefix.parse(parser.getText());
        } catch (IllegalArgumentException e) {
            throw HttpException.bad(where + e.getMessage());
        }
    }

    private String found() throws IOException {
        return switch (parser.currentToken()) {
            case null -> "nothing";
            case START_ARRAY, END_ARRAY -> "an array";
            case START_OBJECT, END_OBJECT -> "an object";
            case VALUE_STRING -> "a string";
            default -> shown(parser.getText());
        };
    }

    /** A number, true, false or null as it was written, not too much of it. */
    private static String shown(String literal) {
        return literal.length() > 40 ? literal.substring(0, 40) + "..." : literal;
    }

    @Override
    public void close() throws IOException {
        parser.close();
    }
}
