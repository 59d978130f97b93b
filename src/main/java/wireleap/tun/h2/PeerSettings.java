package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;

/** What the peer has set, and what we set: RFC 9113 section 6.5.2. */
final class PeerSettings {
    static final int ENTRY_BYTES = 6;

    private static final int HEADER_TABLE_SIZE = 1;
    private static final int ENABLE_PUSH = 2;
    private static final int MAX_CONCURRENT_STREAMS = 3;
    private static final int INITIAL_WINDOW_SIZE = 4;
    private static final int MAX_FRAME_SIZE = 5;
    private static final int MAX_HEADER_LIST_SIZE = 6;
    private static final int OURS = 5;
    /** Such that the ends of all of them have room in the outbox at once. */
    private static final int MOST_STREAMS = 500;

    // What holds until the peer says otherwise.

    /** Streams that may be open at once. */
    int maxStreams = MOST_STREAMS;
    /** Of each stream, towards the peer. */
    int initialWindow = Frame.FIRST_WINDOW;
    /** Payload of a frame. */
    int maxFrameBytes = Frame.LEAST_MAX_BYTES;
    /**
     * Of HPACK's table, for what we encode: the smallest that was ever set. Never growing again, it needs no more than one
     * size update between two blocks (RFC 7541 section 4.2: the smallest, then the last).
     */
    int tableBytes = HeaderCodec.TABLE_BYTES;
    private int wrongCode;

    /** Our own, the first frame of the connection: section 3.4. */
    static void putOurs(Outbox outbox) {
        long at = outbox.frame(OURS * ENTRY_BYTES, Frame.SETTINGS, 0, 0);
        outbox.setting(at, 0, ENABLE_PUSH, 0);
        outbox.setting(at, 1, MAX_CONCURRENT_STREAMS, 0);
        outbox.setting(at, 2, INITIAL_WINDOW_SIZE, Connection.FIRST_STREAM_WINDOW);
        outbox.setting(at, 3, MAX_FRAME_SIZE, FrameReader.MAX_BYTES);
        outbox.setting(at, 4, MAX_HEADER_LIST_SIZE, HeaderCodec.MAX_LIST_BYTES);
    }

    /**
     * Takes the payload of a SETTINGS frame over, a multiple of {@link #ENTRY_BYTES}.
     *
     * @return what is wrong with it, {@link #wrongCode} being its error; empty: nothing
     */
    String read(MemorySegment memory, long offset, int length) {
        for (int at = 0; at < length; at += ENTRY_BYTES) {
            long value = Integer.toUnsignedLong(Bytes.i32(memory, offset + at + 2));
            String wrong = set(Bytes.u16(memory, offset + at), value);
            if (!wrong.isEmpty()) {
                return wrong;
            }
        }
        return "";
    }

    int wrongCode() {
        return wrongCode;
    }

    private String set(int identifier, long value) {
        wrongCode = ErrorCode.PROTOCOL_ERROR;
        switch (identifier) {
            case HEADER_TABLE_SIZE -> tableBytes = (int) Math.min(value, tableBytes);
            case ENABLE_PUSH -> {
                if (value != 0) { // a client must not accept another one of a server
                    return "SETTINGS_ENABLE_PUSH " + value;
                }
            }
            case MAX_CONCURRENT_STREAMS -> maxStreams = (int) Math.min(value, MOST_STREAMS);
            case INITIAL_WINDOW_SIZE -> {
                if (value > Frame.LARGEST_WINDOW) {
                    wrongCode = ErrorCode.FLOW_CONTROL_ERROR;
                    return "SETTINGS_INITIAL_WINDOW_SIZE " + value;
                }
                initialWindow = (int) value;
            }
            case MAX_FRAME_SIZE -> {
                if (value < Frame.LEAST_MAX_BYTES || value > Frame.LARGEST_MAX_BYTES) {
                    return "SETTINGS_MAX_FRAME_SIZE " + value;
                }
                maxFrameBytes = (int) value;
            }
            default -> { } // MAX_HEADER_LIST_SIZE is advice that our few headers keep to; others are ignored
        }
        return "";
    }
}
