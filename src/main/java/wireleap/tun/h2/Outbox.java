package wireleap.tun.h2;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.upstream.Link;

/**
 * What a connection has to send: whole frames, one behind the other, in a block of the slab that its connection owns.
 * Payload may fill it but for {@link #CONTROL_BYTES}, which all other frames have to themselves.
 */
final class Outbox {
    static final int CONTROL_BYTES = 16 << 10;

    private MemorySegment memory;
    private long base;
    private int capacity;
    private int head;
    private int tail;

    /** Begins empty, in this block. */
    void begin(MemorySegment memory, long base, int capacity) {
        this.memory = memory;
        this.base = base;
        this.capacity = capacity;
        head = 0;
        tail = 0;
    }

    boolean isEmpty() {
        return head == tail;
    }

    /** Payload that a DATA frame may carry now; below 0: none, not even an empty one. */
    int dataRoom() {
        return capacity - CONTROL_BYTES - (tail - head) - Frame.HEADER_BYTES;
    }

    /** Whether a frame that is no DATA, with so much payload, has room. */
    boolean hasRoom(int payloadBytes) {
        return capacity - (tail - head) >= Frame.HEADER_BYTES + payloadBytes;
    }

    /** A DATA frame: there must be room. */
    void data(int stream, int flags, MemorySegment from, long offset, int length) {
        long at = frame(length, Frame.DATA, flags, stream);
        MemorySegment.copy(from, offset, memory, at, length);
    }

    /** A frame of 32-bit numbers, 0..2 of them: there must be room. */
    void numbers(int type, int flags, int stream, int count, int first, int second) {
        long at = frame(count * Integer.BYTES, type, flags, stream);
        if (count > 0) {
            Bytes.putI32(memory, at, first);
        }
        if (count > 1) {
            Bytes.putI32(memory, at + Integer.BYTES, second);
        }
    }

    /** A HEADERS frame with a whole header block: there must be room. */
    void headers(int stream, byte[] block, int length) {
        long at = frame(length, Frame.HEADERS, Frame.END_HEADERS, stream);
        MemorySegment.copy(block, 0, memory, JAVA_BYTE, at, length);
    }

    /** Bytes that are no frame: there must be room. */
    void raw(byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, JAVA_BYTE, room(bytes.length), bytes.length);
    }

    /** Begins a frame and says where its payload has to be written: there must be room. */
    long frame(int length, int type, int flags, int stream) {
        long at = room(Frame.HEADER_BYTES + length);
        Frame.putHeader(memory, at, length, type, flags, stream);
        return at + Frame.HEADER_BYTES;
    }

    private long room(int bytes) {
        if (tail + bytes > capacity) {
            MemorySegment.copy(memory, base + head, memory, base, tail - head);
            tail -= head;
            head = 0;
        }
        long at = base + tail;
        tail += bytes;
        return at;
    }

    /** Sends what the link takes: 0 if that was all, AGAIN, or an error. */
    int flush(Link link) {
        while (head < tail) {
            int sent = link.send(memory, base + head, tail - head);
            if (sent < 0) {
                return sent;
            }
            head += sent;
        }
        head = 0;
        tail = 0;
        return 0;
    }

    /** The numbers of SETTINGS: pairs of 16 and 32 bits (section 6.5.1), after {@link #frame}. */
    void setting(long at, int index, int identifier, int value) {
        Bytes.putU16(memory, at + 6L * index, identifier);
        Bytes.putI32(memory, at + 6L * index + 2, value);
    }
}
