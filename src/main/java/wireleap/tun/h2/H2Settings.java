package wireleap.tun.h2;

/**
 * Where a broker is, and how it is spoken to.
 *
 * @param hi its address
 * @param lo its address
 * @param authority host and port as the request names them
 * @param path of the request, beginning with a slash
 * @param dialTimeoutNanos how long a connection may take until the broker's SETTINGS have come
 * @param endDelayNanos END_STREAM follows a client's FIN when the target has been silent for so long; 0: at once
 */
public record H2Settings(long hi, long lo, int port, String authority, String path, long dialTimeoutNanos,
                         long endDelayNanos) {
    /** @throws IllegalArgumentException that says what is wrong */
    public H2Settings {
        if (port < 1 || port > 65_535) {
            throw new IllegalArgumentException("the port is " + port + ", must be 1..65535");
        }
        if (!path.startsWith("/") || !path.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
            throw new IllegalArgumentException("the path " + path + " must begin with / and hold neither blanks nor"
                    + " letters beyond ASCII");
        }
    }
}
