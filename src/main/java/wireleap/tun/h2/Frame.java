package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;

/**
 * The frames of HTTP/2: types, flags, and the header that is the same for all, RFC 9113 section 4.1.
 *
 * <pre>
 *   +-----------------------------------------------+
 *   |                 Length (24)                   |
 *   +---------------+---------------+---------------+
 *   |   Type (8)    |   Flags (8)   |
 *   +-+-------------+---------------+-------------------------------+
 *   |R|                 Stream Identifier (31)                      |
 *   +=+=============================================================+
 * </pre>
 */
final class Frame {
    static final int HEADER_BYTES = 9;

    static final int DATA = 0;
    static final int HEADERS = 1;
    static final int PRIORITY = 2;
    static final int RST_STREAM = 3;
    static final int SETTINGS = 4;
    static final int PUSH_PROMISE = 5;
    static final int PING = 6;
    static final int GOAWAY = 7;
    static final int WINDOW_UPDATE = 8;
    static final int CONTINUATION = 9;

    static final int ACK = 0x1;
    static final int END_STREAM = 0x1;
    static final int END_HEADERS = 0x4;
    static final int PADDED = 0x8;
    static final int HAS_PRIORITY = 0x20;

    /** Every peer takes frames of this size: SETTINGS_MAX_FRAME_SIZE, section 6.5.2. */
    static final int LEAST_MAX_BYTES = 1 << 14;
    static final int LARGEST_MAX_BYTES = (1 << 24) - 1;
    /** Windows begin so, of streams and of connections: section 6.9.2. */
    static final int FIRST_WINDOW = 65_535;
    /** Of any window: section 6.9.1. */
    static final int LARGEST_WINDOW = Integer.MAX_VALUE;

    private Frame() {
    }

    /** Writes a frame's header; its payload has 0..2^24-1 bytes. */
    static void putHeader(MemorySegment memory, long offset, int length, int type, int flags, int stream) {
        Bytes.putI32(memory, offset, length << 8 | type);
        Bytes.putU8(memory, offset + 4, flags);
        Bytes.putI32(memory, offset + 5, stream);
    }
}
