package wireleap.tun.udp;

import wireleap.tun.mem.Chain;
import wireleap.tun.mem.KeyTable;
import wireleap.tun.mem.Pool;
import wireleap.tun.mem.SipHash;

/**
 * All UDP sessions of a loop: found by client address and port, limited in all and for each client address, and known
 * in the order of their idleness, so that the one that is idle longest makes room.
 *
 * @param <S> the kind of session
 */
public final class SessionTable<S extends UdpSession> {
    private final int maxPerClient;
    private final long idleNanos;
    private final long dnsIdleNanos;
    private final KeyTable<S> sessions;
    private final KeyTable<Client> clients;
    private final Pool<Client> idleClients = new Pool<>(Client::new, 1 << 8);
    private final Chain<UdpSession> byIdleness = new Chain<>();

    /**
     * An empty table.
     *
     * @param maxSessions in all, 1..2^20
     * @param maxPerClient for one client address, 1..maxSessions
     * @param idleNanos how long a session lives after its last datagram (RFC 4787 section 4.3)
     * @param dnsIdleNanos the same for one that has spoken to port 53 only
     */
    public SessionTable(int maxSessions, int maxPerClient, long idleNanos, long dnsIdleNanos, SipHash hash) {
        this.maxPerClient = maxPerClient;
        this.idleNanos = idleNanos;
        this.dnsIdleNanos = dnsIdleNanos;
        this.sessions = new KeyTable<>(maxSessions, hash);
        this.clients = new KeyTable<>(maxSessions, hash);
    }

    /** The session of a client address and port, or null (as {@link KeyTable#find}). */
    public S find(long clientHi, long clientLo, int clientPort) {
        return sessions.find(clientHi, clientLo, 0, 0, clientPort);
    }

    /**
     * The session that has to be removed before another of this client may be added, or null: none. The client's own
     * that is idle longest if it has as many as it may have, else the one that is idle longest of all if the table is
     * full.
     */
    @SuppressWarnings("unchecked") // only add() fills the chains
    public S victim(long clientHi, long clientLo) {
        Client client = clients.find(clientHi, clientLo, 0, 0, 0);
        if (client != null && client.sessions.size() >= maxPerClient) {
            return (S) client.sessions.oldest();
        }
        return sessions.isFull() ? (S) byIdleness.oldest() : null;
    }

    /** Adds a session that has begun, for which there is no {@link #victim}. */
    public void add(S session) {
        Client client = clients.find(session.clientHi(), session.clientLo(), 0, 0, 0);
        if (client == null) {
            client = idleClients.take();
            client.begin(session.clientHi(), session.clientLo());
            clients.add(client);
        }
        UdpSession added = session;
        added.client = client;
        sessions.add(session);
        touch(added);
    }

    /** Takes a session out. */
    public void remove(S session) {
        UdpSession removed = session;
        sessions.remove(session);
        removed.byIdleness.leave();
        removed.ofClient.leave();
        if (removed.client.sessions.size() == 0) {
            clients.remove(removed.client);
            idleClients.give(removed.client);
        }
        removed.client = null;
    }

    /** A session sends a datagram to a target's port. */
    public void sent(S session, int targetPort, long nowNanos) {
        UdpSession used = session;
        used.sent(targetPort, nowNanos);
        touch(used);
    }

    /** A datagram came for a session. */
    public void received(S session, long nowNanos) {
        UdpSession used = session;
        used.received(nowNanos);
        touch(used);
    }

    /** When a session's time is over, if nothing more is sent or received. */
    public long deadlineNanos(S session) {
        UdpSession idle = session;
        return idle.usedNanos() + (idle.isDnsOnly() ? dnsIdleNanos : idleNanos);
    }

    /** The session that is idle longest, or null: there is none. */
    @SuppressWarnings("unchecked") // only add() fills the chain
    public S oldest() {
        return (S) byIdleness.oldest();
    }

    /** How many sessions there are. */
    public int size() {
        return sessions.size();
    }

    /** As {@link KeyTable#slots}. */
    public int slots() {
        return sessions.slots();
    }

    /** As {@link KeyTable#at}. */
    public S at(int slot) {
        return sessions.at(slot);
    }

    private void touch(UdpSession session) {
        byIdleness.add(session.byIdleness);
        session.client.sessions.add(session.ofClient);
    }
}
