/**
 * Linux: the TUN device, epoll, sockets and network namespaces, over the bindings in
 * {@code wireleap.tun.os.linux.gen}, which jextract makes and nobody edits (see {@code jextract/README.md}).
 *
 * <p>A loop's thread runs its own queue, poller and sockets; the rest is control plane. Imports {@code os}, nothing
 * else of this program.
 */
package wireleap.tun.os.linux;
