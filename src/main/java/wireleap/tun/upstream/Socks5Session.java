package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;

/**
 * A UDP ASSOCIATE (RFC 1928 section 7): a control connection whose end is the session's end, and a socket that speaks
 * to the relay alone, each datagram behind a small header. Pooled.
 *
 * <pre>
 * +-----+------+------+----------+----------+------+
 * | RSV | FRAG | ATYP | DST.ADDR | DST.PORT | DATA |
 * |  2  |  1   |  1   |  4 or 16 |    2     |      |
 * +-----+------+------+----------+----------+------+
 * </pre>
 */
final class Socks5Session extends Dial implements DatagramSession, LinkOwner {
    /** RSV and FRAG. */
    private static final int HEAD_BYTES = 3;
    /** A server that talks more than so many times without pause on the control connection is not one. */
    private static final int MAX_CONTROL_READS = 16;
    private static final int CONTROL_READ_BYTES = 1 << 10;
    /** What IPv4 carries as payload of a UDP datagram, and the kernel of several in one go. */
    private static final int MOST_BYTES = 65_507;

    private final Socks5 socks;
    private final Socks5Handshake handshake;
    private final LinkOwner relayOwner = this::onRelayReady;
    private Link control;
    /** Null until the server has said where the relay is. */
    private DatagramLink relay;
    private long relayHi;
    private long relayLo;
    private int relayPort;
    private DatagramOwner owner;
    private Refusal refusal;

    Socks5Session(Socks5 socks) {
        this.socks = socks;
        this.handshake = new Socks5Handshake(socks);
    }

    void open(DatagramOwner owner, long nowNanos) {
        this.owner = owner;
        refusal = Refusal.NONE;
        // section 4: an address and port of zeros where the client does not know them yet
        handshake.begin(this, Socks5Handshake.UDP_ASSOCIATE, 0, Socks5Address.mapped(0), 0, nowNanos);
        control = handshake.link();
        if (handshake.refusal() == Refusal.NONE) {
            socks.sessionDials.add(this, nowNanos);
        } else {
            refuse(handshake.refusal());
        }
    }

    @Override
    public void onReady(int events, long nowNanos) {
        if (refusal != Refusal.NONE) {
            return;
        }
        if (relay == null) {
            handshake.proceed(nowNanos);
            control = handshake.link();
            advance(nowNanos);
        } else if (!controlLives()) {
            refuse(Refusal.FAILED);
            owner.onEnded(nowNanos);
        }
    }

    @Override
    void onSilence(long nowNanos) {
        handshake.onSilence();
        advance(nowNanos);
    }

    private void onRelayReady(int events, long nowNanos) {
        if (refusal == Refusal.NONE) {
            owner.onReady(events, nowNanos);
        }
    }

    private void advance(long nowNanos) {
        if (handshake.isDone()) {
            openRelay();
            socks.sessionDials.remove(this);
            if (refusal == Refusal.NONE && !controlLives()) {
                refuse(Refusal.FAILED);
            }
        } else if (handshake.refusal() != Refusal.NONE) {
            refuse(handshake.refusal());
        }
        if (refusal != Refusal.NONE) {
            owner.onEnded(nowNanos);
        } else if (relay != null) {
            socks.counters.increment(Counter.UPSTREAM_CONNECTED);
            owner.onOpened(nowNanos);
        }
    }

    /** To where the server says, unless that makes no sense or there is no way: then to the server's own address. */
    private void openRelay() {
        Socks5Settings to = socks.settings;
        relayPort = handshake.boundPort();
        if (relayPort == 0) {
            refuse(Refusal.FAILED);
            return;
        }
        boolean believed = handshake.boundIsAddress()
                && RelayAddress.isPlausible(handshake.boundHi(), handshake.boundLo(), to.hi(), to.lo());
        relayHi = believed ? handshake.boundHi() : to.hi();
        relayLo = believed ? handshake.boundLo() : to.lo();
        relay = socks.links.connectedDatagrams(relayHi, relayLo, relayPort, relayOwner);
        if (relay.openResult() != 0 && believed) {
            relay.close();
            relayHi = to.hi();
            relayLo = to.lo();
            relay = socks.links.connectedDatagrams(relayHi, relayLo, relayPort, relayOwner);
        }
        if (relay.openResult() != 0) {
            refuse(Refusal.FAILED);
        }
    }

    /** Nothing is said on the control connection any more, but that it stands; what is said all the same is dropped. */
    private boolean controlLives() {
        for (int i = 0; i < MAX_CONTROL_READS; i++) {
            int came = control.recv(socks.memory(), socks.scratch(), CONTROL_READ_BYTES);
            if (came <= 0) {
                return came == SocketError.AGAIN;
            }
        }
        return false;
    }

    private void refuse(Refusal why) {
        refusal = why;
        socks.sessionDials.remove(this);
        socks.counters.increment(why.counter());
    }

    @Override
    public Refusal refusal() {
        return refusal;
    }

    @Override
    public boolean isOpen() {
        return relay != null && refusal == Refusal.NONE;
    }

    /** The proxy's header is nothing to the target: whether a datagram fits with it, is not the client's concern. */
    @Override
    public int send(long hi, long lo, int port, MemorySegment memory, long offset, int length, int segmentBytes,
                    boolean mayFragment) {
        if (!isOpen()) {
            return SocketError.AGAIN;
        }
        long head = socks.scratch();
        Bytes.putU16(socks.memory(), head, 0);
        Bytes.putU8(socks.memory(), head + 2, 0);
        int headLength = HEAD_BYTES + Socks5Address.put(socks.memory(), head + HEAD_BYTES, hi, lo, port);
        int wrapped = headLength + segmentBytes;
        if (length > segmentBytes && 2 * wrapped <= MOST_BYTES) {
            return sendTrain(headLength, memory, offset, Math.min(length, MOST_BYTES / wrapped * segmentBytes),
                    segmentBytes);
        }
        int one = Math.min(length, segmentBytes);
        int sent = relay.send(relayHi, relayLo, relayPort, socks.memory(), head, headLength, memory, offset, one);
        return sent < 0 ? sent : one;
    }

    /** Several datagrams, each behind the header that stands in the scratch, gathered there to be sent in one go. */
    private int sendTrain(int headLength, MemorySegment memory, long offset, int length, int segmentBytes) {
        MemorySegment scratch = socks.memory();
        long first = socks.scratch();
        long end = first;
        for (int done = 0; done < length; done += segmentBytes) {
            int piece = Math.min(segmentBytes, length - done);
            if (end != first) {
                MemorySegment.copy(scratch, first, scratch, end, headLength);
            }
            MemorySegment.copy(memory, offset + done, scratch, end + headLength, piece);
            end += headLength + piece;
        }
        int wrapped = headLength + segmentBytes;
        int sent = relay.sendTrain(relayHi, relayLo, relayPort, scratch, first, (int) (end - first), wrapped);
        return sent < 0 ? sent : sent - (sent + wrapped - 1) / wrapped * headLength;
    }

    @Override
    public int recv(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        if (!isOpen()) {
            return SocketError.AGAIN;
        }
        int came = relay.recv(meta, memory, offset, length);
        if (came < 0) {
            return came;
        }
        int head = meta.hi() == relayHi && meta.lo() == relayLo && meta.port() == relayPort
                ? unwrap(meta, memory, offset, came) : -1;
        if (head < 0) {
            socks.counters.increment(Counter.UPSTREAM_BAD_DATAGRAM);
            return SocketError.OTHER;
        }
        return came - head;
    }

    /** Reads the header into meta: its length, or -1 when it is none that we could use (fragments, names, noise). */
    private static int unwrap(DatagramMeta meta, MemorySegment memory, long offset, int length) {
        if (length < HEAD_BYTES + 2 || Bytes.u16(memory, offset) != 0 || Bytes.u8(memory, offset + 2) != 0) {
            return -1;
        }
        int type = Bytes.u8(memory, offset + 3);
        int head = HEAD_BYTES + Socks5Address.length(type, 0);
        if (type != Socks5Address.IPV4 && type != Socks5Address.IPV6 || length < head) {
            return -1;
        }
        boolean v4 = type == Socks5Address.IPV4;
        long hi = v4 ? 0 : Bytes.i64(memory, offset + 4);
        long lo = v4 ? Socks5Address.mapped(Bytes.i32(memory, offset + 4)) : Bytes.i64(memory, offset + 12);
        meta.fill(hi, lo, Bytes.u16(memory, offset + head - 2), offset + head);
        return head;
    }

    @Override
    public int unreachable(DatagramMeta meta) {
        // the relay's own troubles: nothing is known of the target
        while (relay != null && relay.unreachable(meta) != SocketError.AGAIN) {
            socks.counters.increment(Counter.UPSTREAM_RELAY_UNREACHABLE);
        }
        return SocketError.AGAIN;
    }

    @Override
    public void close() {
        socks.sessionDials.remove(this);
        control.close();
        control = null;
        if (relay != null) {
            relay.close();
            relay = null;
        }
        owner = null;
        socks.sessions.give(this);
    }
}
