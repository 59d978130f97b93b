package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;

/**
 * Where the bytes go that a {@link TcpConnection} receives. Positions count bytes of the stream from 0. Slices of
 * memory are valid during the call only. Its methods are called from within the connection's and must not call back
 * into it: a failure is noted, and the connection aborted after the outer call has returned.
 */
public interface TcpSink {
    /**
     * Takes bytes that are next in order, as many as it can at once; what it takes will be acknowledged and is its
     * duty from then on, the rest counts as never received and will come again. Bytes beyond the position may have been
     * stored before; they are the same.
     *
     * @param position of the first byte: where the last call of this or of {@link #advance} ended
     * @param length 1 or more
     * @return bytes taken, 0..length
     */
    int deliver(long position, MemorySegment memory, long offset, int length);

    /**
     * Keeps bytes that came out of order, all of them or none.
     *
     * @param position of the first byte, beyond what is in order and never beyond {@link #limit} (any answer of it)
     * @param length 1 or more
     * @return false: not kept, as if it had not arrived
     */
    boolean store(long position, MemorySegment memory, long offset, int length);

    /** Bytes stored before are now in order up to this position. */
    void advance(long position);

    /**
     * The position up to which the peer may send: what could be taken or kept, whether memory is held for it yet or
     * not. It should not fall; when it does, the window offered stands all the same, for it must not shrink.
     */
    long limit();

    /** The peer's FIN is in order: nothing follows. Called once. */
    void finished();
}
