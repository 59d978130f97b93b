package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;

/**
 * What the peer of a connection sends, frame by frame: what RFC 9113 has a client do about each, and what it must not
 * take. Part of a {@link Connection}.
 */
final class Incoming implements FrameReader.Sink {
    /** What may still come of a stream that we have reset, and costs nothing. */
    private static final int FRAMES_OF_AN_END = 4;
    /** A peer may give the windows back in small pieces: the stream's and the connection's, for each frame and besides. */
    private static final int WIDENINGS_A_FRAME = 4;
    private static final int BYTES_A_WIDENING = 256;

    private final H2c h2;
    private final Connection connection;
    private final StreamTable streams;
    private final Sending sending;
    private final Receiving windows;
    private final PeerSettings settings;
    private final HeaderBlock headers = new HeaderBlock(this);
    private final Budget budget = new Budget();
    /** Of frames that widen windows; what we send pays for them. */
    private final Budget widenings = new Budget();
    /** Of the DATA frame that comes now; null: nobody's. */
    private H2Stream receiving;

    Incoming(H2c h2, Connection connection, StreamTable streams, Sending sending, Receiving windows,
             PeerSettings settings) {
        this.h2 = h2;
        this.connection = connection;
        this.streams = streams;
        this.sending = sending;
        this.windows = windows;
        this.settings = settings;
    }

    /** Begins with the connection's first byte. */
    void begin(long nowNanos) {
        budget.begin(nowNanos);
        widenings.begin(nowNanos);
    }

    HeaderCodec codec() {
        return headers.codec();
    }

    /** A stream was opened. */
    void expect() {
        budget.add(FRAMES_OF_AN_END);
    }

    /** So much DATA was sent as a frame, or as part of one: its windows are to be given back. */
    void expectWidenings(int bytes) {
        widenings.add(WIDENINGS_A_FRAME + bytes / BYTES_A_WIDENING);
    }

    /** A stream is over. */
    void forget(H2Stream stream) {
        receiving = receiving == stream ? null : receiving;
    }

    @Override
    public boolean isOver() {
        return connection.isOver();
    }

    @Override
    public void broken(int errorCode, String what) {
        connection.end(errorCode, ErrorCode.text(errorCode) + ": " + what, 0);
    }

    @Override
    public void onDataBegin(int id, int length, int payloadBytes) {
        receiving = null;
        if (!mayCome(Frame.DATA) || !isOpened(id)) {
            return;
        }
        if (!windows.charge(length)) {
            broken(ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the connection's window");
            return;
        }
        if (payloadBytes == 0 && floods("empty DATA frames")) {
            return;
        }
        H2Stream stream = streams.find(id);
        if (stream == null) {
            return; // of a stream that we have reset: section 5.1, "closed"
        }
        stream.receiveWindow -= length;
        if (stream.receiveWindow < 0) {
            broken(ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond a stream's window");
        } else if (stream.endReceived) {
            broken(ErrorCode.STREAM_CLOSED, "DATA behind END_STREAM");
        } else if (!stream.answered) {
            broken(ErrorCode.PROTOCOL_ERROR, "DATA before HEADERS");
        } else {
            stream.bodyBytes += payloadBytes;
            if (stream.isTooLong()) {
                misbehaved(stream, "a body longer than its content-length");
                return;
            }
            receiving = stream;
            stream.onDataBegin(payloadBytes, connection.nowNanos());
        }
    }

    @Override
    public int onData(MemorySegment memory, long offset, int length) {
        int taken = receiving == null ? length : receiving.onData(memory, offset, length);
        if (taken < length && !connection.pausesForMemory()) {
            receiving.onNoMemory(connection.nowNanos());
            return length;
        }
        return taken;
    }

    @Override
    public void onDataEnd(boolean endsStream) {
        H2Stream stream = receiving;
        if (stream == null) {
            return;
        }
        stream.onDataEnd(endsStream, connection.nowNanos());
        if (endsStream && receiving == stream) {
            receiving = null;
            ended(stream);
        }
    }

    /** The peer's END_STREAM. */
    private void ended(H2Stream stream) {
        if (stream.isTooShort()) {
            misbehaved(stream, "a body shorter than its content-length");
            return;
        }
        stream.endReceived = true;
        if (stream.endSent) {
            connection.forget(stream);
        }
        stream.onEnd(connection.nowNanos());
    }

    @Override
    public void onFrame(int type, int flags, int id, MemorySegment memory, long offset, int length) {
        if (!mayCome(type)) {
            return;
        }
        switch (type) {
            case Frame.HEADERS -> onHeaders(flags, id, memory, offset, length);
            case Frame.CONTINUATION -> onContinuation(flags, id, memory, offset, length);
            case Frame.RST_STREAM -> onReset(id, memory, offset, length);
            case Frame.SETTINGS -> onSettings(flags, id, memory, offset, length);
            case Frame.PUSH_PROMISE -> broken(ErrorCode.PROTOCOL_ERROR, "a push, which was refused"); // section 8.4
            case Frame.PING -> onPing(flags, id, memory, offset, length);
            case Frame.GOAWAY -> onGoaway(id, memory, offset, length);
            case Frame.WINDOW_UPDATE -> onWindowUpdate(id, memory, offset, length);
            case Frame.PRIORITY -> onPriority(id, length);
            default -> floods("frames of unknown types"); // ignored: section 4.1
        }
    }

    /** SETTINGS come first (section 3.4), and nothing comes between parts of a header block (section 4.3). */
    private boolean mayCome(int type) {
        if (!connection.hasStood() && type != Frame.SETTINGS) {
            broken(ErrorCode.PROTOCOL_ERROR, "the first frame is no SETTINGS");
        } else if (headers.isOpen() != (type == Frame.CONTINUATION)) {
            broken(ErrorCode.PROTOCOL_ERROR, "a header block is cut by, or begun with, a frame of type " + type);
        }
        return !connection.isOver();
    }

    /** Streams that we have not opened yet are idle, and those of even numbers would be the peer's: section 5.1.1. */
    private boolean isOpened(int id) {
        if (id == 0 || id % 2 == 0 || Integer.compareUnsigned(id, connection.nextId()) >= 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "a frame of stream " + id);
        }
        return !connection.isOver();
    }

    /** One more frame that carries nothing: whether it is one too many, and the connection over. */
    private boolean floods(String what) {
        return floods(budget, what);
    }

    private boolean floods(Budget from, String what) {
        boolean spent = from.isSpent(connection.nowNanos());
        if (spent) {
            broken(ErrorCode.ENHANCE_YOUR_CALM, "a flood of " + what);
        }
        return spent;
    }

    private void onHeaders(int flags, int id, MemorySegment memory, long offset, int length) {
        if (isOpened(id)) {
            headers.onHeaders(flags, id, memory, offset, length);
        }
    }

    private void onContinuation(int flags, int id, MemorySegment memory, long offset, int length) {
        if (!floods("CONTINUATION frames")) {
            headers.onContinuation(flags, id, memory, offset, length);
        }
    }

    /** Section 6.3: checked and ignored. */
    private void onPriority(int id, int length) {
        if (floods("PRIORITY frames")) {
            return;
        }
        if (length != 5) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "PRIORITY of " + length + " bytes");
        } else if (id == 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "PRIORITY of the connection");
        }
    }

    /** A whole header block has come, decoded. */
    void onResponse(int id, Response response, boolean endsStream) {
        H2Stream stream = streams.find(id);
        if (stream == null) {
            floods("HEADERS of closed streams");
            return;
        }
        if (stream.endReceived) {
            broken(ErrorCode.STREAM_CLOSED, "HEADERS behind END_STREAM");
            return;
        }
        boolean trailers = stream.answered;
        boolean informational = !trailers && response.isInformational() && !endsStream;
        response.malformed |= trailers ? response.status != 0 || !endsStream
                : response.status == 0 || response.isInformational() && endsStream; // section 8.1
        if (informational && !response.malformed) {
            floods("informational responses");
            return;
        }
        stream.answered = true;
        stream.contentLength = trailers ? stream.contentLength : response.contentLength;
        if (response.malformed) {
            misbehaved(stream, response.text());
        } else if (response.isFailure()) {
            h2.onStatus(response.text());
            if (!endsStream || !stream.endSent) {
                connection.control(Frame.RST_STREAM, 0, stream.id, 1, ErrorCode.CANCEL);
            }
            fail(stream);
        } else if (endsStream) {
            stream.confirmed |= !response.wlStatus.isEmpty();
            ended(stream);
        }
    }

    /** A malformed message is an error of its stream: section 8.1.1. */
    private void misbehaved(H2Stream stream, String how) {
        h2.onStatus(how);
        connection.control(Frame.RST_STREAM, 0, stream.id, 1, ErrorCode.PROTOCOL_ERROR);
        fail(stream);
    }

    private void fail(H2Stream stream) {
        h2.counters.increment(Counter.UPSTREAM_STREAMS_FAILED);
        connection.forget(stream);
        stream.onFailed(connection.nowNanos());
    }

    private void onReset(int id, MemorySegment memory, long offset, int length) {
        if (length != 4) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of " + length + " bytes");
        } else if (isOpened(id)) {
            H2Stream stream = streams.find(id);
            if (stream == null) {
                floods("RST_STREAM frames");
                return;
            }
            int code = Bytes.i32(memory, offset);
            if (stream.endReceived) { // it only says that it wants no more: section 8.1
                connection.forget(stream);
                stream.onFailed(connection.nowNanos());
            } else {
                h2.onStatus("RST_STREAM " + ErrorCode.text(code));
                fail(stream);
            }
        }
    }

    private void onSettings(int flags, int id, MemorySegment memory, long offset, int length) {
        boolean ack = (flags & Frame.ACK) != 0;
        if (id != 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "SETTINGS of a stream");
        } else if (length % PeerSettings.ENTRY_BYTES != 0 || ack && length != 0) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS of " + length + " bytes");
        } else if (ack && !connection.hasStood()) {
            broken(ErrorCode.PROTOCOL_ERROR, "the first SETTINGS are an acknowledgement");
        } else if (!floods("SETTINGS frames") && !ack) {
            int oldWindow = settings.initialWindow;
            String wrong = settings.read(memory, offset, length);
            if (!wrong.isEmpty()) {
                broken(settings.wrongCode(), wrong);
                return;
            }
            headers.codec().tableBytes(settings.tableBytes);
            moveWindows(settings.initialWindow - oldWindow);
            if (!connection.isOver()) {
                connection.control(Frame.SETTINGS, Frame.ACK, 0, 0, 0);
                connection.stand();
            }
        }
    }

    /** Section 6.9.2. */
    private void moveWindows(int by) {
        for (int slot = 0; by != 0 && slot < streams.slots(); slot++) {
            H2Stream stream = streams.at(slot);
            if (stream != null && !sending.widen(stream, by)) {
                broken(ErrorCode.FLOW_CONTROL_ERROR, "SETTINGS_INITIAL_WINDOW_SIZE beyond a stream's window");
                return;
            }
            if (stream != null && by > 0) {
                sending.acknowledged(stream, 0, connection.nowNanos());
            }
        }
    }

    private void onPing(int flags, int id, MemorySegment memory, long offset, int length) {
        if (length != 8) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "PING of " + length + " bytes");
        } else if (id != 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "PING of a stream");
        } else if (!floods("PING frames") && (flags & Frame.ACK) == 0) {
            connection.control(Frame.PING, Frame.ACK, 0, 2, Bytes.i32(memory, offset), Bytes.i32(memory, offset + 4));
        }
    }

    private void onGoaway(int id, MemorySegment memory, long offset, int length) {
        if (length < 8) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY of " + length + " bytes");
            return;
        }
        if (id != 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "GOAWAY of a stream");
            return;
        }
        if (floods("GOAWAY frames")) {
            return;
        }
        int last = Bytes.i32(memory, offset) & Integer.MAX_VALUE;
        int code = Bytes.i32(memory, offset + 4);
        // who sends everybody away without having served a stream is as bad as who complains
        boolean graceful = code == ErrorCode.NO_ERROR && last > 0 && connection.nextId() > 1;
        connection.leave(graceful ? "" : "GOAWAY " + ErrorCode.text(code), failAbove(last));
    }

    /** Streams above the last one that the peer will serve: section 6.8. How many there were. */
    private int failAbove(int last) {
        int failed = 0;
        for (H2Stream stream = streams.above(last); stream != null; stream = streams.above(last)) {
            fail(stream);
            failed++;
        }
        return failed;
    }

    private void onWindowUpdate(int id, MemorySegment memory, long offset, int length) {
        if (length != 4) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of " + length + " bytes");
            return;
        }
        if (floods(widenings, "WINDOW_UPDATE frames")) {
            return;
        }
        int by = Bytes.i32(memory, offset) & Integer.MAX_VALUE;
        if (id == 0) {
            if (by == 0 || !sending.widen(by)) {
                broken(by == 0 ? ErrorCode.PROTOCOL_ERROR : ErrorCode.FLOW_CONTROL_ERROR,
                        "WINDOW_UPDATE of the connection by " + by);
            }
        } else if (isOpened(id)) {
            H2Stream stream = streams.find(id);
            if (stream == null) {
                return;
            }
            if (by == 0 || !sending.widen(stream, by)) { // a stream's error: section 6.9
                int code = by == 0 ? ErrorCode.PROTOCOL_ERROR : ErrorCode.FLOW_CONTROL_ERROR;
                connection.control(Frame.RST_STREAM, 0, id, 1, code);
                fail(stream);
            } else {
                stream.confirmed |= stream.unacknowledged > 0; // a broker reads what it can pass on
                sending.acknowledged(stream, by, connection.nowNanos());
            }
        }
    }
}
