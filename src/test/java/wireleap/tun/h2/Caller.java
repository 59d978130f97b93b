package wireleap.tun.h2;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.Refusal;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.upstream.StreamOwner;
import wireleap.tun.upstream.UpstreamStream;

/** A flow's end of a stream: peeks at what comes, and discards it as far as it may. */
final class Caller implements StreamOwner {
    private final MemorySegment buffer = MemorySegment.ofArray(new byte[1 << 16]);
    private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
    private byte[] unsent = {};
    private boolean finishing;
    private int held;
    UpstreamStream stream;
    int connected;
    int refused;
    /** 1: still open; 0: ended cleanly; below: the error. */
    int end = 1;
    /** What writing has answered, other than AGAIN; 0: nothing. */
    int writeError;
    /** Whether what is heard may go. */
    boolean discards = true;
    /** Whether it resets as soon as there is something to do. */
    boolean resets;
    /** Whether anything is read. */
    boolean reads = true;

    void say(byte[] bytes) {
        unsent = Peer.join(unsent, bytes);
        if (connected > 0) {
            write();
        }
    }

    void say(String text) {
        say(text.getBytes(StandardCharsets.UTF_8));
    }

    void finish() {
        finishing = true;
        if (connected > 0) {
            write();
        }
    }

    /** Reads on, and lets go of what was held. */
    void readOn() {
        discards = true;
        reads = true;
        read();
        letGo();
    }

    byte[] heard() {
        return heard.toByteArray();
    }

    String text() {
        return heard.toString(StandardCharsets.UTF_8);
    }

    int unsent() {
        return unsent.length;
    }

    Refusal refusal() {
        return stream.refusal();
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
        if (resets) {
            stream.reset();
            return;
        }
        write();
        read();
    }

    private void write() {
        while (unsent.length > 0 && writeError == 0) {
            int sent = stream.write(MemorySegment.ofArray(unsent), 0, unsent.length);
            if (sent == SocketError.AGAIN) {
                return;
            }
            if (sent < 0) {
                writeError = sent;
                return;
            }
            unsent = Arrays.copyOfRange(unsent, sent, unsent.length);
        }
        if (finishing && unsent.length == 0) {
            finishing = false;
            stream.finish();
        }
    }

    private void read() {
        while (end == 1 && reads) {
            int came = stream.peek(buffer, 0, (int) buffer.byteSize());
            if (came == SocketError.AGAIN) {
                return;
            }
            if (came <= 0) {
                end = came;
                return;
            }
            heard.write(buffer.asSlice(0, came).toArray(ValueLayout.JAVA_BYTE), 0, came);
            held += came;
            letGo();
        }
    }

    private void letGo() {
        if (discards && held > 0) {
            held -= stream.discard(held);
        }
    }
}
