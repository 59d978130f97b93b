package wireleap.tun.upstream;

import java.lang.foreign.MemorySegment;

/**
 * One TCP flow's way through an upstream: a socket of its own, or one of many streams on one. It belongs to who
 * opened it until exactly one of {@link #close} and {@link #reset}.
 *
 * <p>A failed stream still gives what arrived before it failed; the failure is then told by {@link #read}, never as a
 * clean end. Reading before it is connected answers AGAIN, and so does writing.
 */
public interface UpstreamStream {
    /** NONE while on its way or open; else why it could not be opened. To be asked once after opening. */
    Refusal refusal();

    /**
     * 1..length bytes taken, once and in order; AGAIN, and {@link LinkOwner#WRITABLE} will come; or an error, for
     * good.
     */
    int write(MemorySegment memory, long offset, int length);

    /** 1..length bytes; 0: the clean end (length is never 0); AGAIN, and READABLE will come; or an error, for good. */
    int read(MemorySegment memory, long offset, int length);

    /**
     * Whether the stream's bytes can stay where they are until they are not needed any more: then {@link #peek} is to
     * be used in place of {@link #read}. Once connected only; one answer for all of its life.
     */
    boolean peeks();

    /** Makes the next {@link #peek} begin so many bytes behind what was discarded: 0, or an error, for good. */
    int peekFrom(int position);

    /** As {@link #read}, but what it gives stays; the next one goes on behind it. */
    int peek(MemorySegment memory, long offset, int length);

    /** Drops 1..length bytes that were peeked at, from the front: how many, or an error. */
    int discard(int length);

    /** Nothing follows what was written: FIN where the upstream can carry it. Once connected only. Reading goes on. */
    void finish();

    /** Ends both directions so that the target sees a reset where the upstream can carry it. The stream is gone. */
    void reset();

    /** Ends cleanly: for a stream that is finished and was read to its end, or was refused. The stream is gone. */
    void close();
}
