package wireleap.tun.h2;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
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

    private final HPackEncoder encoder = new HPackEncoder(TABLE_BYTES, StandardCharsets.US_ASCII);
    private final HPackDecoder decoder = new HPackDecoder(TABLE_BYTES, StandardCharsets.ISO_8859_1);
    private final ByteArrayBuffer block = new ByteArrayBuffer(256);

    HeaderCodec() {
        decoder.setMaxListSize(MAX_LIST_BYTES);
    }

    /** The peer's SETTINGS_HEADER_TABLE_SIZE: 0 or more. */
    void tableBytes(int bytes) {
        encoder.setMaxTableSize(Math.min(bytes, TABLE_BYTES));
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
            if (isMalformed(name) || pseudo && (regular || !name.equals(STATUS) || response.status != 0)) {
                response.malformed = true;
            } else if (pseudo) {
                response.status = status(value);
                response.malformed |= response.status == 0;
            } else if (name.equals(WL_STATUS)) {
                response.wlStatus = value;
            }
            regular |= !pseudo;
        }
        return true;
    }

    /** RFC 9113 section 8.2.1: upper case, controls and blanks; section 8.2.2: what belongs to connections. */
    private static boolean isMalformed(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            if (c <= ' ' || c >= 0x7f || c >= 'A' && c <= 'Z' || c == ':' && i > 0) {
                return true;
            }
        }
        return name.isEmpty() || name.equals("connection") || name.equals("transfer-encoding");
    }

    private static int status(String value) {
        return value.matches("[1-5][0-9]{2}") ? Integer.parseInt(value) : 0;
    }
}
