/**
 * The core between the TUN and the upstream: {@code Stack} takes packets, time and a seed and gives packets and a
 * deadline; below it a flow table, a timer wheel, and the splice of a TCP connection or a UDP session to the
 * upstream.
 *
 * <p>Single-threaded: everything runs on the thread of the loop that owns the stack. No sockets, clocks, threads or
 * random sources: sockets are {@link wireleap.tun.upstream.Link}s, time is a parameter. Objects of flows are pooled,
 * payload lies in the loop's slab. May import {@code tcp}, {@code udp}, {@code icmp}, {@code dns}, {@code upstream},
 * {@code wire} and {@code mem}.
 */
package wireleap.tun.flow;
