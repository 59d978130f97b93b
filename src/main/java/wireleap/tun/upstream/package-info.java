/**
 * Where flows go: {@code Direct} and {@code Socks5}, state machines over a {@link wireleap.tun.upstream.Link}, and the
 * seams on both of their sides.
 *
 * <p>Above, a flow sees an {@link wireleap.tun.upstream.Upstream} that opens {@link
 * wireleap.tun.upstream.UpstreamStream}s and {@link wireleap.tun.upstream.DatagramSession}s. Below, sockets are
 * {@link wireleap.tun.upstream.Link}s and {@link wireleap.tun.upstream.DatagramLink}s made by {@link
 * wireleap.tun.upstream.Links}: the loop has real ones, tests have some in memory. Nothing here knows a file
 * descriptor, a clock or a thread.
 *
 * <p>Everything runs on the thread of the one loop that owns the flows. Three rules hold on both seams:
 * <ul>
 * <li>What is opened belongs to its opener until the opener closes or resets it, once, whatever happens in between;
 *     after that call it is never called back and must not be used again, for the object is pooled.
 * <li>Calls answer by their result, never by calling back: the only callbacks are those of readiness, and they come
 *     from the loop (or a timer), never from within a call of the one who is called back.
 * <li>Readiness is edge-triggered: who stops before {@link wireleap.tun.upstream.SocketError#AGAIN} must remember that
 *     there may be more.
 * </ul>
 *
 * <p>Addresses are two longs in network order value, IPv4 as ::ffff:a.b.c.d. May import {@code wire} and {@code mem}.
 */
package wireleap.tun.upstream;
