package wireleap.tun.udp;

import wireleap.tun.mem.Chain;
import wireleap.tun.mem.KeyTable;

/**
 * One client address and port, whatever the targets: the mapping and the filtering are endpoint-independent (RFC 4787
 * sections 4.1 and 5). In a {@link SessionTable} from its opening to its end.
 */
public abstract class UdpSession extends KeyTable.Entry {
    private static final int DNS_PORT = 53;

    final Chain.Link<UdpSession> byIdleness = new Chain.Link<>(this);
    final Chain.Link<UdpSession> ofClient = new Chain.Link<>(this);
    /** Who it belongs to, while in a table. */
    Client client;
    private long usedNanos;
    /** Whether all targets so far had port 53, and there was one. */
    private boolean dnsOnly;

    /** Begins anew, for a client address and port. */
    protected final void begin(long clientHi, long clientLo, int clientPort, long nowNanos) {
        key(clientHi, clientLo, 0, 0, clientPort);
        usedNanos = nowNanos;
        dnsOnly = true;
    }

    /** High half of the client's address. */
    public final long clientHi() {
        return key0();
    }

    /** Low half of the client's address. */
    public final long clientLo() {
        return key1();
    }

    /** The client's port. */
    public final int clientPort() {
        return (int) key4();
    }

    /** A datagram goes to a target. */
    final void sent(int targetPort, long nowNanos) {
        dnsOnly &= targetPort == DNS_PORT;
        usedNanos = nowNanos;
    }

    /** A datagram came; it counts as use (RFC 4787 section 4.3 allows it), or a long answer would be cut off. */
    final void received(long nowNanos) {
        usedNanos = nowNanos;
    }

    final long usedNanos() {
        return usedNanos;
    }

    final boolean isDnsOnly() {
        return dnsOnly;
    }
}
