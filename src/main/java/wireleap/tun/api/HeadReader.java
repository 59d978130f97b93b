package wireleap.tun.api;

import java.io.IOException;
import java.util.List;

/**
 * Reads the head of a request (RFC 9112 sections 2 to 6), strictly: what two recipients could read in two ways is
 * refused. Every HttpException leaves the connection useless, for where the next request begins is then unknown.
 */
final class HeadReader {
    private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";   // RFC 9110 section 5.6.2
    private static final int LONG_DIGITS = 18;                     // decimal; so many fit a long

    private final HttpInput input;
    private final HttpLimits limits;

    HeadReader(HttpInput input, HttpLimits limits) {
        this.input = input;
        this.limits = limits;
    }

    Head read() throws IOException, HttpException {
        String[] parts = requestLine().split(" ", -1);
        if (parts.length != 3 || !isToken(parts[0])) {
            throw HttpException.bad("the request line is not METHOD, one space, target, one space, HTTP/1.1");
        }
        boolean isHttp11 = isHttp11(parts[2]);
        Target target = Target.parse(parts[0], parts[1]);
        Headers headers = fields();
        int hosts = headers.lines("Host").size();
        if (hosts > 1 || isHttp11 && hosts == 0) {
            throw HttpException.bad("exactly one Host field is expected, of any value; there are " + hosts);
        }
        return new Head(parts[0], target, isHttp11, headers, framing(headers, isHttp11));
    }

    /** One empty line before it is ignored: RFC 9112 section 2.2. */
    private String requestLine() throws IOException, HttpException {
        String tooLong = "the request line has more than " + limits.requestLineBytes() + " bytes";
        String line = input.line(limits.requestLineBytes(), Status.URI_TOO_LONG, tooLong);
        return line.isEmpty() ? input.line(limits.requestLineBytes(), Status.URI_TOO_LONG, tooLong) : line;
    }

    /** A minor version above ours is ours: RFC 9110 section 2.5. */
    private static boolean isHttp11(String version) throws HttpException {
        if (!version.matches("HTTP/[0-9]\\.[0-9]")) {
            throw HttpException.bad("the request line does not end in HTTP/1.1");
        }
        if (version.charAt(5) != '1') {
            throw new HttpException(Status.VERSION_NOT_SUPPORTED, version + " is not spoken here; HTTP/1.1 is");
        }
        return version.charAt(7) != '0';
    }

    /** Reads fields up to the empty line after them: the header section, or the trailers of a chunked body. */
    Headers fields() throws IOException, HttpException {
        Headers headers = new Headers();
        String tooLong = "the header section has more than " + limits.headerBytes() + " bytes";
        int left = limits.headerBytes();
        for (;;) {
            String line = input.line(Math.max(0, left - 2), Status.HEADER_TOO_LARGE, tooLong);
            if (line.isEmpty()) {
                return headers;
            }
            left -= line.length() + 2;
            addField(headers, line);
        }
    }

    private static void addField(Headers headers, String line) throws HttpException {
        if (line.charAt(0) == ' ' || line.charAt(0) == '\t') {
            throw HttpException.bad("a header line begins with a space; folded lines are not taken");
        }
        int colon = line.indexOf(':');
        if (colon < 0 || !isToken(line.substring(0, colon))) {
            throw HttpException.bad("a header line is not a name, a colon directly after it, and a value");
        }
        headers.add(line.substring(0, colon), line.substring(colon + 1).strip());
    }

    private Head.Framing framing(Headers headers, boolean isHttp11) throws HttpException {
        List<String> codings = headers.lines("Transfer-Encoding");
        List<String> lengths = headers.lines("Content-Length");
        if (codings.isEmpty()) {
            return new Head.Framing(false, lengths.isEmpty() ? 0 : contentLength(lengths));
        }
        if (!lengths.isEmpty()) {
            throw HttpException.bad("both Transfer-Encoding and Content-Length: where the body ends is unclear");
        }
        if (!isHttp11 || codings.size() > 1 || !codings.getFirst().equalsIgnoreCase("chunked")) {
            throw HttpException.bad("of Transfer-Encoding, chunked alone is taken, and in HTTP/1.1 only");
        }
        return new Head.Framing(true, 0);
    }

    private long contentLength(List<String> lengths) throws HttpException {
        String digits = lengths.getFirst();
        if (lengths.size() > 1 || !digits.matches("[0-9]+")) {
            throw HttpException.bad("Content-Length is not one decimal number");
        }
        long length = digits.length() > LONG_DIGITS ? Long.MAX_VALUE : Long.parseLong(digits);
        if (length > limits.bodyBytes()) {
            throw BodyReader.tooLarge(limits);
        }
        return length;
    }

    private static boolean isToken(String text) {
        return !text.isEmpty() && text.chars().allMatch(c -> c >= '0' && c <= '9' || c >= 'A' && c <= 'Z'
                || c >= 'a' && c <= 'z' || TOKEN_MARKS.indexOf(c) >= 0);
    }
}
