package wireleap.tun.dns;

import wireleap.tun.mem.Chain;
import wireleap.tun.mem.KeyTable;

/**
 * A server that queries are for: those that wait to be sent, and its few connections (RFC 7766 section 6.2.2). More
 * than one is made only for many queries, or because another has not answered. It lives as long as it has either.
 * Pooled by {@link DnsOverTcp}.
 */
final class Resolver extends KeyTable.Entry {
    /** Connections that are trusted. */
    private static final int MAX_TRUSTED = 4;
    /** Connections in all, those included that are left to their last queries. */
    private static final int MAX_STREAMS = 8;
    /** For so many outstanding queries there is a connection. */
    private static final int QUERIES_A_STREAM = 32;

    /** In the list of those that have something to do. */
    final Chain.Link<Resolver> work = new Chain.Link<>(this);
    /** In the list of all. */
    final Chain.Link<Resolver> listed = new Chain.Link<>(this);
    final Chain<Query> waiting = new Chain<>();
    private final Chain<DnsStream> streams = new Chain<>();
    private final DnsOverTcp dns;

    Resolver(DnsOverTcp dns) {
        this.dns = dns;
    }

    void at(long hi, long lo, int port) {
        key(hi, lo, 0, 0, port);
    }

    long hi() {
        return key0();
    }

    long lo() {
        return key1();
    }

    int port() {
        return (int) key4();
    }

    /** Does what events and new queries have made necessary. */
    void serve(long nowNanos) {
        for (DnsStream stream = streams.oldest(); stream != null; ) {
            DnsStream next = stream.ofResolver.younger();
            if (stream.isRefused() || !stream.read() || !stream.flush()) {
                lose(stream, nowNanos);
            }
            stream = next;
        }
        send(nowNanos);
        boolean begun = true;
        while (begun && waiting.size() > 0 && isShortOfStreams() && dns.makeRoomForStream(this)) {
            begun = dial(nowNanos);
        }
        for (DnsStream stream = streams.oldest(); stream != null; ) {
            DnsStream next = stream.ofResolver.younger();
            if (stream.sent.size() == 0 && (stream.isConnected() || waiting.size() == 0)) {
                rest(stream, nowNanos);
            } else {
                stream.byRest.leave();
            }
            stream = next;
        }
        if (streams.size() == 0 && waiting.size() == 0) {
            dns.recycle(this);
        }
    }

    /** Shares what waits out among those connections that take more. */
    private void send(long nowNanos) {
        int takers = 0;
        for (DnsStream stream = streams.oldest(); stream != null; stream = stream.ofResolver.younger()) {
            takers += stream.takes() ? 1 : 0;
        }
        for (DnsStream stream = streams.oldest(); stream != null; ) {
            DnsStream next = stream.ofResolver.younger();
            if (stream.takes()) {
                int share = (waiting.size() + takers - 1) / takers--;
                boolean lives = true;
                for (int before = waiting.size(); lives && stream.takes() && share > 0; before = waiting.size()) {
                    lives = stream.send(waiting, share) && stream.flush();
                    share -= before - waiting.size();
                }
                if (!lives) {
                    lose(stream, nowNanos);
                }
            }
            stream = next;
        }
    }

    private boolean isShortOfStreams() {
        int trusted = 0;
        int queries = waiting.size();
        for (DnsStream stream = streams.oldest(); stream != null; stream = stream.ofResolver.younger()) {
            trusted += stream.isTrusted() ? 1 : 0;
            queries += stream.sent.size();
        }
        int wanted = Math.min(MAX_TRUSTED, (queries + QUERIES_A_STREAM - 1) / QUERIES_A_STREAM);
        return trusted < wanted && streams.size() < MAX_STREAMS;
    }

    /** Begins another connection. False: it was refused at once, and so would be the next one. */
    private boolean dial(long nowNanos) {
        DnsStream stream = dns.openStream(this, nowNanos);
        streams.add(stream.ofResolver);
        if (stream.isRefused()) {
            lose(stream, nowNanos);
            return false;
        }
        return true;
    }

    /** No query needs a connection: it is closed after a while, but at once if it stands and is not trusted. */
    private void rest(DnsStream stream, long nowNanos) {
        if (stream.isConnected() && !stream.isTrusted()) {
            close(stream);
        } else {
            dns.isResting(stream, nowNanos);
        }
    }

    /** Ends a connection on which nothing is outstanding. */
    void close(DnsStream stream) {
        stream.ofResolver.leave();
        dns.endStream(stream, true);
        dns.touch(this);
    }

    /**
     * A connection is over. Its queries wait again; they have had one of their tries there, unless it has brought
     * answers before: a server may close at any time (RFC 7766 section 6.2.4). So have those that wait if it was the
     * last one, and of no use at all.
     */
    private void lose(DnsStream stream, long nowNanos) {
        boolean counts = !stream.hasAnswered();
        boolean useless = stream.isRefused() || counts && stream.sent.size() == 0;
        for (Query query = stream.sent.oldest(); query != null; query = stream.sent.oldest()) {
            dns.again(query, counts, nowNanos);
        }
        if (useless && streams.size() == 1) {
            for (int i = waiting.size(); i > 0; i--) {
                dns.again(waiting.oldest(), true, nowNanos);
            }
        }
        stream.ofResolver.leave();
        dns.endStream(stream, false);
    }

    /** A query was not answered in time. */
    void onSilence(Query query, long nowNanos) {
        DnsStream stream = query.stream;
        if (stream == null) {
            distrustDialling();
        } else if (stream.isSending(query)) {
            lose(stream, nowNanos);
            return;
        } else {
            stream.distrust();
        }
        dns.again(query, true, nowNanos);
    }

    /** Those that are not connected yet are left to themselves; they are trusted again if they are. */
    private void distrustDialling() {
        for (DnsStream stream = streams.oldest(); stream != null; stream = stream.ofResolver.younger()) {
            if (!stream.isConnected()) {
                stream.distrust();
            }
        }
    }

    /** Ends all connections, forgets all queries, and is gone. */
    void drop() {
        for (DnsStream stream = streams.oldest(); stream != null; stream = streams.oldest()) {
            stream.ofResolver.leave();
            for (Query query = stream.sent.oldest(); query != null; query = stream.sent.oldest()) {
                dns.end(query);
            }
            dns.endStream(stream, false);
        }
        for (Query query = waiting.oldest(); query != null; query = waiting.oldest()) {
            dns.end(query);
        }
        dns.recycle(this);
    }
}
