package wireleap.tun.h2;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import wireleap.tun.mem.Bytes;

/** Puts header blocks together of HEADERS and CONTINUATION frames, and has them decoded: RFC 9113 section 4.3. */
final class HeaderBlock {
    private static final int MAX_BYTES = 32 << 10;

    private final Incoming incoming;
    private final Response response = new Response();
    private final HeaderCodec codec = new HeaderCodec();
    private byte[] bytes = new byte[1 << 10];
    private int length;
    /** The stream whose block is incomplete; 0: none. */
    private int stream;
    private boolean endsStream;

    HeaderBlock(Incoming incoming) {
        this.incoming = incoming;
    }

    HeaderCodec codec() {
        return codec;
    }

    /** Whether CONTINUATION must come, and nothing else. */
    boolean isOpen() {
        return stream != 0;
    }

    /** Section 6.2. */
    void onHeaders(int flags, int id, MemorySegment memory, long offset, int frameBytes) {
        int padded = (flags & Frame.PADDED) != 0 ? 1 : 0;
        int skipped = padded + ((flags & Frame.HAS_PRIORITY) != 0 ? 5 : 0);
        int padding = padded > 0 && frameBytes > 0 ? Bytes.u8(memory, offset) : 0;
        if (skipped + padding > frameBytes) {
            incoming.broken(ErrorCode.PROTOCOL_ERROR, "HEADERS shorter than their padding");
            return;
        }
        endsStream = (flags & Frame.END_STREAM) != 0;
        stream = id;
        length = 0;
        add(flags, memory, offset + skipped, frameBytes - skipped - padding);
    }

    /** Section 6.10. */
    void onContinuation(int flags, int id, MemorySegment memory, long offset, int frameBytes) {
        if (id != stream) {
            incoming.broken(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of stream " + id);
        } else {
            add(flags, memory, offset, frameBytes);
        }
    }

    private void add(int flags, MemorySegment memory, long offset, int fragmentBytes) {
        int end = length + fragmentBytes;
        if (end > MAX_BYTES) {
            incoming.broken(ErrorCode.ENHANCE_YOUR_CALM, "a header block of more than " + MAX_BYTES + " bytes");
            return;
        }
        if (end > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(end, 2 * bytes.length));
        }
        MemorySegment.copy(memory, JAVA_BYTE, offset, bytes, length, fragmentBytes);
        length = end;
        if ((flags & Frame.END_HEADERS) != 0) {
            int complete = stream;
            stream = 0;
            if (codec.decode(bytes, length, response)) {
                incoming.onResponse(complete, response, endsStream);
            } else {
                incoming.broken(ErrorCode.COMPRESSION_ERROR, "a header block that cannot be decoded");
            }
        }
    }
}
