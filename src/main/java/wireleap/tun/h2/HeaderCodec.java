package wireleap.tun.h2;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.http2.hpack.HPackDecoder;
import org.apache.hc.core5.http2.hpack.HPackEncoder;
import org.apache.hc.core5.http2.hpack.HPackException;
import org.apache.hc.core5.util.ByteArrayBuffer;

/**
 * HPACK (RFC 7541) of one connection, by httpcore5, which nothing else here knows. Works on the heap: headers come once
 * a flow.
 */
final class HeaderCodec {
    /** SETTINGS_HEADER_TABLE_SIZE that is neither changed nor exceeded, whatever the peer allows: section 6.5.2. */
    static final int TABLE_BYTES = 4096;
    /** SETTINGS_MAX_HEADER_LIST_SIZE that is announced, and held. */
    static final int MAX_LIST_BYTES = 16 << 10;

    private static final String STATUS = ":status";
    private static final String WL_STATUS = "wl-status";
    private static final String CONTENT_LENGTH = "content-length";
    /** RFC 9113 section 8.2.2: they belong to connections of HTTP/1. */
    private static final Set<String> OF_CONNECTIONS =
            Set.of("connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade");

    private final HPackEncoder encoder = new HPackEncoder(TABLE_BYTES, StandardCharsets.US_ASCII);
    private final HPackDecoder decoder = new HPackDecoder(TABLE_BYTES, StandardCharsets.ISO_8859_1);
    private final ByteArrayBuffer block = new ByteArrayBuffer(256);

    HeaderCodec() {
        decoder.setMaxListSize(MAX_LIST_BYTES);
    }

    /**
     * The smallest SETTINGS_HEADER_TABLE_SIZE of the peer's so far, 0..TABLE_BYTES: the next block begins with it if it is
     * news (RFC 7541 sections 4.2 and 6.3).
     */
    void tableBytes(int bytes) {
        encoder.setMaxTableSize(bytes);
    }

    /**
     * The header block of a request (BROKER.md), which is in {@link #block} until the next call.
     *
     * @return its length in bytes
     */
    int encode(String authority, String path, String protocol, String target) {
        block.clear();
        try {
            encoder.encodeHeaders(block, List.of(new BasicHeader(":method", "PUT"), new BasicHeader(":scheme", "http"),
                    new BasicHeader(":authority", authority), new BasicHeader(":path", path),
                    new BasicHeader("wl-forwarder", "tun"), new BasicHeader("wl-dial-protocol", protocol),
                    // "sensitive": it stays out of the tables, which it would only fill
                    new BasicHeader("wl-dial-target", target, true)), false);
        } catch (CharacterCodingException e) {
            throw new AssertionError("a request's headers are ASCII", e);
        }
        return block.length();
    }

    byte[] block() {
        return block.array();
    }

    /**
     * Decodes a whole header block.
     *
     * @return false: it cannot be, and nothing that follows on the connection can be either
     */
    boolean decode(byte[] bytes, int length, Response response) {
        response.clear();
        List<Header> headers;
        try {
            headers = new ArrayList<>(decoder.decodeHeaders(ByteBuffer.wrap(bytes, 0, length)));
        } catch (HPackException | RuntimeException e) {
            return false; // the last: nothing that a peer sends may throw, whatever the library makes of it
        }
        boolean regular = false;
        for (Header header : headers) {
            String name = header.getName();
            String value = header.getValue() == null ? "" : header.getValue();
            boolean pseudo = name.startsWith(":");
            if (isMalformed(name) || isMalformedValue(value) || pseudo && (regular || !name.equals(STATUS) || response.status != 0)) {
                response.malformed = true;
            } else if (pseudo) {
                response.status = status(value);
                response.malformed |= response.status == 0;
            } else if (name.equals(WL_STATUS)) {
                response.wlStatus = value;
            } else if (name.equals(CONTENT_LENGTH)) {
                response.malformed |= response.contentLength >= 0 || !value.matches("[0-9]{1,18}");
                response.contentLength = response.malformed ? -1 : Long.parseLong(value);
            }
            regular |= !pseudo;
        }
        return true;
    }

    /** RFC 9113 section 8.2.1: upper case, controls and blanks. */
    private static boolean isMalformed(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' || c == ':' && i > 0) {
                return true;
            }
        }
        return name.isEmpty() || OF_CONNECTIONS.contains(name);
    }

    /** RFC 9113 section 8.2.1: controls that end lines and strings; blanks at its ends. */
    private static boolean isMalformedValue(String value) {
        return value.indexOf(0) >= 0 || value.indexOf('\r') >= 0 || value.indexOf('\n') >= 0
                || !value.isEmpty() && (isBlank(value.charAt(0)) || isBlank(value.charAt(value.length() - 1)));
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t';
    }

    private static int status(String value) {
        return value.matches("[1-5][0-9]{2}") ? Integer.parseInt(value) : 0;
    }
}
