package wireleap.tun.upstream;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Pool;
import wireleap.tun.mem.Slab;

/**
 * A SOCKS5 server as upstream: RFC 1928, user and password by RFC 1929. A TCP flow is a connection of its own with
 * CONNECT (section 4), a UDP session one with UDP ASSOCIATE (section 7). Targets are always addresses: names stay
 * with who asked.
 *
 * <p>Holds one block of the slab, in which every message is made just before it is sent and every answer is looked at
 * just after it came; a half-made connection keeps only a few numbers.
 */
public final class Socks5 implements Upstream {
    /** For so long after "command not supported" no session is tried. */
    private static final long NO_DATAGRAMS_NANOS = 30_000_000_000L;
    /** Sessions that are being made at a time; those of flows are limited by who opens them. */
    private static final int MAX_SESSION_DIALS = 256;
    private static final int IDLE_OBJECTS = 1 << 12;
    /** The largest message is a train of datagrams, each behind its header. */
    private static final int SCRATCH_BYTES = 1 << 16;

    final Links links;
    final Socks5Settings settings;
    final Counters counters;
    final DialQueue streamDials;
    final DialQueue sessionDials;
    final Socks5Spares spares;
    final Pool<Socks5Stream> streams = new Pool<>(() -> new Socks5Stream(this), IDLE_OBJECTS);
    final Pool<Socks5Session> sessions = new Pool<>(() -> new Socks5Session(this), IDLE_OBJECTS);
    private final Slab slab;
    private final UpstreamWatch watch;
    private final long scratch;
    private final byte[] user;
    private final byte[] password;
    private UpstreamStatus status = UpstreamStatus.UNTRIED;
    private long noDatagramsUntilNanos;
    private boolean datagramsRefused;

    /** Nothing is connected yet. The slab must have a block of 64 KiB left. */
    public Socks5(Links links, Socks5Settings settings, Slab slab, Counters counters, UpstreamWatch watch) {
        this.links = links;
        this.settings = settings;
        this.slab = slab;
        this.counters = counters;
        this.watch = watch;
        this.streamDials = new DialQueue(settings.dialTimeoutNanos());
        this.sessionDials = new DialQueue(settings.dialTimeoutNanos());
        this.spares = new Socks5Spares(this, settings.spares());
        this.user = settings.user().getBytes(StandardCharsets.UTF_8);
        this.password = settings.password().getBytes(StandardCharsets.UTF_8);
        this.scratch = slab.allocate(SCRATCH_BYTES);
        if (scratch < 0) {
            throw new AssertionError("no room for 64 KiB in a slab of " + slab.capacityBytes() + " bytes");
        }
    }

    @Override
    public UpstreamStream open(long hi, long lo, int port, StreamOwner owner, long nowNanos) {
        counters.increment(Counter.UPSTREAM_DIALS);
        Socks5Stream stream = streams.take();
        stream.open(hi, lo, port, owner, nowNanos);
        return stream;
    }

    @Override
    public DatagramSession datagrams(boolean v6, DatagramOwner owner, long nowNanos) {
        counters.increment(Counter.UPSTREAM_DIALS);
        Socks5Session session = sessions.take();
        session.open(owner, nowNanos);
        return session;
    }

    @Override
    public boolean carriesDatagrams(long nowNanos) {
        boolean refused = datagramsRefused && nowNanos - noDatagramsUntilNanos < 0;
        return !refused && sessionDials.size() < MAX_SESSION_DIALS;
    }

    @Override
    public UpstreamStatus status() {
        return status;
    }

    @Override
    public int dialling() {
        return streamDials.size() + sessionDials.size();
    }

    @Override
    public long deadlineNanos() {
        return Math.min(spares.deadlineNanos(), Math.min(streamDials.deadlineNanos(), sessionDials.deadlineNanos()));
    }

    @Override
    public void onTimer(long nowNanos) {
        streamDials.onTimer(nowNanos);
        sessionDials.onTimer(nowNanos);
        spares.onTimer(nowNanos);
    }

    @Override
    public void close() {
        spares.close();
        slab.free(scratch, SCRATCH_BYTES);
    }

    /** A handshake has shown something about the server; the watch is told when it is news. */
    void learned(UpstreamStatus shown, int socketError) {
        if (shown != status) {
            status = shown;
            watch.onStatus(shown, socketError);
        }
    }

    void learnedNoDatagrams(long nowNanos) {
        datagramsRefused = true;
        noDatagramsUntilNanos = nowNanos + NO_DATAGRAMS_NANOS;
    }

    MemorySegment memory() {
        return slab.memory();
    }

    /** Where the scratch lies in {@link #memory}; its content lives no longer than one call. */
    long scratch() {
        return scratch;
    }

    /**
     * RFC 1928 section 3: VER, NMETHODS, METHODS; NO AUTHENTICATION REQUIRED, and USERNAME/PASSWORD if there is one.
     */
    int putGreeting() {
        putByte(0, Socks5Handshake.VERSION);
        putByte(1, settings.hasLogin() ? 2 : 1);
        putByte(2, Socks5Handshake.NO_LOGIN);
        putByte(3, Socks5Handshake.LOGIN);
        return settings.hasLogin() ? 4 : 3;
    }

    /** RFC 1929 section 2: VER, ULEN, UNAME, PLEN, PASSWD. */
    int putLogin() {
        putByte(0, 1);
        int at = putField(1, user);
        return putField(at, password);
    }

    /** RFC 1928 section 4: VER, CMD, RSV, ATYP, DST.ADDR, DST.PORT. */
    int putRequest(int command, long hi, long lo, int port) {
        putByte(0, Socks5Handshake.VERSION);
        putByte(1, command);
        putByte(2, 0);
        return 3 + Socks5Address.put(memory(), scratch + 3, hi, lo, port);
    }

    private int putField(int at, byte[] bytes) {
        putByte(at, bytes.length);
        MemorySegment.copy(bytes, 0, memory(), JAVA_BYTE, scratch + at + 1, bytes.length);
        return at + 1 + bytes.length;
    }

    private void putByte(int at, int value) {
        memory().set(JAVA_BYTE, scratch + at, (byte) value);
    }
}
