package wireleap.tun.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.os.Errno;
import wireleap.tun.os.IoVec;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.VirtioNetHeader;

/** Writes packets to one queue of the TUN: headers from a scratch of its own, payload from wherever it lies, by writev(2). */
final class DevicePort implements PacketOutput {
    private static final int PARTS = 3;
    private static final int ALIGNMENT = 64;

    private final PacketDevice device;
    private final boolean cutsDatagrams;
    private final Counters counters;
    private final MemorySegment headers;
    private final IoVec parts;
    private final VirtioNetHeader header = new VirtioNetHeader();

    /** Its scratch lives as long as the arena. */
    DevicePort(PacketDevice device, Counters counters, Arena arena) {
        this.device = device;
        this.cutsDatagrams = device.offloads().uso();
        this.counters = counters;
        this.headers = arena.allocate(HEADER_SPACE, ALIGNMENT);
        this.parts = new IoVec(arena, PARTS);
    }

    @Override
    public boolean cutsDatagrams() {
        return cutsDatagrams;
    }

    @Override
    public MemorySegment headers() {
        return headers;
    }

    @Override
    public void send(int headerBytes, MemorySegment memory1, long offset1, int length1,
                     MemorySegment memory2, long offset2, int length2) {
        parts.clear().add(headers, HEADER_OFFSET, headerBytes).add(memory1, offset1, length1)
            .add(memory2, offset2, length2);
        var written = device.write(parts);
        if (written >= 0) {
            counters.increment(Counter.PACKETS_OUT);
            counters.add(Counter.BYTES_OUT, written - VirtioNetHeader.BYTES);
            if (header.wrap(headers, HEADER_OFFSET, headerBytes) && header.isSuperSegment()) {
                counters.increment(Counter.SUPER_SEGMENTS_OUT);
            }
        } else if (isFull(written)) {
            counters.increment(Counter.DROP_DEVICE_FULL);
        } else {
            counters.increment(Counter.DROP_DEVICE_REFUSED);
        }
    }

    private static boolean isFull(int result) {
        return Errno.EAGAIN.is(result) || Errno.ENOBUFS.is(result) || Errno.ENOMEM.is(result);
    }
}
