/**
 * The bypass API for Java programs, and for this program's own commands: {@link wireleap.tun.client.BypassClient}.
 *
 * <p>Runs on the caller's thread, which waits. Imports jackson-jr and the JDK, nothing of the daemon.
 */
package wireleap.tun.client;
