package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;

/**
 * Cuts the bytes of a connection into frames, RFC 9113 section 4. The payload of DATA is given in pieces, as it comes;
 * that of all other frames whole. Owns no memory: what was not consumed is to be given again, with more behind it.
 */
final class FrameReader {
    /** What is announced as SETTINGS_MAX_FRAME_SIZE: a frame holds the largest datagram. */
    static final int MAX_BYTES = 1 << 16;
    /** Of frames that are given whole. None that means something to us is so large. */
    static final int MAX_WHOLE_BYTES = 1 << 14;

    private final Sink sink;
    /** Payload of the present DATA frame that has not come, its padding not counted. */
    private int dataLeft;
    /** Bytes that follow it and mean nothing: padding, or a frame of an unknown type. */
    private int skipLeft;
    private boolean inData;
    private boolean endsStream;

    /** Who is given the frames. */
    interface Sink {
        /** Whether nothing more is wanted. */
        boolean isOver();

        /** A frame breaks the rules: nothing more is wanted after this. */
        void broken(int errorCode, String what);

        /** A DATA frame begins, with so many bytes that count for flow control, padding among them; and of payload. */
        void onDataBegin(int stream, int length, int payloadBytes);

        /** Some payload of it: how much was taken; what is left is given again, when there is more or room for it. */
        int onData(MemorySegment memory, long offset, int length);

        /** All of it has come. */
        void onDataEnd(boolean endsStream);

        /** Another frame; of an unknown type with length 0. */
        void onFrame(int type, int flags, int stream, MemorySegment memory, long offset, int length);
    }

    FrameReader(Sink sink) {
        this.sink = sink;
    }

    /** How many of the bytes were consumed. */
    int read(MemorySegment memory, long offset, int length) {
        int done = 0;
        while (!sink.isOver()) {
            int left = length - done;
            int step = inData || skipLeft > 0 ? payload(memory, offset + done, left)
                    : header(memory, offset + done, left);
            if (step < 0) {
                return done - step - 1;
            }
            done += step;
        }
        return done;
    }

    /** Bytes consumed; or, if it is no use to go on, minus one minus those. */
    private int payload(MemorySegment memory, long offset, int length) {
        if (dataLeft > 0) {
            int given = Math.min(length, dataLeft);
            int taken = given == 0 ? 0 : sink.onData(memory, offset, given);
            dataLeft -= taken;
            if (dataLeft > 0) {
                return -taken - 1;
            }
            endData();
            return taken;
        }
        int skipped = Math.min(length, skipLeft);
        skipLeft -= skipped;
        if (skipLeft > 0) {
            return -skipped - 1;
        }
        endData();
        return skipped;
    }

    private void endData() {
        if (inData && skipLeft == 0) {
            inData = false;
            sink.onDataEnd(endsStream);
        }
    }

    private int header(MemorySegment memory, long offset, int available) {
        if (available < Frame.HEADER_BYTES) {
            return -1;
        }
        int start = Bytes.i32(memory, offset);
        int length = start >>> 8;
        int type = start & 0xff;
        int flags = Bytes.u8(memory, offset + 4);
        int stream = Bytes.i32(memory, offset + 5) & Integer.MAX_VALUE; // the reserved bit is ignored: section 4.1
        if (length > MAX_BYTES) {
            sink.broken(ErrorCode.FRAME_SIZE_ERROR, "a frame of " + length + " bytes"); // section 4.2
            return -1;
        }
        if (type == Frame.DATA) {
            return data(memory, offset, available, length, flags, stream);
        }
        if (type > Frame.CONTINUATION) {
            sink.onFrame(type, flags, stream, memory, offset, 0);
            skipLeft = length;
            return Frame.HEADER_BYTES;
        }
        if (length > MAX_WHOLE_BYTES) {
            sink.broken(ErrorCode.ENHANCE_YOUR_CALM, "a frame of type " + type + " with " + length + " bytes");
            return -1;
        }
        if (available < Frame.HEADER_BYTES + length) {
            return -1;
        }
        sink.onFrame(type, flags, stream, memory, offset + Frame.HEADER_BYTES, length);
        return Frame.HEADER_BYTES + length;
    }

    /** Section 6.1. */
    private int data(MemorySegment memory, long offset, int available, int length, int flags, int stream) {
        boolean padded = (flags & Frame.PADDED) != 0;
        int header = Frame.HEADER_BYTES + (padded && length > 0 ? 1 : 0);
        if (available < header) {
            return -1;
        }
        int padding = padded && length > 0 ? Bytes.u8(memory, offset + Frame.HEADER_BYTES) : 0;
        if (padded && padding >= length) {
            sink.broken(ErrorCode.PROTOCOL_ERROR, "padding of " + padding + " in a frame of " + length + " bytes");
            return -1;
        }
        endsStream = (flags & Frame.END_STREAM) != 0;
        dataLeft = length - padding - (padded ? 1 : 0);
        skipLeft = padding;
        inData = true;
        sink.onDataBegin(stream, length, dataLeft);
        if (dataLeft == 0) {
            endData();
        }
        return header;
    }
}
