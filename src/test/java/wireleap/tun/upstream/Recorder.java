package wireleap.tun.upstream;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** An owner that writes down what it is told, and reads and writes a stream as a flow does. */
final class Recorder implements StreamOwner {
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[1 << 16]);
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private byte[] unsent = {};
    private boolean finishing;
    UpstreamStream stream;
    int connected;
    int refused;
    /** 1: still open; 0: ended cleanly; below: the error. */
    int end = 1;

    /** Sends this once connected, then ends the direction. */
    Recorder saying(String text) {
        unsent = text.getBytes(StandardCharsets.UTF_8);
        finishing = true;
        return this;
    }

    String heard() {
        return received.toString(StandardCharsets.UTF_8);
    }

    @Override
    public void onConnected(long nowNanos) {
        connected++;
        onReady(LinkOwner.READABLE | LinkOwner.WRITABLE, nowNanos);
    }

    @Override
    public void onRefused(long nowNanos) {
        refused++;
    }

    @Override
    public void onReady(int events, long nowNanos) {
        write();
        read();
    }

    private void write() {
        while (unsent.length > 0) {
            int sent = stream.write(MemorySegment.ofArray(unsent), 0, unsent.length);
            if (sent < 0) {
                return;
            }
            unsent = Arrays.copyOfRange(unsent, sent, unsent.length);
        }
        if (finishing) {
            finishing = false;
            stream.finish();
        }
    }

    private void read() {
        while (end == 1) {
            int came = stream.read(buffer, 0, (int) buffer.byteSize());
            if (came > 0) {
                received.write(buffer.asSlice(0, came).toArray(ValueLayout.JAVA_BYTE), 0, came);
            } else if (came == SocketError.AGAIN) {
                return;
            } else {
                end = came;
            }
        }
    }
}
