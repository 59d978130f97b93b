/**
 * The shell around the core: one platform thread a TUN queue that waits, reads packets, tells sockets' readiness and keeps
 * time.
 *
 * <p>Lives here: {@link wireleap.tun.loop.EventLoop}, the thread; {@code Turns}, what it does; {@code Failures}, why no
 * exception ends it; and what it gives the core: {@code DevicePort}, where packets go out, and {@code SocketLinks}, the
 * sockets. Everything runs on the loop's own thread but what {@link wireleap.tun.loop.EventLoop} says any thread may call.
 * May import {@code flow} and what that sees, and {@code os}.
 */
package wireleap.tun.loop;
