package wireleap.tun.loop;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.os.IoVec;
import wireleap.tun.os.Offloads;
import wireleap.tun.os.PacketDevice;

/** A TUN's queue in memory that allocates nothing once it is made: a test puts packets in and sees those that come out. */
final class SimDevice implements PacketDevice {
    static final int FD = 3;
    static final int SLOTS = 64;

    private static final int SLOT_BYTES = 1 << 17;
    private static final MemorySegment EVERYTHING = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    /** Sees each packet that comes out, virtio header included; the memory is used again. */
    interface Tap {
        void onPacket(MemorySegment memory, long offset, int length);
    }

    private final MemorySegment incoming = Arena.ofAuto().allocate((long) SLOTS * SLOT_BYTES, 64);
    private final MemorySegment outgoing = Arena.ofAuto().allocate(SLOT_BYTES, 64);
    private final int[] lengths = new int[SLOTS];
    private long put;
    private long taken;
    Tap tap = (memory, offset, length) -> { };
    /** Below zero: what reading answers in place of packets. */
    int readError;
    /** Below zero: what writing answers. */
    int writeError;
    int reads;
    boolean closed;

    /** Where the next packet is to be put; {@link #sent} then makes it one. */
    MemorySegment memory() {
        return incoming;
    }

    long offset() {
        return put % SLOTS * SLOT_BYTES;
    }

    void sent(int length) {
        if (put - taken == SLOTS) {
            throw new AssertionError("the device's queue is full");
        }
        lengths[(int) (put % SLOTS)] = length;
        put++;
    }

    /** Puts a whole packet, virtio header included. */
    void put(MemorySegment packet) {
        MemorySegment.copy(packet, 0, incoming, offset(), packet.byteSize());
        sent((int) packet.byteSize());
    }

    /** Packets that were not read yet. */
    int waiting() {
        return (int) (put - taken);
    }

    @Override
    public int fd() {
        return FD;
    }

    @Override
    public Offloads offloads() {
        return new Offloads(true, true, true, true, true);
    }

    @Override
    public int read(MemorySegment memory, long offset, int length) {
        reads++;
        if (readError < 0) {
            return readError;
        }
        if (taken == put) {
            return SimSockets.EAGAIN;
        }
        var slot = (int) (taken % SLOTS);
        var bytes = Math.min(length, lengths[slot]);
        MemorySegment.copy(incoming, (long) slot * SLOT_BYTES, memory, offset, bytes);
        taken++;
        return bytes;
    }

    @Override
    public int write(MemorySegment memory, long offset, int length) {
        throw new AssertionError("packets are written in parts");
    }

    @Override
    public int write(IoVec parts) {
        if (writeError < 0) {
            return writeError;
        }
        var length = 0L;
        for (var i = 0; i < parts.count(); i++) {
            var entry = parts.address() + i * 16L;
            var bytes = EVERYTHING.get(JAVA_LONG, entry + 8);
            MemorySegment.copy(EVERYTHING, EVERYTHING.get(JAVA_LONG, entry), outgoing, length, bytes);
            length += bytes;
        }
        tap.onPacket(outgoing, 0, (int) length);
        return (int) length;
    }

    @Override
    public void close() {
        closed = true;
    }
}
