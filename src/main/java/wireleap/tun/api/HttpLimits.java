package wireleap.tun.api;

/**
 * What one client, and all of them together, may take of the daemon.
 *
 * @param requestLineBytes the longest request line, without its end; more: 414
 * @param headerBytes the longest header section, and the longest trailer section; more: 431
 * @param bodyBytes the longest body, decoded; more: 413
 * @param bufferedBytes the most that the bodies of all connections may hold at one time; more: 503
 * @param pendingBytes the most that clients may leave unread of all large answers at one time; more: 503, or cut
 * @param connections the most that may be open; more: the one longest without a complete request goes, and where an
 *     answer is being found on all of them the new one gets 503
 * @param listeners the most connections that may listen to events; more: 503
 * @param headNanos from a connection's begin, or a later request's first byte, to the end of the header section
 * @param bodyNanos from there to the end of the body
 * @param idleNanos how long a connection may stay open after an answer without a further byte
 * @param answerNanos how long a client may take to read an answer
 * @param pieceNanos how long a client may take to read a piece of a stream, such as an event
 * @param heartbeatNanos how long a listener hears nothing, at most
 * @param lingerNanos how long to read on after an answer that refused the rest of a request, so that the client sees it
 * @param stopNanos how long answers under way may take once the server stops
 */
record HttpLimits(int requestLineBytes, int headerBytes, int bodyBytes, int bufferedBytes, int pendingBytes,
        int connections, int listeners, long headNanos, long bodyNanos, long idleNanos, long answerNanos, long pieceNanos,
        long heartbeatNanos, long lingerNanos, long stopNanos) {
    private static final long SECOND = 1_000_000_000;

    /** What the daemon runs with. */
    static final HttpLimits STANDARD = new HttpLimits(8 << 10, 32 << 10, 8 << 20, 32 << 20, 16 << 20, 256, 64,
            10 * SECOND, 30 * SECOND, 60 * SECOND, 30 * SECOND, 5 * SECOND, 5 * SECOND, SECOND, SECOND / 4);
}
