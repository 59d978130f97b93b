package wireleap.tun.h2;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.message.BasicHeader;
import org.apache.hc.core5.http2.hpack.HPackDecoder;
import org.apache.hc.core5.http2.hpack.HPackEncoder;
import org.apache.hc.core5.http2.hpack.HPackException;
import org.apache.hc.core5.util.ByteArrayBuffer;
import wireleap.tun.upstream.SimLink;
import wireleap.tun.upstream.SimServer;

/**
 * The server's end of an HTTP/2 connection in a test's hands: writes down every frame, and sends what the test wants.
 * Greets with SETTINGS of the test's choice and acknowledges the client's, unless told otherwise. Strict where the
 * client must be: the preface, windows, and frame sizes.
 */
class Peer implements SimServer {
    static final byte[] PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

    /** A frame as it came. */
    record Got(int type, int flags, int stream, byte[] payload) {
        boolean has(int flag) {
            return (flags & flag) != 0;
        }

        int number(int at) {
            return ByteBuffer.wrap(payload).getInt(at);
        }
    }

    final List<Got> frames = new ArrayList<>();
    SimLink link;
    /** What it greets with: identifiers and values. */
    int[] settings = {};
    boolean greets = true;
    boolean ended;
    /** What the client may send, by stream, 0 being the connection: it must never be below 0. */
    final Map<Integer, Long> windows = new TreeMap<>(Map.of(0, 65_535L));
    long initialWindow = 65_535;
    /** The largest DATA frame that it allows. */
    int maxFrame = 16_384;
    private final HPackDecoder decoder = new HPackDecoder(4096, StandardCharsets.US_ASCII);
    private final HPackEncoder encoder = new HPackEncoder(4096, StandardCharsets.US_ASCII);
    private byte[] pending = {};
    private boolean prefaced;

    @Override
    public void onOpen(SimLink opened) {
        link = opened;
        if (greets) {
            settings(settings);
        }
    }

    @Override
    public void onBytes(SimLink from, byte[] bytes) {
        pending = join(pending, bytes);
        if (!prefaced) {
            if (pending.length < PREFACE.length) {
                return;
            }
            if (!Arrays.equals(PREFACE, Arrays.copyOf(pending, PREFACE.length))) {
                throw new AssertionError("the preface is another");
            }
            prefaced = true;
            pending = Arrays.copyOfRange(pending, PREFACE.length, pending.length);
        }
        while (pending.length >= Frame.HEADER_BYTES) {
            ByteBuffer head = ByteBuffer.wrap(pending);
            int start = head.getInt();
            int length = start >>> 8;
            if (pending.length < Frame.HEADER_BYTES + length) {
                return;
            }
            Got got = new Got(start & 0xff, head.get(), head.getInt(),
                    Arrays.copyOfRange(pending, Frame.HEADER_BYTES, Frame.HEADER_BYTES + length));
            pending = Arrays.copyOfRange(pending, Frame.HEADER_BYTES + length, pending.length);
            account(got);
            frames.add(got);
            on(got);
        }
    }

    @Override
    public void onEnd(SimLink from) {
        ended = true;
        from.serverFinish();
    }

    private void account(Got got) {
        if (got.type() == Frame.HEADERS) {
            windows.put(got.stream(), initialWindow);
        } else if (got.type() == Frame.DATA) {
            for (int stream : new int[] {0, got.stream()}) {
                long left = windows.merge(stream, (long) -got.payload().length, Long::sum);
                if (left < 0 && got.payload().length > 0) {
                    throw new AssertionError("the window of stream " + stream + " is exceeded by " + -left);
                }
            }
            if (got.payload().length > maxFrame) {
                throw new AssertionError("a frame of " + got.payload().length + " bytes");
            }
        }
    }

    /** What it does with a frame, besides writing it down. */
    void on(Got got) {
        if (greets && got.type() == Frame.SETTINGS && !got.has(Frame.ACK)) {
            send(Frame.SETTINGS, Frame.ACK, 0);
        }
    }

    // what came

    List<Got> all(int type) {
        return frames.stream().filter(got -> got.type() == type).toList();
    }

    List<Got> all(int type, int stream) {
        return all(type).stream().filter(got -> got.stream() == stream).toList();
    }

    /** Payload of all DATA frames of a stream. */
    byte[] data(int stream) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        all(Frame.DATA, stream).forEach(got -> bytes.writeBytes(got.payload()));
        return bytes.toByteArray();
    }

    boolean sawEnd(int stream) {
        return frames.stream().anyMatch(got -> got.stream() == stream && got.type() == Frame.DATA
                && got.has(Frame.END_STREAM));
    }

    /** The error code of the GOAWAY that came; -1: none did. */
    int goaway() {
        return all(Frame.GOAWAY).stream().mapToInt(got -> got.number(4)).findFirst().orElse(-1);
    }

    /** The headers of a request, each line "name: value". */
    List<String> headers(Got request) {
        try {
            return decoder.decodeHeaders(ByteBuffer.wrap(request.payload())).stream()
                    .map(header -> header.getName() + ": " + header.getValue()).toList();
        } catch (HPackException e) {
            throw new AssertionError(e);
        }
    }

    // what it says

    void settings(int... pairs) {
        ByteBuffer payload = ByteBuffer.allocate(3 * pairs.length);
        for (int i = 0; i < pairs.length; i += 2) {
            payload.putShort((short) pairs[i]).putInt(pairs[i + 1]);
        }
        send(Frame.SETTINGS, 0, 0, payload.array());
    }

    void send(int type, int flags, int stream, byte... payload) {
        link.serverSend(frame(type, flags, stream, payload));
    }

    static byte[] frame(int type, int flags, int stream, byte... payload) {
        return ByteBuffer.allocate(Frame.HEADER_BYTES + payload.length).putInt(payload.length << 8 | type)
                .put((byte) flags).putInt(stream).put(payload).array();
    }

    void numbers(int type, int flags, int stream, int... numbers) {
        ByteBuffer payload = ByteBuffer.allocate(4 * numbers.length);
        for (int number : numbers) {
            payload.putInt(number);
        }
        send(type, flags, stream, payload.array());
    }

    /** Widens a window towards it. */
    void widen(int stream, int by) {
        windows.merge(stream, (long) by, Long::sum);
        numbers(Frame.WINDOW_UPDATE, 0, stream, by);
    }

    /** HEADERS of "name: value" lines. */
    void headers(int stream, boolean end, String... lines) {
        send(Frame.HEADERS, Frame.END_HEADERS | (end ? Frame.END_STREAM : 0), stream, block(lines));
    }

    byte[] block(String... lines) {
        ByteArrayBuffer block = new ByteArrayBuffer(64);
        List<Header> headers = new ArrayList<>();
        for (String line : lines) {
            int colon = line.indexOf(": ");
            headers.add(new BasicHeader(line.substring(0, colon), line.substring(colon + 2)));
        }
        try {
            encoder.encodeHeaders(block, headers, false);
        } catch (java.nio.charset.CharacterCodingException e) {
            throw new AssertionError(e);
        }
        return block.toByteArray();
    }

    void data(int stream, boolean end, byte[] payload) {
        send(Frame.DATA, end ? Frame.END_STREAM : 0, stream, payload);
    }

    void data(int stream, boolean end, String payload) {
        data(stream, end, payload.getBytes(StandardCharsets.UTF_8));
    }

    static byte[] hex(String text) {
        return HexFormat.of().parseHex(text.replaceAll("\\s", ""));
    }

    static byte[] join(byte[] first, byte[] second) {
        byte[] both = Arrays.copyOf(first, first.length + second.length);
        System.arraycopy(second, 0, both, first.length, second.length);
        return both;
    }
}
