package wireleap.tun.cli;

/**
 * A process, and whose word it is that it is the daemon.
 *
 * @param pid its id
 * @param user who says so: the owner of a pid file, or whom the kernel saw begin to listen on a socket
 */
public record NamedProcess(long pid, int user) {
}
