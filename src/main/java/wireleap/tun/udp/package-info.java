/**
 * UDP sessions as far as they are bookkeeping: whose they are, how long they live, how many there may be and which
 * has to go, and what is kept while an upstream is still being asked. Sending and receiving is the flow's.
 *
 * <p>Run by the loop's thread; allocates nothing for a datagram. Imports {@code wire} and {@code mem}.
 */
package wireleap.tun.udp;
