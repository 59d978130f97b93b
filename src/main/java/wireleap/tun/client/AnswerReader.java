package wireleap.tun.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ProtocolException;
import java.util.Map;
import java.util.TreeMap;

/** Reads one HTTP/1.1 answer (RFC 9112 sections 4 to 7): by length, chunked, or up to the connection's end. */
final class AnswerReader {
    private static final int LINE_BYTES = 32 << 10;
    private static final int FIELDS = 256;
    private static final int BODY_BYTES = 64 << 20;

    private final Exchange in;
    private final ByteArrayOutputStream body = new ByteArrayOutputStream();
    private boolean isChunked;
    private long chunkLeft;                          // bytes of the present chunk that are still to be read
    private boolean isAtEnd;                         // the last chunk has been read

    AnswerReader(Exchange in) {
        this.in = in;
    }

    Answer read() throws IOException, InterruptedException {
        return withBody(head());
    }

    /** The answer of this head as a whole. */
    Answer withBody(Answer head) throws IOException, InterruptedException {
        if (head.code() != 204 && head.code() != 304) {
            readBody(head.fields());
        }
        return new Answer(head.code(), head.phrase(), head.fields(), body.toByteArray());
    }

    /** The answer without its body, which is still to be read. */
    Answer head() throws IOException, InterruptedException {
        String status = line();
        Map<String, String> fields = fields();
        while (status.startsWith("HTTP/1.1 1")) {          // interim answers: RFC 9110 section 15.2
            status = line();
            fields = fields();
        }
        if (!status.matches("HTTP/1\\.[0-9] [0-9]{3}( .*)?")) {
            throw new ProtocolException("this is no HTTP answer: is the socket the daemon's?");
        }
        isChunked = fields.getOrDefault("Transfer-Encoding", "").equalsIgnoreCase("chunked");
        return new Answer(Integer.parseInt(status.substring(9, 12)), status.substring(Math.min(status.length(), 13)),
                fields, new byte[0]);
    }

    private void readBody(Map<String, String> fields) throws IOException, InterruptedException {
        if (!isChunked && fields.containsKey("Content-Length")) {
            append(number(fields.get("Content-Length"), 10));
        } else {
            for (int next = next(); next >= 0; next = next()) {
                append(next);
            }
        }
    }

    /** The next byte of a body whose length was not announced, 0..255, or -1 at its end. */
    int next() throws IOException, InterruptedException {
        if (!isChunked) {
            return in.next();
        }
        if (chunkLeft == 0 && !isAtEnd) {
            chunkLeft = chunkSize();
            isAtEnd = chunkLeft == 0;
            if (isAtEnd) {
                fields();
            }
        }
        if (isAtEnd) {
            return -1;
        }
        int next = in.require();
        if (--chunkLeft == 0) {
            line();
        }
        return next;
    }

    private long chunkSize() throws IOException, InterruptedException {
        long size = number(line().split(";", 2)[0].strip(), 16);
        if (size < 0) {
            throw tooLong();
        }
        return size;
    }

    private static long number(String digits, int radix) throws ProtocolException {
        try {
            return Long.parseUnsignedLong(digits, radix);
        } catch (NumberFormatException e) {
            throw new ProtocolException("the answer's length is no number: " + digits);
        }
    }

    private void append(long count) throws IOException, InterruptedException {
        if (count < 0 || count > BODY_BYTES) {
            throw tooLong();
        }
        for (long i = 0; i < count; i++) {
            append(in.require());
        }
    }

    private void append(int next) throws ProtocolException {
        if (body.size() == BODY_BYTES) {
            throw tooLong();
        }
        body.write(next);
    }

    private Map<String, String> fields() throws IOException, InterruptedException {
        Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
        for (String line = line(); !line.isEmpty(); line = line()) {
            String[] parts = line.split(":", 2);
            if (parts.length < 2 || fields.size() == FIELDS) {
                throw new ProtocolException("the answer's header is malformed");
            }
            fields.put(parts[0], parts[1].strip());
        }
        return fields;
    }

    private String line() throws IOException, InterruptedException {
        StringBuilder line = new StringBuilder();
        for (int next = in.require(); next != '\n'; next = in.require()) {
            if (line.length() == LINE_BYTES) {
                throw tooLong();
            }
            line.append((char) next);
        }
        int end = line.length();
        return line.substring(0, end > 0 && line.charAt(end - 1) == '\r' ? end - 1 : end);
    }

    private static ProtocolException tooLong() {
        return new ProtocolException("the answer is too long");
    }
}
