package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

/**
 * One connection to the broker, from its dial to its end: the client's side of RFC 9113. What arrives is parsed in the
 * block that the kernel's read filled; what is to be sent is gathered and goes out once a turn, or when there is much.
 *
 * <p>Whatever the peer does ends the connection at the worst: then {@link H2c} hears of it, once, from the loop and
 * never from within a call of a stream's owner.
 */
final class Connection implements LinkOwner, FrameReader.Sink {
    /** What a new stream of ours may receive, SETTINGS_INITIAL_WINDOW_SIZE: small, for it has to be kept. */
    static final int FIRST_STREAM_WINDOW = 16 << 10;

    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII); // RFC 9113 section 3.4
    private static final int INBOX_BYTES = 256 << 10;
    private static final int OUTBOX_BYTES = 128 << 10;
    /** Each holds several of the largest frames that are taken whole, and of those that are sent. */
    private static final int LEAST_BOX_BYTES = 64 << 10;
    /** A turn's share of the link: as many reads of a whole inbox. */
    private static final int READS_A_TURN = 2;
    private static final long PING_AFTER_NANOS = 10_000_000_000L;
    private static final long PING_ANSWER_NANOS = 10_000_000_000L;
    private static final long IDLE_NANOS = 60_000_000_000L;
    /** How often it is tried again to find memory for what has come, and how long. */
    private static final long NO_MEMORY_TRY_NANOS = 20_000_000;
    private static final long NO_MEMORY_NANOS = 1_000_000_000;

    /** In the list of connections. */
    final Chain.Link<Connection> place = new Chain.Link<>(this);
    private final H2c h2;
    private final Outbox outbox = new Outbox();
    private final FrameReader reader = new FrameReader(this);
    private final Budget budget = new Budget();
    private final PeerSettings peer = new PeerSettings();
    private final HeaderBlock headers;
    private final Sending sending;
    private final StreamTable streams = new StreamTable();
    private final Chain<H2Stream> owing = new Chain<>();
    private Link link;
    private long inbox;
    private int inboxBytes;
    private int inHead;
    private int inTail;
    private long outboxAt;
    private int outboxBytes;
    private boolean linked;
    private boolean standing;
    private boolean mayRead;
    private boolean mayWrite;
    /** No new streams: the peer has said GOAWAY, or there are no numbers left. */
    private boolean leaving;
    /** Nothing more is to be done than to end it. */
    private boolean over;
    /** Why: what is said to the peer, below 0 nothing; to the log; and the socket's error, if it was one. */
    private int overCode;
    private String overWhy;
    private int overError;
    private int nextId;
    private long nowNanos;
    /** When the dial is given up; when a frame came last; when a PING went out that is not answered, or MAX_VALUE. */
    private long dialDeadlineNanos;
    private long stoodSinceNanos;
    private long heardNanos;
    private long pingedNanos;
    private long idleSinceNanos;
    /** MAX_VALUE, or since when there is no memory for what has come. */
    private long noMemorySinceNanos;
    private long noMemoryTryNanos;
    /** What the peer may still send in all. */
    private int receiveWindow;
    /** Of the DATA frame that comes now; null: nobody's. */
    private H2Stream receiving;

    Connection(H2c h2) {
        this.h2 = h2;
        this.headers = new HeaderBlock(this);
        this.sending = new Sending(outbox, peer);
    }

    /** Begins to connect. */
    void dial(long nowNanos) {
        this.nowNanos = nowNanos;
        dialDeadlineNanos = nowNanos + h2.settings.dialTimeoutNanos();
        pingedNanos = Long.MAX_VALUE;
        noMemorySinceNanos = Long.MAX_VALUE;
        inboxBytes = spare(INBOX_BYTES);
        inbox = h2.slab.allocate(inboxBytes);
        outboxBytes = spare(OUTBOX_BYTES);
        outboxAt = inbox < 0 ? -1 : h2.slab.allocate(outboxBytes);
        link = h2.links.connect(h2.settings.hi(), h2.settings.lo(), h2.settings.port(), this);
        nextId = 1;
        if (outboxAt < 0) {
            lost(SocketError.NO_RESOURCES, "no memory is left for a connection");
            return;
        }
        outbox.begin(h2.slab.memory(), outboxAt, outboxBytes);
        int result = link.connectResult();
        if (result < 0 && result != SocketError.AGAIN) {
            lost(result, SocketError.text(result));
        }
    }

    private int spare(int wanted) {
        int bytes = wanted;
        while (bytes > LEAST_BOX_BYTES && !h2.slab.canSpare(bytes)) {
            bytes /= 2;
        }
        return bytes;
    }

    // what it is asked

    boolean isStanding() {
        return standing && !over;
    }

    /** Dialled, and not standing yet. */
    boolean isDialling() {
        return !standing && !over;
    }

    long stoodSinceNanos() {
        return stoodSinceNanos;
    }

    boolean hasStood() {
        return standing;
    }

    int streams() {
        return streams.size();
    }

    /** Whether another stream may be opened, at the most so many in a hundred of those that the peer allows. */
    boolean takesStream(int percent) {
        long most = (long) peer.maxStreams * percent / 100;
        return standing && !over && !leaving && streams.size() < Math.max(most, Math.min(1, peer.maxStreams))
                && outbox.hasRoom(Outbox.CONTROL_BYTES / 2);
    }

    /** Whether it stands and has no streams: a second one would take no more than it. */
    boolean isUnused() {
        return standing && !over && !leaving && streams.size() == 0;
    }

    /** Whether streams wait for the window of the connection. */
    boolean isBraked() {
        return sending.isBraked();
    }

    int overError() {
        return overError;
    }

    String overWhy() {
        return overWhy;
    }

    // the link

    @Override
    public void onReady(int events, long nowNanos) {
        this.nowNanos = nowNanos;
        h2.lastNanos(nowNanos);
        if (!linked && !over) {
            connect();
        }
        mayRead |= (events & (READABLE | FAILED)) != 0;
        mayWrite |= (events & (WRITABLE | FAILED)) != 0;
        if (linked && !over) {
            read();
        }
        h2.settle(this, nowNanos);
    }

    private void connect() {
        int result = link.connectResult();
        if (result == SocketError.AGAIN) {
            return;
        }
        if (result < 0) {
            lost(result, SocketError.text(result));
            return;
        }
        linked = true;
        mayRead = true;
        mayWrite = true;
        greet();
    }

    private void greet() {
        reader.reset();
        headers.reset();
        peer.reset();
        sending.reset();
        budget.begin(nowNanos);
        receiveWindow = Frame.LARGEST_WINDOW;
        outbox.raw(PREFACE);
        PeerSettings.putOurs(outbox);
        outbox.numbers(Frame.WINDOW_UPDATE, 0, 0, 1, Frame.LARGEST_WINDOW - Frame.FIRST_WINDOW, 0);
        flush();
    }

    private void read() {
        for (int i = 0; i < READS_A_TURN && mayRead && !over; i++) {
            if (noMemorySinceNanos != Long.MAX_VALUE || inTail == inboxBytes) {
                return;
            }
            int came = link.recv(h2.slab.memory(), inbox + inTail, inboxBytes - inTail);
            if (came > 0) {
                inTail += came;
                heardNanos = nowNanos;
                parse();
            } else {
                mayRead = false;
                if (came != SocketError.AGAIN) {
                    lost(came == 0 ? SocketError.RESET : came,
                            came == 0 ? "it was closed by the broker" : SocketError.text(came));
                }
            }
        }
    }

    private void parse() {
        inHead += reader.read(h2.slab.memory(), inbox + inHead, inTail - inHead);
        if (inHead > 0) {
            MemorySegment.copy(h2.slab.memory(), inbox + inHead, h2.slab.memory(), inbox, inTail - inHead);
            inTail -= inHead;
            inHead = 0;
        }
    }

    /** Sends what there is; what is wrong with the link shows at the next timer. */
    private void flush() {
        if (!mayWrite || over || outbox.isEmpty()) {
            return;
        }
        int result = outbox.flush(link);
        if (result == SocketError.AGAIN) {
            mayWrite = false;
        } else if (result < 0) {
            lost(result, SocketError.text(result));
        }
    }

    private void lost(int socketError, String why) {
        end(-1, why, socketError);
    }

    private void end(int code, String why, int socketError) {
        if (!over) {
            over = true;
            overCode = code;
            overWhy = why;
            overError = socketError;
        }
    }

    // time

    /** When {@link #onTimer} is wanted; lastNanos stands for at once. */
    long deadlineNanos(long lastNanos) {
        if (over) {
            return lastNanos;
        }
        if (!linked) {
            return dialDeadlineNanos;
        }
        boolean paused = noMemorySinceNanos != Long.MAX_VALUE;
        if (mayRead && !paused || mayWrite && !outbox.isEmpty() || sending.mayWake() || owing.size() > 0 && mayOwe()) {
            return lastNanos;
        }
        long deadline = standing ? quietDeadlineNanos() : dialDeadlineNanos;
        return paused ? Math.min(deadline, noMemoryTryNanos) : deadline;
    }

    private long quietDeadlineNanos() {
        long ping = pingedNanos == Long.MAX_VALUE ? heardNanos + PING_AFTER_NANOS : pingedNanos + PING_ANSWER_NANOS;
        return streams.size() == 0 ? Math.min(ping, idleSinceNanos + IDLE_NANOS) : ping;
    }

    /** Does what is due. */
    void onTimer(long nowNanos) {
        this.nowNanos = nowNanos;
        if (over) {
            return;
        }
        if (!standing && nowNanos >= dialDeadlineNanos) {
            lost(SocketError.TIMED_OUT, "it did not stand in time");
            return;
        }
        if (!linked) {
            return;
        }
        if (noMemorySinceNanos != Long.MAX_VALUE && nowNanos >= noMemoryTryNanos) {
            tryMemory();
        }
        read();
        if (standing && !over) {
            watchSilence();
        }
        payWindows();
        flush();
        sending.wake(nowNanos);
    }

    private void tryMemory() {
        long since = noMemorySinceNanos;
        if (nowNanos - since >= NO_MEMORY_NANOS && receiving != null) {
            receiving.onNoMemory(nowNanos);
        }
        noMemorySinceNanos = Long.MAX_VALUE;
        parse();
        if (noMemorySinceNanos != Long.MAX_VALUE) {
            noMemorySinceNanos = since;
        }
    }

    private void watchSilence() {
        if (pingedNanos != Long.MAX_VALUE && heardNanos - pingedNanos > 0) {
            pingedNanos = Long.MAX_VALUE; // any frame is as good as the answer
        }
        if (streams.size() == 0 && nowNanos - idleSinceNanos >= IDLE_NANOS) {
            end(ErrorCode.NO_ERROR, "", 0);
        } else if (pingedNanos != Long.MAX_VALUE) {
            if (nowNanos - pingedNanos >= PING_ANSWER_NANOS) {
                lost(SocketError.TIMED_OUT, "a PING was not answered in time");
            }
        } else if (nowNanos - heardNanos >= PING_AFTER_NANOS && outbox.hasRoom(2 * Integer.BYTES)) {
            outbox.numbers(Frame.PING, 0, 0, 2, 0x776c_7475, nextId); // any 64 bits: section 6.7
            pingedNanos = nowNanos;
        }
    }

    private boolean mayOwe() {
        return outbox.hasRoom(Outbox.CONTROL_BYTES / 2);
    }

    /** WINDOW_UPDATE, section 6.9, of those streams whose rings have room again. */
    private void payWindows() {
        for (H2Stream stream = owing.oldest(); stream != null && mayOwe(); stream = owing.oldest()) {
            stream.owing.leave();
            int owed = stream.owedWindow();
            if (owed > 0) {
                stream.receiveWindow += owed;
                outbox.numbers(Frame.WINDOW_UPDATE, 0, stream.id, 1, owed, 0);
            }
        }
        if (receiveWindow < Frame.LARGEST_WINDOW / 2 && mayOwe()) {
            outbox.numbers(Frame.WINDOW_UPDATE, 0, 0, 1, Frame.LARGEST_WINDOW - receiveWindow, 0);
            receiveWindow = Frame.LARGEST_WINDOW;
        }
    }

    /** Says its last word, closes the link and gives everything back. All streams have left. */
    void close() {
        if (overCode >= 0 && linked && outbox.hasRoom(2 * Integer.BYTES)) {
            outbox.numbers(Frame.GOAWAY, 0, 0, 2, 0, overCode); // section 6.8: no stream of the peer's was processed
            outbox.flush(link);
        }
        link.close();
        freeBox(inbox, inboxBytes);
        freeBox(outboxAt, outboxBytes);
    }

    private void freeBox(long at, int bytes) {
        if (at >= 0) {
            h2.slab.free(at, bytes);
        }
    }

    /** All streams fail that there are, when it is over. */
    void failStreams(long nowNanos) {
        for (H2Stream stream = streams.above(0); stream != null; stream = streams.above(0)) {
            forget(stream);
            stream.onFailed(nowNanos);
        }
    }

    // streams

    /** Opens a stream: there is room for it. */
    void open(H2Stream stream, long nowNanos) {
        stream.connection = this;
        stream.id = nextId;
        stream.sendWindow = peer.initialWindow;
        stream.receiveWindow = FIRST_STREAM_WINDOW;
        nextId += 2;
        leaving |= nextId < 0; // section 5.1.1
        streams.add(stream);
        budget.add(4);
        int length = headers.codec().encode(h2.settings.authority(), h2.settings.path(), stream.protocol(),
                stream.target());
        outbox.headers(stream.id, headers.codec().block(), length);
        stream.onOpened(nowNanos);
    }

    /** A stream's ring may have room again. */
    void owes(H2Stream stream) {
        if (!stream.owing.isIn(owing) && stream.owedWindow() > 0) {
            owing.add(stream.owing);
        }
    }

    /** Sends as much as may be sent now: 1..length bytes, or AGAIN, and the stream will be told. */
    int send(H2Stream stream, MemorySegment memory, long offset, int length) {
        int sent = sending.send(stream, memory, offset, length);
        if (sent == Sending.FULL) {
            flush();
            sent = sending.send(stream, memory, offset, length);
            if (sent == Sending.FULL) {
                sending.await(stream);
                sent = SocketError.AGAIN;
            }
        }
        return sent;
    }

    /** Sends a datagram as one frame: its length, MESSAGE_SIZE, or AGAIN, and it is gone. */
    int sendDatagram(H2Stream stream, MemorySegment memory, long offset, int length) {
        int sent = sending.sendDatagram(stream, memory, offset, length);
        if (sent == Sending.FULL) {
            flush();
            sent = sending.sendDatagram(stream, memory, offset, length);
        }
        return sent == Sending.FULL ? SocketError.AGAIN : sent;
    }

    /** Half-closes a stream. */
    void sendEnd(H2Stream stream) {
        stream.endSent = true;
        control(Frame.DATA, Frame.END_STREAM, stream.id, 0, 0);
        if (stream.endReceived) {
            forget(stream);
        }
    }

    /** Ends a stream of which nothing more is wanted. */
    void cancel(H2Stream stream) {
        control(Frame.RST_STREAM, 0, stream.id, 1, ErrorCode.CANCEL);
        forget(stream);
    }

    private void control(int type, int flags, int stream, int numbers, int number) {
        if (outbox.hasRoom(numbers * Integer.BYTES)) {
            outbox.numbers(type, flags, stream, numbers, number, 0);
        } else { // of a peer that reads nothing
            end(ErrorCode.ENHANCE_YOUR_CALM, "the broker takes no frames", 0);
        }
    }

    /** A stream is over, on the wire too. */
    private void forget(H2Stream stream) {
        streams.remove(stream);
        stream.wait.leave();
        stream.owing.leave();
        stream.connection = null;
        receiving = receiving == stream ? null : receiving;
        idleSinceNanos = nowNanos;
        if (leaving && streams.size() == 0) {
            end(ErrorCode.NO_ERROR, "", 0);
        }
    }

    // frames

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public void broken(int errorCode, String what) {
        end(errorCode, ErrorCode.text(errorCode) + ": " + what, 0);
    }

    @Override
    public void onDataBegin(int id, int length) {
        receiving = null;
        if (!mayCome(Frame.DATA) || !isOpened(id)) {
            return;
        }
        receiveWindow -= length;
        if (receiveWindow < 0) {
            broken(ErrorCode.FLOW_CONTROL_ERROR, "DATA beyond the connection's window");
            return;
        }
        if (length == 0) {
            spend("empty DATA frames");
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
            receiving = stream;
            stream.onDataBegin(length, nowNanos);
        }
    }

    @Override
    public int onData(MemorySegment memory, long offset, int length) {
        int taken = receiving == null ? length : receiving.onData(memory, offset, length);
        if (taken < length) {
            noMemorySinceNanos = nowNanos;
            noMemoryTryNanos = nowNanos + NO_MEMORY_TRY_NANOS;
        }
        return taken;
    }

    @Override
    public void onDataEnd(boolean endsStream) {
        H2Stream stream = receiving;
        if (stream == null) {
            return;
        }
        stream.onDataEnd(nowNanos);
        if (endsStream && receiving == stream) {
            receiving = null;
            ended(stream);
        }
    }

    /** The peer's END_STREAM. */
    void ended(H2Stream stream) {
        stream.endReceived = true;
        if (stream.endSent) {
            forget(stream);
        }
        stream.onEnd(nowNanos);
    }

    @Override
    public void onFrame(int type, int flags, int id, MemorySegment memory, long offset, int length) {
        if (!mayCome(type)) {
            return;
        }
        switch (type) {
            case Frame.HEADERS -> onHeaders(flags, id, memory, offset, length);
            case Frame.CONTINUATION -> {
                spend("CONTINUATION frames");
                headers.onContinuation(flags, id, memory, offset, length);
            }
            case Frame.RST_STREAM -> onReset(id, memory, offset, length);
            case Frame.SETTINGS -> onSettings(flags, id, memory, offset, length);
            case Frame.PUSH_PROMISE -> broken(ErrorCode.PROTOCOL_ERROR, "a push, which was refused"); // section 8.4
            case Frame.PING -> onPing(flags, id, memory, offset, length);
            case Frame.GOAWAY -> onGoaway(id, memory, offset, length);
            case Frame.WINDOW_UPDATE -> onWindowUpdate(id, memory, offset, length);
            case Frame.PRIORITY -> {
                spend("PRIORITY frames");
                if (length != 5) {
                    broken(ErrorCode.FRAME_SIZE_ERROR, "PRIORITY of " + length + " bytes");
                } else if (id == 0) {
                    broken(ErrorCode.PROTOCOL_ERROR, "PRIORITY of the connection");
                }
            }
            default -> spend("frames of unknown types"); // ignored: section 4.1
        }
    }

    /** SETTINGS come first (section 3.4), and nothing comes between parts of a header block (section 4.3). */
    private boolean mayCome(int type) {
        if (!standing && type != Frame.SETTINGS) {
            broken(ErrorCode.PROTOCOL_ERROR, "the first frame is no SETTINGS");
        } else if (headers.isOpen() != (type == Frame.CONTINUATION)) {
            broken(ErrorCode.PROTOCOL_ERROR, "a header block is cut by, or begun with, a frame of type " + type);
        }
        return !over;
    }

    /** Streams that we have not opened yet are idle, and those of even numbers would be the peer's: section 5.1.1. */
    private boolean isOpened(int id) {
        if (id == 0 || id % 2 == 0 || Integer.compareUnsigned(id, nextId) >= 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "a frame of stream " + id);
        }
        return !over;
    }

    private void spend(String what) {
        if (budget.isSpent(nowNanos)) {
            broken(ErrorCode.ENHANCE_YOUR_CALM, "a flood of " + what);
        }
    }

    private void onHeaders(int flags, int id, MemorySegment memory, long offset, int length) {
        if (isOpened(id)) {
            headers.onHeaders(flags, id, memory, offset, length);
        }
    }

    /** A whole header block has come, decoded. */
    void onResponse(int id, Response response, boolean endsStream) {
        H2Stream stream = streams.find(id);
        if (stream == null) {
            spend("HEADERS of closed streams");
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
            spend("informational responses");
            return;
        }
        stream.answered = true;
        if (response.isFailure()) {
            h2.onStatus(response.text());
            failed(stream, !endsStream);
        } else if (endsStream) {
            if (!response.wlStatus.isEmpty()) {
                stream.confirmed = true;
            }
            ended(stream);
        }
    }

    /** The broker says that a stream has failed; it is told so too where it has not said that itself. */
    private void failed(H2Stream stream, boolean cancel) {
        h2.counters.increment(Counter.UPSTREAM_STREAMS_FAILED);
        if (cancel || !stream.endSent) {
            control(Frame.RST_STREAM, 0, stream.id, 1, ErrorCode.CANCEL);
        }
        forget(stream);
        stream.onFailed(nowNanos);
    }

    private void onReset(int id, MemorySegment memory, long offset, int length) {
        if (length != 4) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of " + length + " bytes");
        } else if (isOpened(id)) {
            H2Stream stream = streams.find(id);
            if (stream == null) {
                spend("RST_STREAM frames");
                return;
            }
            int code = Bytes.i32(memory, offset);
            if (!stream.endReceived) { // else it only says that it wants no more: section 8.1
                h2.counters.increment(Counter.UPSTREAM_STREAMS_FAILED);
                h2.onStatus("RST_STREAM " + ErrorCode.text(code));
            }
            forget(stream);
            stream.onFailed(nowNanos);
        }
    }

    private void onSettings(int flags, int id, MemorySegment memory, long offset, int length) {
        boolean ack = (flags & Frame.ACK) != 0;
        if (id != 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "SETTINGS of a stream");
        } else if (length % PeerSettings.ENTRY_BYTES != 0 || ack && length != 0) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "SETTINGS of " + length + " bytes");
        } else if (ack && !standing) {
            broken(ErrorCode.PROTOCOL_ERROR, "the first SETTINGS are an acknowledgement");
        } else if (ack) {
            spend("SETTINGS frames");
        } else {
            spend("SETTINGS frames");
            int oldWindow = peer.initialWindow;
            String wrong = peer.read(memory, offset, length);
            if (!wrong.isEmpty()) {
                broken(peer.wrongCode(), wrong);
                return;
            }
            headers.codec().tableBytes(peer.tableBytes);
            moveWindows(peer.initialWindow - oldWindow);
            if (!over) {
                control(Frame.SETTINGS, Frame.ACK, 0, 0, 0);
                stand();
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
                sending.acknowledged(stream, 0, nowNanos);
            }
        }
    }

    private void stand() {
        if (!standing) {
            standing = true;
            stoodSinceNanos = nowNanos;
            idleSinceNanos = nowNanos;
            heardNanos = nowNanos;
        }
    }

    private void onPing(int flags, int id, MemorySegment memory, long offset, int length) {
        if (length != 8) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "PING of " + length + " bytes");
        } else if (id != 0) {
            broken(ErrorCode.PROTOCOL_ERROR, "PING of a stream");
        } else {
            spend("PING frames");
            if ((flags & Frame.ACK) != 0) {
                return;
            }
            if (outbox.hasRoom(length)) {
                outbox.numbers(Frame.PING, Frame.ACK, 0, 2, Bytes.i32(memory, offset), Bytes.i32(memory, offset + 4));
            } else {
                broken(ErrorCode.ENHANCE_YOUR_CALM, "a flood of PING frames");
            }
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
        spend("GOAWAY frames");
        int last = Bytes.i32(memory, offset) & Integer.MAX_VALUE;
        int code = Bytes.i32(memory, offset + 4);
        leaving = true;
        if (code != ErrorCode.NO_ERROR) {
            h2.onStatus("GOAWAY " + ErrorCode.text(code));
        }
        failFrom(last);
        if (streams.size() == 0) {
            end(ErrorCode.NO_ERROR, code == ErrorCode.NO_ERROR ? "" : "GOAWAY " + ErrorCode.text(code), 0);
        }
    }

    /** Streams above the last one that the peer will serve: section 6.8. */
    private void failFrom(int last) {
        for (H2Stream stream = streams.above(last); stream != null; stream = streams.above(last)) {
            h2.counters.increment(Counter.UPSTREAM_STREAMS_FAILED);
            forget(stream);
            stream.onFailed(nowNanos);
        }
    }

    private void onWindowUpdate(int id, MemorySegment memory, long offset, int length) {
        if (length != 4) {
            broken(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of " + length + " bytes");
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
                spend("WINDOW_UPDATE frames of closed streams");
            } else if (by == 0 || !sending.widen(stream, by)) { // a stream's error: section 6.9
                control(Frame.RST_STREAM, 0, id, 1, by == 0 ? ErrorCode.PROTOCOL_ERROR : ErrorCode.FLOW_CONTROL_ERROR);
                h2.counters.increment(Counter.UPSTREAM_STREAMS_FAILED);
                forget(stream);
                stream.onFailed(nowNanos);
            } else {
                sending.acknowledged(stream, by, nowNanos);
            }
        }
    }
}
