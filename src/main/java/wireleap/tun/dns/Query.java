package wireleap.tun.dns;

import wireleap.tun.mem.Chain;

/**
 * A query of a client that waits for its answer. Its cell holds it as it is sent: behind two bytes of length (RFC 7766
 * section 8), with an ID of ours. Pooled by {@link DnsOverTcp}.
 */
final class Query {
    /** Bytes of the length before a message. */
    static final int PREFIX_BYTES = 2;
    static final int MAX_BYTES = QueryCells.CELL_BYTES - PREFIX_BYTES;

    /** In its resolver's queries that wait to be sent, or in those that a stream has sent. */
    final Chain.Link<Query> place = new Chain.Link<>(this);
    final Chain.Link<Query> byDeadline = new Chain.Link<>(this);
    /** By which an answer finds it. Its place among all queries, and above that a number that changes with each use. */
    int id;
    Resolver resolver;
    /** Null: it waits to be sent. */
    DnsStream stream;
    long clientHi;
    long clientLo;
    int clientPort;
    /** The ID that the client gave it. */
    int clientId;
    long askedHi;
    long askedLo;
    long cell;
    /** Of the message. */
    int length;
    /** Bytes of its header and question. */
    int questionEnd;
    /** What the client takes by UDP. */
    int udpBytes;
    boolean hasOpt;
    boolean dnssecOk;
    int triesLeft;
    long deadlineNanos;

    /** A query at a place. */
    Query(int slot) {
        id = slot;
    }

    long messageOffset() {
        return cell + PREFIX_BYTES;
    }

    int frameBytes() {
        return PREFIX_BYTES + length;
    }
}
