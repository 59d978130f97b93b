/**
 * What stands in packets: flyweights over headers that were received ({@link wireleap.tun.wire.IpPacket} and the
 * transports'), writers of headers to be sent, checksums, fragments in both directions, and a printer for logs.
 *
 * <p>Everything here is run by the loop's thread, allocates nothing for a packet (but the printer) and throws nothing
 * for what a packet says. Imports {@code mem} only.
 *
 * <p>Addresses are two longs in network order value; an IPv4 address a.b.c.d is ::ffff:a.b.c.d, so hi = 0 and
 * lo = 0x0000ffff_aabbccdd.
 */
package wireleap.tun.wire;
