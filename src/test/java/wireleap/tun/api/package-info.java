/**
 * The bypass API over a real Unix domain socket, byte by byte, against a list in memory.
 *
 * <p>Each test has a server, a socket and a directory of its own.
 */
package wireleap.tun.api;
