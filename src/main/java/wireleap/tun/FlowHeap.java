package wireleap.tun;

import java.nio.file.Path;
import wireleap.tun.cli.ConfigException;

/**
 * What flows need of the Java heap, which is as large as {@code lib/java.options} says: more of them than fit would end the
 * daemon in the middle of its work, so they are refused before it starts.
 */
final class FlowHeap {
    /** A TCP flow with its connections to both sides. */
    static final int FLOW_BYTES = 3 << 10;
    /** A UDP session with its sockets' objects. */
    static final int SESSION_BYTES = 1 << 10;
    /**
     * What else there is: of the API 32 MiB of bodies, 16 of unread answers and 5 of their first pieces, one for each
     * connection; a full bypass list and another that replaces it.
     */
    static final long OTHER_BYTES = 64 << 20;

    private FlowHeap() {
    }

    /**
     * Makes sure that they fit.
     *
     * @param heapBytes the most that the heap may have
     * @throws ConfigException if they do not, which says what to do
     */
    static void require(int maxFlows, int maxUdpSessions, long heapBytes) {
        long needed = OTHER_BYTES + (long) maxFlows * FLOW_BYTES + (long) maxUdpSessions * SESSION_BYTES;
        if (needed > heapBytes) {
            throw new ConfigException("--max-flows " + maxFlows + " with --max-udp-sessions " + maxUdpSessions + ": these"
                    + " need " + mebibytes(needed) + " MiB of Java heap, and there are " + (heapBytes >> 20) + ": "
                    + fitting(maxUdpSessions, heapBytes) + ", or write -Xmx" + mebibytes(needed + needed / 32) + "m into "
                    + Path.of(System.getProperty("java.home")).resolveSibling("lib/java.options"));
        }
    }

    private static String fitting(int maxUdpSessions, long heapBytes) {
        long flows = (heapBytes - OTHER_BYTES - (long) maxUdpSessions * SESSION_BYTES) / FLOW_BYTES;
        return flows > 0 ? "ask for " + flows + " flows at most" : "ask for fewer sessions";
    }

    private static long mebibytes(long bytes) {
        return (bytes + (1 << 20) - 1) >> 20;
    }
}
