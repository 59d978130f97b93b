package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import wireleap.tun.mem.Chain;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;

/**
 * One connection to the broker, from its dial to its end: the client's side of RFC 9113. What arrives is parsed in the
 * block that the kernel's read filled; what is to be sent is gathered and goes out once a turn, or when there is much.
 *
 * <p>Whatever the peer does ends the connection at the worst: then {@link H2c} hears of it, once, from the loop and
 * never from within a call of a stream's owner; it has the streams fail, and the connection {@link #part}.
 */
final class Connection implements LinkOwner {
    /** What a new stream of ours may receive, SETTINGS_INITIAL_WINDOW_SIZE: small, for it has to be kept. */
    static final int FIRST_STREAM_WINDOW = 16 << 10;

    private static final byte[] PREFACE =
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII); // RFC 9113 section 3.4
    /** A turn's share of the link: as many reads of a whole inbox. */
    private static final int READS_A_TURN = 2;
    /** How long the broker may take for what is said last. */
    private static final long PARTING_NANOS = 1_000_000_000;

    /** In the list of connections. */
    final Chain.Link<Connection> place = new Chain.Link<>(this);
    private final H2c h2;
    private final Pipe pipe;
    private final Outbox outbox;
    private final PeerSettings peer = new PeerSettings();
    private final StreamTable streams = new StreamTable();
    private final Sending sending;
    private final Receiving receiving;
    private final Incoming incoming;
    private final FrameReader reader;
    private final Liveness liveness = new Liveness();
    private final Shortage shortage = new Shortage();
    private boolean standing;
    /** No new streams: the peer has said GOAWAY, or there are no numbers left. */
    private boolean leaving;
    /** The peer has said why with it: its failure is told, and not told again when the connection ends. */
    private boolean complained;
    /** Nothing more is to be done than to end it. */
    private boolean over;
    /** Why: what is said to the peer, below 0 nothing; to the log; and the socket's error, if it was one. */
    private int overCode;
    private String overWhy;
    private int overError;
    private boolean parting;
    private long partedNanos;
    private int nextId = 1;
    private long nowNanos;

    Connection(H2c h2) {
        this.h2 = h2;
        this.pipe = new Pipe(h2.slab);
        this.outbox = pipe.outbox;
        this.sending = new Sending(outbox, peer);
        this.receiving = new Receiving(outbox);
        this.incoming = new Incoming(h2, this, streams, sending, receiving, peer);
        this.reader = new FrameReader(incoming);
    }

    /** Begins to connect. */
    void dial(long nowNanos) {
        this.nowNanos = nowNanos;
        liveness.dialled(nowNanos + h2.settings.dialTimeoutNanos());
        int result = pipe.dial(h2, this);
        if (result < 0 && result != SocketError.AGAIN) {
            lost(result, SocketError.text(result));
        }
    }

    boolean isStanding() {
        return standing && !over;
    }

    /** Dialled, and not standing yet. */
    boolean isDialling() {
        return !standing && !over;
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
        return standing && !over && !leaving && !pipe.isMute()
                && streams.size() < Math.max(most, Math.min(1, peer.maxStreams))
                && outbox.hasRoom(Outbox.CONTROL_BYTES / 2);
    }

    /** Whether it stands and has no streams: a second one would take no more than it. */
    boolean isUnused() {
        return standing && !over && !leaving && streams.size() == 0;
    }

    /** Whether streams wait for the window of the connection, or the next one would. */
    boolean isBraked() {
        return sending.isBraked();
    }

    /** Whether nothing more is to be done than to end it. */
    boolean isOver() {
        return over;
    }

    /** Whether it is over for a reason that is to be told, and not told yet. */
    boolean hasFailed() {
        return over && !overWhy.isEmpty() && !complained;
    }

    String overWhy() {
        return overWhy;
    }

    int overError() {
        return overError;
    }

    /** Whether it says its last words. */
    boolean isParting() {
        return parting;
    }

    long nowNanos() {
        return nowNanos;
    }

    /** The number of the next stream: those below were opened. */
    int nextId() {
        return nextId;
    }

    /** The peer's SETTINGS have come. */
    void stand() {
        if (!standing) {
            standing = true;
            liveness.stood(nowNanos);
        }
    }

    /** The peer has said GOAWAY, with this complaint if not empty, and fails so many streams: no new ones any more. */
    void leave(String complaint, int failed) {
        if (!complaint.isEmpty() && !leaving) {
            complained = true;
            h2.failed(this, complaint, failed, nowNanos);
        }
        leaving = true;
        endIfLeft();
    }

    private void endIfLeft() {
        if (leaving && streams.size() == 0) {
            end(ErrorCode.NO_ERROR, "", 0);
        }
    }

    /** There is no memory for what has come of a stream: whether it waits for some, and all others with it. */
    boolean pausesForMemory() {
        return shortage.pauses(nowNanos);
    }

    // the link

    @Override
    public void onReady(int events, long nowNanos) {
        this.nowNanos = nowNanos;
        h2.lastNanos(nowNanos);
        if (!pipe.isLinked() && !over) {
            connect();
        }
        pipe.ready(events);
        if (pipe.isLinked() && !over) {
            read();
        }
        h2.settle(this, nowNanos);
    }

    private void connect() {
        int result = pipe.connect();
        if (result == 0) {
            greet();
        } else if (result != SocketError.AGAIN) {
            lost(result, SocketError.text(result));
        }
    }

    private void greet() {
        liveness.heard(nowNanos);
        incoming.begin(nowNanos);
        outbox.raw(PREFACE);
        PeerSettings.putOurs(outbox);
        receiving.pay();
        pipe.flush();
    }

    private void read() {
        for (int i = 0; i < READS_A_TURN && pipe.mayRead() && !shortage.isPausing() && !over; i++) {
            int came = pipe.receive();
            if (came > 0) {
                liveness.heard(nowNanos);
                pipe.parse(reader);
            } else if (came != SocketError.AGAIN) {
                lost(came == 0 ? SocketError.RESET : came,
                        came == 0 ? "it was closed by the broker" : SocketError.text(came));
            }
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
        if (over && !parting) {
            return lastNanos;
        }
        boolean pausing = shortage.isPausing() && !parting;
        boolean busy = pipe.mayFlush() || pipe.mayRead() && !pausing;
        if (pipe.isLinked() && (busy || sending.mayWake() || receiving.mayPay())) {
            return lastNanos;
        }
        long deadline = parting ? partedNanos : liveness.deadlineNanos(streams.size() > 0);
        return pausing ? Math.min(deadline, shortage.tryNanos()) : deadline;
    }

    /** Does what is due. */
    void onTimer(long nowNanos) {
        this.nowNanos = nowNanos;
        if (over) {
            return;
        }
        if (liveness.isDialOver(nowNanos)) {
            lost(SocketError.TIMED_OUT, "it did not stand in time");
            return;
        }
        if (!pipe.isLinked()) {
            return;
        }
        if (shortage.tries(nowNanos)) {
            pipe.parse(reader);
            shortage.tried();
        }
        read();
        watchSilence();
        receiving.pay();
        pipe.flush();
        sending.wake(nowNanos);
    }

    private void watchSilence() {
        if (liveness.isUnusedForLong(streams.size() > 0, nowNanos)) {
            end(ErrorCode.NO_ERROR, "", 0);
        } else if (liveness.isUnanswered(nowNanos)) {
            lost(SocketError.TIMED_OUT, "a PING was not answered in time");
        } else if (liveness.isPingDue(nowNanos)) {
            if (outbox.hasRoom(2 * Integer.BYTES)) { // else a peer that reads nothing has as long to begin
                outbox.numbers(Frame.PING, 0, 0, 2, 0x776c_7475, nextId); // any 64 bits: section 6.7
            }
            liveness.pinged(nowNanos);
        }
    }

    // its end

    /** All streams fail that there are, when it is over. */
    void failStreams(long nowNanos) {
        for (H2Stream stream = streams.above(0); stream != null; stream = streams.above(0)) {
            forget(stream);
            stream.onFailed(nowNanos);
        }
    }

    /** Says its last word, if there is somebody to say it to. All streams have left. */
    void part(long nowNanos) {
        parting = true;
        partedNanos = overCode < 0 || !pipe.isLinked() ? nowNanos : nowNanos + PARTING_NANOS;
        if (overCode >= 0 && outbox.hasRoom(2 * Integer.BYTES)) {
            outbox.numbers(Frame.GOAWAY, 0, 0, 2, 0, overCode); // section 6.8: no stream of the peer's was processed
        }
    }

    /** Whether the broker has heard that word, and said its own, or has had time enough: then it is to be closed. */
    boolean hasParted(long nowNanos) {
        return nowNanos >= partedNanos || pipe.finish(READS_A_TURN);
    }

    /** Closes the link and gives everything back. */
    void close() {
        pipe.close();
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
        receiving.owes(stream);
    }

    /** Sends as much as may be sent now: 1..length bytes, or AGAIN, and the stream will be told. */
    int send(H2Stream stream, MemorySegment memory, long offset, int length) {
        int sent = sending.send(stream, memory, offset, length);
        if (sent == Sending.FULL) {
            pipe.flush();
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
            pipe.flush();
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
        control(type, flags, stream, numbers, number, 0);
    }

    /** Sends a frame of at most two numbers, which is no payload. */
    void control(int type, int flags, int stream, int numbers, int first, int second) {
        if (outbox.hasRoom(numbers * Integer.BYTES)) {
            outbox.numbers(type, flags, stream, numbers, first, second);
        } else if (!pipe.isMute()) { // of a peer that reads nothing
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
        liveness.left(nowNanos);
        endIfLeft();
    }
}
