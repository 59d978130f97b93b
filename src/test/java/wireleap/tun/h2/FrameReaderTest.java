package wireleap.tun.h2;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** However the bytes come, the frames are the same. */
class FrameReaderTest implements FrameReader.Sink {
    private final List<String> seen = new ArrayList<>();
    private final StringBuilder data = new StringBuilder();
    private final Random moods = new Random(7);
    private boolean over;
    /** Whether only a part of DATA is taken now and then. */
    private boolean moody;

    private static byte[] stream() {
        byte[] bytes = {};
        for (byte[] frame : List.of(
                Peer.frame(Frame.SETTINGS, 0, 0, Peer.hex("000300000064")),
                Peer.frame(Frame.DATA, 0, 1, "hello".getBytes(StandardCharsets.US_ASCII)),
                Peer.frame(Frame.DATA, Frame.PADDED, 3, Peer.hex("03 6f6b 000000")),
                Peer.frame(Frame.DATA, Frame.PADDED, 3, Peer.hex("02 0000")),
                Peer.frame(0x77, 0xff, 5, new byte[40]),
                Peer.frame(Frame.DATA, 0, 5),
                Peer.frame(Frame.PING, Frame.ACK, 0, new byte[8]),
                Peer.frame(Frame.DATA, Frame.END_STREAM, 1, "bye".getBytes(StandardCharsets.US_ASCII)))) {
            bytes = Peer.join(bytes, frame);
        }
        return bytes;
    }

    private static final List<String> FRAMES = List.of("4 0 0 6", "data 1 5 5", "hello.", "data 3 6 2", "ok.", "data 3 3 0",
            ".", "119 255 5 0", "data 5 0 0", ".", "6 1 0 8", "data 1 3 3", "bye. end");

    /** Gives the stream in pieces of at most so many bytes, what was not consumed again with the next. */
    private List<String> read(int piece) {
        FrameReader reader = new FrameReader(this);
        byte[] all = stream();
        byte[] waiting = {};
        for (int at = 0; at < all.length || waiting.length > 0 && !over; ) {
            int end = Math.min(all.length, at + piece);
            waiting = Peer.join(waiting, Arrays.copyOfRange(all, at, end));
            at = end;
            int done = reader.read(MemorySegment.ofArray(waiting), 0, waiting.length);
            waiting = Arrays.copyOfRange(waiting, done, waiting.length);
        }
        return seen;
    }

    @Test
    void allAtOnceGivesEveryFrame() {
        assertEquals(FRAMES, read(1000));
    }

    @Test
    void aByteAtATimeGivesEveryFrame() {
        assertEquals(FRAMES, read(1));
    }

    @Test
    void sevenBytesAtATimeGiveEveryFrame() {
        assertEquals(FRAMES, read(7));
    }

    @Test
    void dataThatIsNotTakenComesAgain() {
        moody = true;
        assertEquals(FRAMES, read(11));
    }

    @Test
    void nothingIsReadBehindTheEnd() {
        over = true;
        byte[] bytes = stream();
        assertEquals(0, new FrameReader(this).read(MemorySegment.ofArray(bytes), 0, bytes.length));
    }

    @Override
    public boolean isOver() {
        return over;
    }

    @Override
    public void broken(int errorCode, String what) {
        throw new AssertionError(what);
    }

    @Override
    public void onDataBegin(int stream, int length, int payloadBytes) {
        seen.add("data " + stream + " " + length + " " + payloadBytes);
        data.setLength(0);
    }

    @Override
    public int onData(MemorySegment memory, long offset, int length) {
        int taken = moody ? moods.nextInt(length + 1) : length;
        byte[] bytes = memory.asSlice(offset, taken).toArray(ValueLayout.JAVA_BYTE);
        data.append(new String(bytes, StandardCharsets.US_ASCII));
        return taken;
    }

    @Override
    public void onDataEnd(boolean endsStream) {
        seen.add(data + (endsStream ? ". end" : "."));
    }

    @Override
    public void onFrame(int type, int flags, int stream, MemorySegment memory, long offset, int length) {
        seen.add(type + " " + flags + " " + stream + " " + length);
    }
}
