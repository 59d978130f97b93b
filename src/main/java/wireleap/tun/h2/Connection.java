package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import wireleap.tun.mem.Chain;
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
final class Connection implements LinkOwner {
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
    private final PeerSettings peer = new PeerSettings();
    private final StreamTable streams = new StreamTable();
    private final Sending sending = new Sending(outbox, peer);
    private final Incoming incoming;
    private final FrameReader reader;
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

    Connection(H2c h2) {
        this.h2 = h2;
        this.incoming = new Incoming(h2, this, streams, sending, outbox, peer);
        this.reader = new FrameReader(incoming);
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

    /** Whether nothing more is to be done than to end it. */
    boolean isOver() {
        return over;
    }

    long nowNanos() {
        return nowNanos;
    }

    /** The number of the next stream: those below were opened. */
    int nextId() {
        return nextId;
    }

    // what frames bring about

    /** The peer's SETTINGS have come. */
    void stand() {
        if (!standing) {
            standing = true;
            stoodSinceNanos = nowNanos;
            idleSinceNanos = nowNanos;
        }
    }

    /** No new streams any more. */
    void leave() {
        leaving = true;
    }

    /** There is no memory for what has come. */
    void pause() {
        noMemorySinceNanos = nowNanos;
        noMemoryTryNanos = nowNanos + NO_MEMORY_TRY_NANOS;
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
        incoming.begin(nowNanos);
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

    /** It is over, with this error code for the peer (below 0: nothing is said) and these words for the log. */
    void end(int code, String why, int socketError) {
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
        if (nowNanos - since >= NO_MEMORY_NANOS) {
            incoming.giveUp(nowNanos);
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
            if (stream.owesWindow()) {
                int widening = stream.owedWindow();
                stream.receiveWindow += widening;
                outbox.numbers(Frame.WINDOW_UPDATE, 0, stream.id, 1, widening, 0);
            }
        }
        int owed = mayOwe() ? incoming.takeOwed() : 0;
        if (owed > 0) {
            outbox.numbers(Frame.WINDOW_UPDATE, 0, 0, 1, owed, 0);
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
        incoming.expect();
        HeaderCodec codec = incoming.codec();
        int length = codec.encode(h2.settings.authority(), h2.settings.path(), stream.protocol(), stream.target());
        outbox.headers(stream.id, codec.block(), length);
        stream.onOpened(nowNanos);
    }

    /** A stream's ring may have room again. */
    void owes(H2Stream stream) {
        if (!stream.owing.isIn(owing) && stream.owesWindow()) {
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
        return paidFor(sent);
    }

    private int paidFor(int sent) {
        if (sent >= 0) {
            incoming.expectWidenings(sent);
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
        return paidFor(sent == Sending.FULL ? SocketError.AGAIN : sent);
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

    /** Sends a frame of at most one number, which is no payload. */
    void control(int type, int flags, int stream, int numbers, int number) {
        if (outbox.hasRoom(numbers * Integer.BYTES)) {
            outbox.numbers(type, flags, stream, numbers, number, 0);
        } else { // of a peer that reads nothing
            end(ErrorCode.ENHANCE_YOUR_CALM, "the broker takes no frames", 0);
        }
    }

    /** A stream is over, on the wire too. */
    void forget(H2Stream stream) {
        streams.remove(stream);
        sending.forget(stream);
        stream.owing.leave();
        stream.connection = null;
        incoming.forget(stream);
        idleSinceNanos = nowNanos;
        if (leaving && streams.size() == 0) {
            end(ErrorCode.NO_ERROR, "", 0);
        }
    }
}
