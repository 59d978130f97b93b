package wireleap.tun.h2;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Chain;
import wireleap.tun.wire.AddressText;

/** A stream of a connection: its number, its windows, how far it has come. Pooled by its kinds. */
abstract class H2Stream {
    final H2c h2;
    private long hi;
    private long lo;
    private int port;
    /** In the one list where it waits: for a connection, to be told of, or to send. */
    final Chain.Link<H2Stream> wait = new Chain.Link<>(this);
    /** In its connection's list of those that owe a WINDOW_UPDATE. */
    final Chain.Link<H2Stream> owing = new Chain.Link<>(this);
    /** Its deadline in one {@link Patience}. */
    final Patience.Place patience = new Patience.Place(this);
    /** Null: waiting for one, or gone from it. */
    Connection connection;
    /** Its number; 0: none yet. */
    int id;
    /** What we may send: below zero when the peer has made it smaller (RFC 9113 section 6.9.2). */
    int sendWindow;
    /** Sent and not acknowledged by a WINDOW_UPDATE for this stream. */
    int unacknowledged;
    /** What the peer may send. */
    int receiveWindow;
    /** While others wait too: what may be sent before going to the end of the queue. */
    int credit;
    /** What content-length has said of the body; below 0: nothing. */
    long contentLength;
    /** Payload that has come. */
    long bodyBytes;
    /** Final headers have come. */
    boolean answered;
    /** The broker has said that all went well, or has passed bytes of ours on: its target was there. */
    boolean confirmed;
    boolean endSent;
    boolean endReceived;

    H2Stream(H2c h2) {
        this.h2 = h2;
    }

    /** Begins a life without a connection, to lead to this target. */
    final void beginUnopened(long hi, long lo, int port) {
        this.hi = hi;
        this.lo = lo;
        this.port = port;
        connection = null;
        id = 0;
        unacknowledged = 0;
        credit = 0;
        contentLength = -1;
        bodyBytes = 0;
        answered = false;
        confirmed = false;
        endSent = false;
        endReceived = false;
    }

    /** Whether more has come than content-length says: RFC 9113 section 8.1.1. */
    final boolean isTooLong() {
        return contentLength >= 0 && bodyBytes > contentLength;
    }

    /** Whether it may not end here, for content-length says more. */
    final boolean isTooShort() {
        return bodyBytes < contentLength;
    }

    /** Its request is on its way: the connection has set number and windows. */
    abstract void onOpened(long nowNanos);

    /** It could not be opened; why is told by the argument, a SocketError, or 0: no connection may be tried now. */
    abstract void onUnopened(int socketError, long nowNanos);

    /** Says to its owner what became of it: it is in no list any more. */
    abstract void tell(long nowNanos);

    /** {@code tcp} or {@code udp}: {@code wl-dial-protocol}. */
    abstract String protocol();

    /** Address and port: {@code wl-dial-target}. */
    final String target() {
        return AddressText.of(hi, lo, port);
    }

    final boolean leadsTo(long hi, long lo, int port) {
        return this.port == port && this.lo == lo && this.hi == hi;
    }

    final long hi() {
        return hi;
    }

    final long lo() {
        return lo;
    }

    final int port() {
        return port;
    }

    /** A DATA frame of so many bytes of payload begins; the window has been charged. */
    abstract void onDataBegin(int length, long nowNanos);

    /** Some of its payload: how much was taken; less: there is no memory. */
    abstract int onData(MemorySegment memory, long offset, int length);

    /** Nobody found memory for it in time: what comes of it from now on is thrown away. */
    abstract void onNoMemory(long nowNanos);

    /** All of a DATA frame has come; whether it ends the stream, as {@link #onEnd} will tell. */
    abstract void onDataEnd(boolean endsStream, long nowNanos);

    /** The peer's END_STREAM. */
    abstract void onEnd(long nowNanos);

    /** Reset by the peer, or lost with its connection: it is in no connection any more, or about to leave it. */
    abstract void onFailed(long nowNanos);

    /** It may send again. */
    abstract void onWritable(long nowNanos);

    /** Whether so much of its ring is free that the peer is to be told. */
    abstract boolean owesWindow();

    /** By how much the peer's window is widened now, when it is owed. */
    abstract int owedWindow();

    /** Its patience is over; see {@link Patience}. */
    abstract void onPatienceOver(long nowNanos);
}
