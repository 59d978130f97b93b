/**
 * The bypass API (OpenAPI document: {@code openapi.json} beside the classes): HTTP/1.1 on a Unix domain socket.
 *
 * <p>Three layers. The socket: {@link wireleap.tun.api.SocketFile}, {@link wireleap.tun.api.Listener}. HTTP/1.1
 * (RFC 9112): {@link wireleap.tun.api.Connection}, {@link wireleap.tun.api.HttpInput}, {@link
 * wireleap.tun.api.HeadReader}, {@link wireleap.tun.api.BodyReader}, {@link wireleap.tun.api.ResponseWriter}. What the
 * paths mean: {@link wireleap.tun.api.Router}, {@link wireleap.tun.api.DaemonResource}, {@link
 * wireleap.tun.api.BypassResource}.
 *
 * <p>One platform thread accepts, and each connection has a virtual thread of its own, which may wait for its client and
 * for the route keeper without holding anything but what {@link wireleap.tun.api.Commons} bounds; another platform thread
 * closes what is late. May import {@code routes} and {@code policy}.
 */
package wireleap.tun.api;
