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
