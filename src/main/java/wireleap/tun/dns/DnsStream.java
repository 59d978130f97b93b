package wireleap.tun.dns;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Chain;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStream;

/**
 * A TCP connection to a resolver: queries go out one behind the other, answers come in any order (RFC 7766 section
 * 6.2.1.1). What events tell is only noted; {@link Resolver#serve} does it. Pooled by {@link DnsOverTcp}, which owns
 * the scratch that several queries are put side by side in, and answers are read into.
 */
final class DnsStream implements StreamOwner {
    /** Queries that are outstanding on a connection at most: a resolver that works them off one by one gets no more. */
    static final int MAX_SENT = 100;

    /** So much of a turn is a connection's share. */
    private static final int READ_BYTES_A_TURN = 64 << 10;

    final Chain.Link<DnsStream> ofResolver = new Chain.Link<>(this);
    final Chain.Link<DnsStream> byRest = new Chain.Link<>(this);
    /** Those that were sent, at least in part, and are not answered. */
    final Chain<Query> sent = new Chain<>();
    /** When it is closed, if nothing is sent until then; meaningful while it is in that chain. */
    long restingUntilNanos;
    private final DnsOverTcp dns;
    private final MessageReader partAnswer;
    private Resolver resolver;
    private UpstreamStream stream;
    private boolean refused;
    private boolean connected;
    private boolean readable;
    private boolean writable;
    /** A query was not answered in time here, or the connection itself was not: nothing more is sent. */
    private boolean distrusted;
    private boolean answered;
    /** The youngest of those that were sent, if bytes of it are still to be written; else null. */
    private Query partQuery;
    private int partQueryBytes;

    DnsStream(DnsOverTcp dns) {
        this.dns = dns;
        this.partAnswer = new MessageReader(dns.slab);
    }

    void open(Resolver to, long nowNanos) {
        resolver = to;
        connected = false;
        readable = false;
        writable = false;
        distrusted = false;
        answered = false;
        stream = dns.upstream.open(to.hi(), to.lo(), to.port(), this, nowNanos);
        refused = stream.refusal() != Refusal.NONE;
    }

    @Override
    public void onConnected(long nowNanos) {
        connected = true;
        distrusted = false;
        readable = true;
        writable = true;
        dns.touch(resolver);
    }

    @Override
    public void onRefused(long nowNanos) {
        refused = true;
        dns.touch(resolver);
    }

    @Override
    public void onReady(int events, long nowNanos) {
        readable |= (events & (LinkOwner.READABLE | LinkOwner.FAILED)) != 0;
        writable |= (events & (LinkOwner.WRITABLE | LinkOwner.FAILED)) != 0;
        dns.touch(resolver);
    }

    Resolver resolver() {
        return resolver;
    }

    boolean isRefused() {
        return refused;
    }

    boolean isConnected() {
        return connected;
    }

    /** Whether queries that wait may be sent here, now or once it is connected. */
    boolean isTrusted() {
        return !distrusted;
    }

    void distrust() {
        distrusted = true;
    }

    /** Whether it has brought an answer. */
    boolean hasAnswered() {
        return answered;
    }

    /** Whether it would take another query now. */
    boolean takes() {
        return connected && writable && !distrusted && partQuery == null && sent.size() < MAX_SENT;
    }

    /** Whether its bytes would make no sense any more without this query. */
    boolean isSending(Query query) {
        return query == partQuery;
    }

    /** Takes what has come. False: the connection is over, by its end, an error, or because what came is nonsense. */
    boolean read() {
        int most = READ_BYTES_A_TURN;
        while (readable && connected) {
            int came = partAnswer.isEmpty() ? readScratch() : readPart();
            if (came == SocketError.AGAIN) {
                readable = false;
            } else if (came <= 0) {
                return false;
            }
            most -= came;
            if (readable && most <= 0) {
                dns.touch(resolver);
                return true;
            }
        }
        return true;
    }

    /** As {@link UpstreamStream#read}; 0 also when it makes no sense. */
    private int readScratch() {
        MemorySegment memory = dns.slab.memory();
        int came = stream.read(memory, dns.scratch(), DnsOverTcp.SCRATCH_BYTES);
        int done = 0;
        while (came > done) {
            long at = dns.scratch() + done;
            int frame = MessageReader.frameBytes(memory, at, came - done);
            if (came - done <= 1 || frame > came - done) {
                return partAnswer.begin(memory, at, came - done) ? came : 0;
            }
            if (!take(at + Query.PREFIX_BYTES, frame - Query.PREFIX_BYTES)) {
                return 0;
            }
            done += frame;
        }
        return came;
    }

    private int readPart() {
        int came = stream.read(dns.slab.memory(), partAnswer.end(), partAnswer.missing());
        if (came <= 0) {
            return came;
        }
        if (!partAnswer.came(came)) {
            return 0;
        }
        if (partAnswer.missing() == 0) {
            boolean sound = take(partAnswer.messageOffset(), partAnswer.messageBytes());
            partAnswer.discard();
            return sound ? came : 0;
        }
        return came;
    }

    private boolean take(long offset, int length) {
        answered |= dns.take(this, offset, length);
        return length >= DnsMessage.HEADER_BYTES;
    }

    /** Writes the rest of a query that is written in part. False: the connection is over. */
    boolean flush() {
        while (partQuery != null && writable) {
            int length = partQuery.frameBytes() - partQueryBytes;
            int written = stream.write(dns.slab.memory(), partQuery.cell + partQueryBytes, length);
            if (written < 0 && written != SocketError.AGAIN) {
                return false;
            }
            writable = written != SocketError.AGAIN;
            partQueryBytes += Math.max(0, written);
            partQuery = written == length ? null : partQuery;
        }
        return true;
    }

    /** Sends some of the queries that wait, as many as fit, in one write. False: the connection is over. */
    boolean send(Chain<Query> waiting, int most) {
        MemorySegment memory = dns.slab.memory();
        int bytes = 0;
        int count = Math.min(most, MAX_SENT - sent.size());
        for (Query query = waiting.oldest(); query != null && count > 0
                && bytes + query.frameBytes() <= DnsOverTcp.SCRATCH_BYTES; query = query.place.younger()) {
            MemorySegment.copy(memory, query.cell, memory, dns.scratch() + bytes, query.frameBytes());
            bytes += query.frameBytes();
            count--;
        }
        int written = stream.write(memory, dns.scratch(), bytes);
        if (written < 0) {
            writable = false;
            return written == SocketError.AGAIN;
        }
        while (written > 0) {
            Query query = waiting.oldest();
            query.stream = this;
            sent.add(query.place);
            if (written < query.frameBytes()) {
                partQuery = query;
                partQueryBytes = written;
            }
            written -= query.frameBytes();
        }
        return true;
    }

    /**
     * Ends, and may be another resolver's after this.
     *
     * @param cleanly by a FIN if it stands: nothing is outstanding
     */
    void end(boolean cleanly) {
        if (refused) {
            stream.close();
        } else if (cleanly && connected) {
            stream.finish();
            stream.close();
        } else {
            stream.reset();
        }
        stream = null;
        partQuery = null;
        partAnswer.discard();
    }
}
