package wireleap.tun.flow;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.UpstreamStream;

/** A stream that does what a test says. */
final class StillStream implements UpstreamStream {
    final ByteArrayOutputStream written = new ByteArrayOutputStream();
    /** How many bytes it takes before it answers with the error. */
    int room;
    int writeError = SocketError.AGAIN;
    /** How many bytes it gives before it answers with the result. */
    long readable;
    int readResult = SocketError.AGAIN;
    int largestRead;
    /** What it is asked for, one letter a call: p(eek), f(rom), d(iscard), each with its number. */
    final StringBuilder calls = new StringBuilder();
    /** Bytes that were peeked at and not discarded, and where the next peek begins. */
    int seen;
    int peekOffset;
    /** How many bytes a discard drops at the most. */
    int largestDiscard = Integer.MAX_VALUE;
    int finished;

    @Override
    public Refusal refusal() {
        return Refusal.NONE;
    }

    @Override
    public int write(MemorySegment memory, long offset, int length) {
        int taken = Math.min(room, length);
        if (taken == 0) {
            return writeError;
        }
        room -= taken;
        byte[] bytes = memory.asSlice(offset, taken).toArray(ValueLayout.JAVA_BYTE);
        written.write(bytes, 0, taken);
        return taken;
    }

    @Override
    public int read(MemorySegment memory, long offset, int length) {
        largestRead = Math.max(largestRead, length);
        int came = (int) Math.min(readable, length);
        readable -= came;
        return came == 0 ? readResult : came;
    }

    @Override
    public boolean peeks() {
        return true;
    }

    @Override
    public int peekFrom(int position) {
        calls.append("f").append(position).append(' ');
        peekOffset = position;
        return 0;
    }

    @Override
    public int peek(MemorySegment memory, long offset, int length) {
        calls.append("p").append(length).append(' ');
        int came = (int) Math.min(seen + readable - peekOffset, length);
        peekOffset += came;
        int news = Math.max(0, peekOffset - seen);
        seen += news;
        readable -= news;
        return came == 0 ? readResult : came;
    }

    @Override
    public int discard(int length) {
        calls.append("d").append(length).append(' ');
        int gone = Math.min(length, largestDiscard);
        seen -= gone;
        peekOffset = Math.max(0, peekOffset - gone);
        return gone;
    }

    @Override
    public void finish() {
        finished++;
    }

    @Override
    public void reset() {
    }

    @Override
    public void close() {
    }
}
