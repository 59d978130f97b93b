/**
 * The core between the TUN and the upstream: {@code Stack} takes packets, time and a seed and gives packets and a
 * deadline; below it a flow table, a timer wheel, and the splice of a TCP connection or a UDP session to the
 * upstream.
 *
 * <p>Several stacks, one a queue of the TUN, share a daemon's flows. The kernel hashes both directions of a TCP flow alike, so
 * a flow is whose queue its SYN came in on. UDP it hashes by all four ends of a datagram, and fragments by addresses; so what
 * one client port sends comes in on all queues, while its session, one upstream socket for all its targets, can be one
 * stack's only. Its owner is therefore a function of the client's address and port that each stack computes by itself: no
 * table is shared, and nobody is asked. A datagram that comes in elsewhere is given to the owner as a copy ({@code
 * Ownership}, {@code Siblings}), and so are a fragment to the stack that puts its datagram together and the error about a
 * session. Copies are few: the owner's answers leave by its own queue, and the kernel sends what belongs to a flow to the
 * queue that last wrote to it (tun_automq_select_queue in drivers/net/tun.c), so from the first answer on a target's
 * datagrams come in where they belong; only one-way traffic goes on being copied. A program of TUNSETSTEERINGEBPF would
 * save those, but needs CAP_BPF, which neither containers nor the service unit have, so the copy would have to stay as well.
 *
 * <p>The kernel's memory of who wrote is by a 32-bit hash and may mistake a UDP flow for a TCP one; a TCP segment may come in
 * fragments. So one of no flow is given from stack to stack, and the last that does not know it answers by a reset.
 *
 * <p>Single-threaded: everything runs on the thread of the loop that owns the stack. No sockets, clocks, threads or
 * random sources: sockets are {@link wireleap.tun.upstream.Link}s, time is a parameter. Objects of flows are pooled,
 * payload lies in the loop's slab. May import {@code tcp}, {@code udp}, {@code icmp}, {@code dns}, {@code upstream},
 * {@code wire} and {@code mem}.
 */
package wireleap.tun.flow;
