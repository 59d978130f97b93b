package wireleap.tun.api;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * What a request asks for (RFC 9112 section 3.2), in origin-form or absolute-form; of the latter the authority does not
 * matter here.
 *
 * @param raw as sent: visible ASCII
 * @param path percent-decoded, beginning with '/', or "*" with OPTIONS; may hold any character
 * @param query what follows the first '?', as sent; none: there is no '?'
 */
record Target(String raw, String path, Optional<String> query) {
    static Target parse(String method, String raw) throws HttpException {
        if (raw.chars().anyMatch(c -> c <= ' ' || c >= 0x7f || c == '#')) {
            throw HttpException.bad("the request target has a character that must be percent-encoded");
        }
        boolean isOrigin = raw.startsWith("/") || raw.equals("*") && method.equals("OPTIONS");
        String origin = isOrigin ? raw : afterAuthority(raw);
        int query = origin.indexOf('?');
        return new Target(raw, decoded(query < 0 ? origin : origin.substring(0, query)),
                query < 0 ? Optional.empty() : Optional.of(origin.substring(query + 1)));
    }

    /**
     * The query's parameters, percent-decoded, by name; a '+' is itself.
     *
     * @throws HttpException if one is there twice, or is not NAME=VALUE
     */
    Map<String, String> parameters() throws HttpException {
        Map<String, String> parameters = new LinkedHashMap<>();
        for (String part : query.filter(any -> !any.isEmpty()).map(any -> any.split("&", -1)).orElse(new String[0])) {
            int equals = part.indexOf('=');
            if (equals <= 0) {
                throw HttpException.bad("the query is not NAME=VALUE, more of them behind & each");
            }
            String name = decoded(part.substring(0, equals));
            if (parameters.put(name, decoded(part.substring(equals + 1))) != null) {
                throw HttpException.bad("the parameter \"" + name + "\" is there twice");
            }
        }
        return parameters;
    }

    private static String afterAuthority(String uri) throws HttpException {
        String lower = uri.toLowerCase(Locale.ROOT);
        if (!lower.startsWith("http://") && !lower.startsWith("https://")) {
            throw HttpException.bad("the request target is neither a path nor an http URI");
        }
        int authority = uri.indexOf("//") + 2;
        int end = authority;
        while (end < uri.length() && uri.charAt(end) != '/' && uri.charAt(end) != '?') {
            end++;
        }
        if (end == authority) {
            throw HttpException.bad("the request target is a URI without a host");
        }
        return uri.startsWith("/", end) ? uri.substring(end) : "/" + uri.substring(end);
    }

    /** RFC 3986 section 2.1; the octets are read as UTF-8. */
    private static String decoded(String encoded) throws HttpException {
        ByteArrayOutputStream octets = new ByteArrayOutputStream(encoded.length());
        for (int i = 0; i < encoded.length(); i++) {
            char c = encoded.charAt(i);
            if (c == '%') {
                octets.write(hexDigit(encoded, ++i) << 4 | hexDigit(encoded, ++i));
            } else {
                octets.write(c);
            }
        }
        return octets.toString(StandardCharsets.UTF_8);
    }

    private static int hexDigit(String text, int index) throws HttpException {
        int digit = index < text.length() ? Character.digit(text.charAt(index), 16) : -1;
        if (digit < 0) {
            throw HttpException.bad("in the request target, % is not followed by two hexadecimal digits");
        }
        return digit;
    }
}
