package wireleap.tun.dns;

import wireleap.tun.mem.Chain;
import wireleap.tun.mem.KeyTable;
import wireleap.tun.mem.Pool;
import wireleap.tun.mem.SipHash;

/**
 * Which server a client has asked, for queries that go to another one as datagrams: by the client's address and port
 * and the query's ID, and, for what comes back without an ID, whom it asked last. Remembers so many; the oldest are
 * forgotten. Allocates nothing once they have been as many.
 */
public final class AskedServers {
    private static final int LIMIT = 4096;
    /** In place of an ID: whatever was asked last. */
    private static final int LAST = 1 << 16;

    private final KeyTable<Entry> entries;
    private final Chain<Entry> byAge = new Chain<>();
    private final Pool<Entry> idle = new Pool<>(Entry::new, LIMIT);
    private Entry found = new Entry();

    private static final class Entry extends KeyTable.Entry {
        final Chain.Link<Entry> age = new Chain.Link<>(this);
        long hi;
        long lo;

        void of(long clientHi, long clientLo, int clientPort, int id) {
            key(clientHi, clientLo, 0, 0, (long) clientPort << 32 | id);
        }
    }

    /** Remembers nothing yet. */
    public AskedServers(SipHash hash) {
        entries = new KeyTable<>(LIMIT, hash);
    }

    /**
     * A client asks a server.
     *
     * @param id of the query, 0..65535
     */
    public void remember(long clientHi, long clientLo, int clientPort, int id, long askedHi, long askedLo) {
        put(clientHi, clientLo, clientPort, id, askedHi, askedLo);
        put(clientHi, clientLo, clientPort, LAST, askedHi, askedLo);
    }

    private void put(long clientHi, long clientLo, int clientPort, int id, long askedHi, long askedLo) {
        Entry entry = entries.find(clientHi, clientLo, 0, 0, (long) clientPort << 32 | id);
        if (entry == null) {
            if (entries.isFull()) {
                Entry oldest = byAge.oldest();
                oldest.age.leave();
                entries.remove(oldest);
                idle.give(oldest);
            }
            entry = idle.take();
            entry.of(clientHi, clientLo, clientPort, id);
            entries.add(entry);
        }
        byAge.add(entry.age);
        entry.hi = askedHi;
        entry.lo = askedLo;
    }

    /** Whether it is known whom a client's query with this ID has asked: then {@link #hi} and {@link #lo} say it. */
    public boolean recall(long clientHi, long clientLo, int clientPort, int id) {
        Entry entry = entries.find(clientHi, clientLo, 0, 0, (long) clientPort << 32 | id);
        if (entry != null) {
            found = entry;
        }
        return entry != null;
    }

    /** Whether it is known whom a client has asked last: then {@link #hi} and {@link #lo} say it. */
    public boolean recallLast(long clientHi, long clientLo, int clientPort) {
        return recall(clientHi, clientLo, clientPort, LAST);
    }

    /** The asked server's address, high half. */
    public long hi() {
        return found.hi;
    }

    /** Low half. */
    public long lo() {
        return found.lo;
    }
}
