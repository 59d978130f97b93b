package wireleap.tun.dns;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Chain;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.KeyTable;
import wireleap.tun.mem.Pool;
import wireleap.tun.mem.SipHash;
import wireleap.tun.mem.Slab;
import wireleap.tun.upstream.Upstream;

/**
 * Carries DNS queries of UDP clients over TCP streams of an upstream (RFC 7766), to the server that each asks or to the
 * one of a {@link Redirect}. An answer has 2 s to come; then, or when the connection ends, the query is sent once more,
 * on another connection, and then the client gets SERVFAIL, so that it turns to another resolver at once. A query that
 * was outstanding on a connection which had brought answers before it ended loses no try by that, but gains no time.
 * Idle connections are closed after 10 s.
 *
 * <p>An answer is the server's, only the ID is the client's again; if it is larger than the client takes by UDP, it is
 * truncated, and the client comes by TCP. So it does when its query is larger than what is kept here. Queries beyond
 * the limit are dropped: their clients will ask again.
 */
public final class DnsOverTcp {
    /** Queries that wait for their answers at most; each takes 512 bytes of the slab. */
    static final int MAX_QUERIES = 1 << 11;
    /** Connections to all resolvers. */
    static final int MAX_STREAMS = 256;
    static final int SCRATCH_BYTES = 16 << 10;
    static final long ANSWER_NANOS = 2_000_000_000L;
    static final long IDLE_NANOS = 10_000_000_000L;

    private static final int TRIES = 2;
    /** The largest datagram of IPv4, with its headers. */
    private static final int MAX_UDP_BYTES = 65_507;
    private static final int IDLE_OBJECTS = 64;

    final Upstream upstream;
    final Slab slab;
    final Counters counters;
    private final Redirect redirect;
    private final DnsOwner owner;
    private final DnsMessage message = new DnsMessage();
    private final QueryCells cells;
    /** By the low bits of their IDs; null where there never was one. */
    private final Query[] queries = new Query[MAX_QUERIES];
    private final int[] freeSlots = new int[MAX_QUERIES];
    private int freeCount;
    /** All that are outstanding. */
    private final Chain<Query> byDeadline = new Chain<>();
    private final KeyTable<Resolver> resolvers;
    private final Chain<Resolver> allResolvers = new Chain<>();
    /** Those that have something to do. */
    private final Chain<Resolver> work = new Chain<>();
    private final Pool<Resolver> idleResolvers = new Pool<>(() -> new Resolver(this), IDLE_OBJECTS);
    private final Pool<DnsStream> idleStreams = new Pool<>(() -> new DnsStream(this), IDLE_OBJECTS);
    /** Connections that no query needs at present. */
    private final Chain<DnsStream> resting = new Chain<>();
    private int streams;
    /** Where queries are put side by side and answers are read into; -1 while there is no connection. */
    private long scratch = -1;

    /** Nothing is outstanding, nothing taken of the slab. */
    public DnsOverTcp(Redirect redirect, Upstream upstream, Slab slab, Counters counters, SipHash hash,
                      DnsOwner owner) {
        this.redirect = redirect;
        this.upstream = upstream;
        this.slab = slab;
        this.counters = counters;
        this.owner = owner;
        this.cells = new QueryCells(slab, MAX_QUERIES);
        this.resolvers = new KeyTable<>(MAX_QUERIES + MAX_STREAMS, hash);
        for (int slot = MAX_QUERIES - 1; slot >= 0; slot--) {
            freeSlots[freeCount++] = slot;
        }
    }

    /** Takes a client's query, whatever it holds; the memory is not looked at after this returns. */
    public void ask(long clientHi, long clientLo, int clientPort, long askedHi, long askedLo, MemorySegment memory,
                    long offset, int length, long nowNanos) {
        if (!message.wrap(memory, offset, length) || !message.isQuery()) {
            counters.increment(Counter.DNS_QUERIES_MALFORMED);
            return;
        }
        Query query = take();
        if (query == null) {
            counters.increment(Counter.DNS_QUERIES_DROPPED);
            return;
        }
        counters.increment(Counter.DNS_QUERIES);
        query.clientHi = clientHi;
        query.clientLo = clientLo;
        query.clientPort = clientPort;
        query.askedHi = askedHi;
        query.askedLo = askedLo;
        keep(query, memory, offset, length);
        if (length > Query.MAX_BYTES) {
            answerWithoutRecords(query, DnsMessage.TRUNCATED);
        } else {
            query.resolver = redirect.isOn() ? resolver(redirect.hi(), redirect.lo(), redirect.port())
                    : resolver(askedHi, askedLo, Redirect.DNS_PORT);
            query.triesLeft = TRIES;
            enqueue(query, nowNanos);
        }
    }

    /** A query without content in a cell, or null: there are too many, or there is no memory. */
    private Query take() {
        long cell = freeCount > 0 ? cells.take() : -1;
        if (cell < 0) {
            return null;
        }
        int slot = freeSlots[--freeCount];
        if (queries[slot] == null) {
            queries[slot] = new Query(slot);
        }
        Query query = queries[slot];
        query.id = query.id + MAX_QUERIES & 0xffff;
        query.cell = cell;
        return query;
    }

    /** Keeps the message that was looked at, or as much of it as an answer needs. */
    private void keep(Query query, MemorySegment memory, long offset, int length) {
        query.questionEnd = message.questionEnd();
        query.length = length <= Query.MAX_BYTES ? length : query.questionEnd;
        query.clientId = message.id();
        int opt = message.findOpt();
        query.hasOpt = opt > 0;
        query.dnssecOk = opt > 0 && message.isDnssecOk(opt);
        query.udpBytes = opt > 0 ? Math.min(message.udpBytes(opt), MAX_UDP_BYTES) : DnsMessage.MIN_UDP_BYTES;
        Bytes.putU16(slab.memory(), query.cell, query.length);
        MemorySegment.copy(memory, offset, slab.memory(), query.messageOffset(), query.length);
        Bytes.putU16(slab.memory(), query.messageOffset(), query.id);
    }

    private Resolver resolver(long hi, long lo, int port) {
        Resolver resolver = resolvers.find(hi, lo, 0, 0, port);
        if (resolver == null) {
            resolver = idleResolvers.take();
            resolver.at(hi, lo, port);
            resolvers.add(resolver);
            allResolvers.add(resolver.listed);
        }
        return resolver;
    }

    /** Lets a query wait to be sent, with the whole time before it. */
    private void enqueue(Query query, long nowNanos) {
        query.deadlineNanos = nowNanos + ANSWER_NANOS;
        byDeadline.add(query.byDeadline);
        query.resolver.waiting.add(query.place);
        touch(query.resolver);
    }

    /** Sends and receives what there is: to be called at the end of a turn in which {@link DnsOwner#onWork} came. */
    public void turn(long nowNanos) {
        try {
            for (int i = work.size(); i > 0 && work.size() > 0; i--) {
                serve(work.oldest(), nowNanos);
            }
        } finally {
            if (work.size() > 0) {
                owner.onWork();
            }
        }
    }

    private void serve(Resolver resolver, long nowNanos) {
        resolver.work.leave();
        try {
            resolver.serve(nowNanos);
        } catch (Throwable bug) {
            resolver.drop(); // so that it does not fail again and again
            throw bug;
        }
    }

    /** Gives up what was silent for too long. */
    public void onTimer(long nowNanos) {
        for (Query query = byDeadline.oldest(); query != null && query.deadlineNanos <= nowNanos;
                query = byDeadline.oldest()) {
            giveUp(query, nowNanos);
        }
        for (DnsStream stream = resting.oldest(); stream != null && stream.restingUntilNanos <= nowNanos;
                stream = resting.oldest()) {
            stream.resolver().close(stream);
        }
    }

    private static void giveUp(Query query, long nowNanos) {
        Resolver resolver = query.resolver;
        try {
            resolver.onSilence(query, nowNanos);
        } catch (Throwable bug) {
            resolver.drop();
            throw bug;
        }
    }

    /** When {@link #onTimer} has to be called at the latest; Long.MAX_VALUE: never. */
    public long deadlineNanos() {
        Query query = byDeadline.oldest();
        DnsStream stream = resting.oldest();
        return Math.min(query == null ? Long.MAX_VALUE : query.deadlineNanos,
                stream == null ? Long.MAX_VALUE : stream.restingUntilNanos);
    }

    /** Forgets all queries, ends all connections and gives all memory back. */
    public void close() {
        for (Resolver resolver = allResolvers.oldest(); resolver != null; resolver = allResolvers.oldest()) {
            resolver.drop();
        }
    }

    /** Queries that wait for their answers. */
    public int outstanding() {
        return byDeadline.size();
    }

    // what resolvers and streams tell

    /** A resolver has something to do. */
    void touch(Resolver resolver) {
        work.add(resolver.work);
        owner.onWork();
    }

    /** A resolver has neither queries nor connections. */
    void recycle(Resolver resolver) {
        resolver.work.leave();
        resolver.listed.leave();
        resolvers.remove(resolver);
        idleResolvers.give(resolver);
    }

    /** Whether a resolver may open another connection; if there are too many, one that rests makes room for it. */
    boolean makeRoomForStream(Resolver resolver) {
        if (streams >= MAX_STREAMS) {
            DnsStream oldest = resting.oldest();
            if (oldest == null || oldest.resolver() == resolver) {
                return false;
            }
            oldest.resolver().close(oldest);
        }
        if (scratch < 0) {
            scratch = slab.allocate(SCRATCH_BYTES);
        }
        return scratch >= 0;
    }

    /** Begins to open a connection, after {@link #makeRoomForStream}. */
    DnsStream openStream(Resolver resolver, long nowNanos) {
        counters.increment(Counter.DNS_STREAMS_OPENED);
        DnsStream stream = idleStreams.take();
        stream.open(resolver, nowNanos);
        streams++;
        return stream;
    }

    /** No query needs a connection any more. */
    void isResting(DnsStream stream, long nowNanos) {
        if (!stream.byRest.isIn(resting)) {
            stream.restingUntilNanos = nowNanos + IDLE_NANOS;
            resting.add(stream.byRest);
        }
    }

    /** A connection is over, or is no longer wanted: see {@link DnsStream#end}. */
    void endStream(DnsStream stream, boolean cleanly) {
        stream.byRest.leave();
        stream.end(cleanly);
        idleStreams.give(stream);
        streams--;
        if (streams == 0) {
            slab.free(scratch, SCRATCH_BYTES);
            scratch = -1;
        } else if (streams == MAX_STREAMS - 1) {
            touchWaiting();
        }
    }

    /** One of those may open a connection that there was no room for. */
    private void touchWaiting() {
        for (Resolver resolver = allResolvers.oldest(); resolver != null; resolver = resolver.listed.younger()) {
            if (resolver.waiting.size() > 0) {
                touch(resolver);
                return;
            }
        }
    }

    /** Where in the slab the scratch lies; its content lives no longer than one call. */
    long scratch() {
        return scratch;
    }

    /** A message has come in the slab. True: it was the answer to a query, which is done. */
    boolean take(DnsStream from, long offset, int length) {
        MemorySegment memory = slab.memory();
        boolean sound = message.wrap(memory, offset, length) && message.isResponse();
        Query query = sound ? queries[message.id() & MAX_QUERIES - 1] : null;
        if (query == null || query.stream != from || query.id != message.id() || from.isSending(query)
                || !answers(query)) {
            counters.increment(Counter.DNS_ANSWERS_UNMATCHED);
            return false;
        }
        int left = length;
        if (length > query.udpBytes) {
            counters.increment(Counter.DNS_ANSWERS_TRUNCATED);
            left = message.truncate(query.udpBytes);
        }
        answer(query, offset, left);
        return true;
    }

    /** RFC 7766 section 7: by the ID, and by the question if there is one; errors may have none. */
    private boolean answers(Query query) {
        return message.questions() == 0
                || message.asksTheSame(slab.memory(), query.messageOffset(), query.questionEnd);
    }

    /** A query that was sent, or was to be, has to wait anew; this may have been one of its tries. */
    void again(Query query, boolean wasTry, long nowNanos) {
        query.stream = null;
        if (!wasTry) {
            query.resolver.waiting.add(query.place);
            touch(query.resolver);
        } else if (--query.triesLeft > 0) {
            counters.increment(Counter.DNS_RETRIES);
            enqueue(query, nowNanos);
        } else {
            counters.increment(Counter.DNS_FAILURES);
            Resolver resolver = query.resolver;
            answerWithoutRecords(query, DnsMessage.SERVER_FAILURE);
            touch(resolver);
        }
    }

    private void answerWithoutRecords(Query query, int flags) {
        int length = DnsMessage.makeAnswer(slab.memory(), query.messageOffset(), query.questionEnd, flags,
                query.hasOpt, query.dnssecOk);
        answer(query, query.messageOffset(), length);
    }

    private void answer(Query query, long offset, int length) {
        Bytes.putU16(slab.memory(), offset, query.clientId);
        owner.onAnswer(query.clientHi, query.clientLo, query.clientPort, query.askedHi, query.askedLo, slab.memory(),
                offset, length);
        end(query);
    }

    /** Forgets a query. */
    void end(Query query) {
        query.place.leave();
        query.byDeadline.leave();
        query.resolver = null;
        query.stream = null;
        cells.give(query.cell);
        freeSlots[freeCount++] = query.id & MAX_QUERIES - 1;
    }
}
