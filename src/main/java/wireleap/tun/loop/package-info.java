/**
 * The shell around the core: one platform thread a TUN queue that waits, reads packets, tells sockets' readiness and keeps
 * time.
 *
 * <p>Lives here: {@link wireleap.tun.loop.EventLoop}, the thread; {@code Turns}, what it does; {@code Failures}, why no
 * exception ends it; and what it gives the core: {@code DevicePort}, where packets go out, and {@code SocketLinks}, the
 * sockets, of which {@code Review} ends those that have lost their way. {@link wireleap.tun.loop.Loops} is all of them for the outside; {@link wireleap.tun.loop.Neighbours} are they to
 * each other, with an {@code Inbox} each. Everything runs on the loop's own thread but what {@link
 * wireleap.tun.loop.EventLoop} and {@code Inbox} say any thread may call.
 * May import {@code flow} and what that sees, and {@code os}.
 */
package wireleap.tun.loop;
