/**
 * ICMP of both versions as the far side of the TUN speaks it: echo is answered, packets that cannot go on are answered
 * by an error ({@link wireleap.tun.icmp.IcmpSender}), errors about what we sent are read
 * ({@link wireleap.tun.icmp.QuotedPacket}).
 *
 * <p>Run by the loop's thread; allocates nothing for a packet and throws nothing for what it says. Imports {@code wire}
 * and {@code mem}.
 */
package wireleap.tun.icmp;
