package wireleap.tun.os;

/**
 * What every socket towards the upstream carries. Where 0 stands for the kernel's default, the option is not set.
 *
 * @param mark SO_MARK of socket(7), needs CAP_NET_ADMIN; 0: none
 * @param userTimeoutMillis how long sent bytes may stay unacknowledged: TCP_USER_TIMEOUT of tcp(7); 0: default
 * @param keepIdleSeconds silence before the first keep-alive probe: TCP_KEEPIDLE; 0: no keep-alive at all
 * @param keepIntervalSeconds between probes: TCP_KEEPINTVL, at least 1 if there is keep-alive
 * @param keepProbes unanswered ones that end the connection: TCP_KEEPCNT, 1 to 127 if there is keep-alive
 * @param peeks whether streams are made ready to be peeked at, where the kernel can: see {@link Sockets#peeks}
 */
public record SocketSettings(int mark, int userTimeoutMillis, int keepIdleSeconds, int keepIntervalSeconds,
                             int keepProbes, boolean peeks) {
    /** Sockets as the kernel makes them. */
    public static final SocketSettings PLAIN = new SocketSettings(0, 0, 0, 0, 0, true);
}
