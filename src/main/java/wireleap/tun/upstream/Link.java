package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;

/**
 * One non-blocking stream socket. Results are zero or above, or a {@link SocketError}; nothing throws, nothing blocks.
 *
 * <p>It belongs to who called {@link Links#connect} until exactly one of {@link #close} and {@link #reset}, even when
 * connecting failed. An error ends it for good: a kernel tells an error once and then shows a plain end of stream, so
 * the link (or who uses it) keeps it in mind; what arrived before the error can still be received.
 */
public interface Link {
    /** 0: connected. AGAIN: not yet, {@link LinkOwner#WRITABLE} will come. Else why it failed, for good. connect(2). */
    int connectResult();

    /** Sends what the kernel takes at once: 1..length bytes, AGAIN, or an error. Bytes are taken once and in order. */
    int send(MemorySegment memory, long offset, int length);

    /** Receives 1..length bytes; 0 is the end of the stream (length is never 0); AGAIN, or an error. */
    int recv(MemorySegment memory, long offset, int length);

    /** Whether {@link #peek} and its like work on this link; one answer for all of its life. */
    boolean peeks();

    /**
     * Makes the next {@link #peek} begin so many bytes behind what was received or discarded: 0, or an error. From there
     * each peek goes on where the last one ended, whatever is discarded meanwhile. 0 at first.
     */
    int peekFrom(int position);

    /** As {@link #recv}, but what it gives stays to be received, discarded, or peeked at again. */
    int peek(MemorySegment memory, long offset, int length);

    /**
     * Drops 1..length bytes that were peeked at: how many, or an error. It may be fewer than are there: who wants more
     * gone asks again.
     */
    int discard(int length);

    /**
     * From now on another is told of readiness; what was told already is not told again. So the one before has tried
     * until AGAIN, or says what there is.
     */
    void passTo(LinkOwner owner);

    /** Sends FIN after all that was sent. SHUT_WR of shutdown(2). Receiving goes on. */
    void shutdownWrite();

    /** RST instead of FIN, at once, what is unsent is dropped: SO_LINGER 0 and close(2). The link is gone. */
    void reset();

    /** close(2): what was sent is still delivered. The link is gone. */
    void close();
}
