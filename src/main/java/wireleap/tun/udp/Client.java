package wireleap.tun.udp;

import wireleap.tun.mem.Chain;
import wireleap.tun.mem.KeyTable;

/** A client address and its sessions, longest idle first. In a {@link SessionTable} as long as it has one. Pooled. */
final class Client extends KeyTable.Entry {
    final Chain<UdpSession> sessions = new Chain<>();

    void begin(long hi, long lo) {
        key(hi, lo, 0, 0, 0);
    }
}
