/**
 * System calls and what the loop needs of an operating system, without saying which: {@link wireleap.tun.os.Sys} makes
 * the calls (the only method handles of the program are there), {@link wireleap.tun.os.PacketDevice},
 * {@link wireleap.tun.os.Poller} and {@link wireleap.tun.os.Sockets} are the seams that each platform implements in a
 * package of its own below this one.
 *
 * <p>On the packet path a result below zero is minus an errno ({@link wireleap.tun.os.Errno}); on the control path a
 * failure is an {@link wireleap.tun.os.ErrnoException}. Every thread may call, except virtual ones: a downcall pins its
 * carrier.
 *
 * <p>Imports nothing of this program.
 */
package wireleap.tun.os;
