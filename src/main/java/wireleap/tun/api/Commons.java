package wireleap.tun.api;

import java.util.concurrent.Semaphore;

/**
 * What all connections of a server share.
 *
 * @param bodies where bodies are kept
 * @param largeBodies taken while a large body is being worked on: what its text becomes needs memory too
 * @param answers that clients are still reading
 */
record Commons(Router router, HttpLimits limits, BodyMemory bodies, Semaphore largeBodies, PendingAnswers answers,
        Deadlines deadlines) {
    /** Of a server to which nobody has connected yet. */
    static Commons of(Router router, HttpLimits limits) {
        return new Commons(router, limits, new BodyMemory(limits.bufferedBytes()), new Semaphore(1, true),
                new PendingAnswers(limits.pendingBytes()), new Deadlines());
    }
}
