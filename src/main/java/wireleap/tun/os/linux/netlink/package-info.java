/**
 * rtnetlink(7): links, addresses, routes and rules of the calling thread's network namespace, as values; the codec of
 * their messages; the socket that carries them; and the monitor that hears what others change.
 *
 * <p>A socket and what it hands out serve one platform thread at a time; the values serve any. Memory is off-heap and
 * belongs to the socket. May import {@code os}, {@code os.linux} and {@code os.linux.gen}.
 */
package wireleap.tun.os.linux.netlink;
