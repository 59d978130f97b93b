package wireleap.tun.api;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/** As much of JSON Schema 2020-12 as openapi.json uses; a keyword that it does not know is a failure. */
final class SchemaMatcher {
    private static final Set<String> WORDS_ONLY = Set.of("description", "examples");
    private final Map<String, Object> document;

    /** @param document that references are looked up in */
    SchemaMatcher(Map<String, Object> document) {
        this.document = document;
    }

    /** Throws an AssertionError that says where a value, as jackson-jr reads it, does not match. */
    void match(Object value, Object schema, String where) {
        object(resolved(schema)).forEach((keyword, wanted) -> {
            if (!WORDS_ONLY.contains(keyword) && !matches(value, keyword, wanted, object(resolved(schema)), where)) {
                throw new AssertionError(where + ": " + value + " is not of " + keyword + " " + wanted);
            }
        });
    }

    private boolean matches(Object value, String keyword, Object wanted, Map<String, Object> schema, String where) {
        return switch (keyword) {
            case "type" -> (wanted instanceof List<?> types ? types : List.of(wanted)).contains(type(value));
            case "const" -> Objects.equals(value, wanted);
            case "enum" -> ((List<?>) wanted).contains(value);
            case "minimum" -> !(value instanceof Number n) || n.doubleValue() >= number(wanted);
            case "maximum" -> !(value instanceof Number n) || n.doubleValue() <= number(wanted);
            case "minLength" -> !(value instanceof String s) || s.length() >= number(wanted);
            case "pattern" -> !(value instanceof String s) || Pattern.compile((String) wanted).matcher(s).find();
            case "maxItems" -> !(value instanceof List<?> l) || l.size() <= number(wanted);
            case "uniqueItems" -> !(value instanceof List<?> l) || new HashSet<>(l).size() == l.size();
            case "required" -> !(value instanceof Map<?, ?> m) || m.keySet().containsAll((List<?>) wanted);
            case "items" -> {
                if (value instanceof List<?> items) {
                    items.forEach(item -> match(item, wanted, where + " item"));
                }
                yield true;
            }
            case "properties" -> {
                object(wanted).forEach((name, of) -> {
                    if (value instanceof Map<?, ?> members && members.containsKey(name)) {
                        match(members.get(name), of, where + "." + name);
                    }
                });
                yield true;
            }
            case "additionalProperties" -> wanted.equals(true) || !(value instanceof Map<?, ?> m)
                    || object(schema.get("properties")).keySet().containsAll(m.keySet());
            default -> throw new AssertionError("the matcher does not know " + keyword);
        };
    }

    /** What a reference stands for; anything else is itself. */
    Object resolved(Object node) {
        if (!(node instanceof Map<?, ?> map) || !map.containsKey("$ref")) {
            return node;
        }
        Object at = document;
        for (String step : map.get("$ref").toString().substring(2).split("/")) {
            at = Objects.requireNonNull(object(at).get(step), () -> "nothing is at " + map.get("$ref"));
        }
        return resolved(at);
    }

    @SuppressWarnings("unchecked")
    static Map<String, Object> object(Object node) {
        return (Map<String, Object>) node;
    }

    private static double number(Object node) {
        return ((Number) node).doubleValue();
    }

    private static String type(Object value) {
        return switch (value) {
            case null -> "null";
            case String s -> "string";
            case Integer i -> "integer";
            case Long l -> "integer";
            case Number n -> "number";
            case Boolean b -> "boolean";
            case List<?> l -> "array";
            default -> "object";
        };
    }
}
