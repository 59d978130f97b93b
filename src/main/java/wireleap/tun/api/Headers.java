package wireleap.tun.api;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The fields of a request's header section (RFC 9110 section 5), names in any case. Filled while read, then left. */
final class Headers {
    private final Map<String, List<String>> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);

    void add(String name, String value) {
        fields.computeIfAbsent(name, any -> new ArrayList<>(1)).add(value);
    }

    /** The field's lines in their order; empty where there is none. */
    List<String> lines(String name) {
        return fields.getOrDefault(name, List.of());
    }

    /** The field's value, several lines joined as one list (RFC 9110 section 5.3). */
    Optional<String> value(String name) {
        return lines(name).isEmpty() ? Optional.empty() : Optional.of(String.join(", ", lines(name)));
    }

    /** The members of a field whose value is a list of tokens, in lower case. */
    Stream<String> tokens(String name) {
        return lines(name).stream().flatMap(line -> Arrays.stream(line.split(",")))
                .map(token -> token.strip().toLowerCase(Locale.ROOT)).filter(token -> !token.isEmpty());
    }
}
