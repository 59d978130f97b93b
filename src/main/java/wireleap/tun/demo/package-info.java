/**
 * {@code wireleap_tun demo}: the real daemon between two network namespaces of the demo's own, and the small servers
 * that stand in the outer one. The servers serve tests too; nothing here is meant to face strangers.
 *
 * <p>Servers run on platform threads, one a connection and direction: sockets belong to the namespace of the thread
 * that makes them, and virtual threads cannot be moved into one. May import {@code client}, {@code os} and
 * {@code os.linux} with what is below it; only {@code wireleap.tun} imports this package.
 */
package wireleap.tun.demo;
