/**
 * Off-heap memory of a loop: {@link wireleap.tun.mem.Slab} hands out blocks, {@link wireleap.tun.mem.Ring} keeps a
 * window of a byte stream in them, {@link wireleap.tun.mem.Bytes} reads and writes numbers in network order;
 * {@link wireleap.tun.mem.Counters} count what the loop does and show what it has: each {@link
 * wireleap.tun.mem.Counter} and {@link wireleap.tun.mem.Gauge} by its {@link wireleap.tun.mem.Group}. On the heap, and
 * without allocating once warm:
 * {@link wireleap.tun.mem.Pool} keeps objects to be used again, {@link wireleap.tun.mem.KeyTable} finds them by a key,
 * {@link wireleap.tun.mem.Chain} keeps them in order, {@link wireleap.tun.mem.SipHash} hashes keys.
 *
 * <p>Everything here belongs to one loop and is run by its thread alone; only {@code Counters} may be read by others.
 * Imports nothing of this program.
 */
package wireleap.tun.mem;
