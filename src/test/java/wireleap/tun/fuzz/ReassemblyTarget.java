package wireleap.tun.fuzz;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import wireleap.tun.mem.Counters;
import wireleap.tun.mem.Slab;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.Reassembly;

/**
 * Fragments in any order, twice, overlapping, lying, never all: a datagram that is given out consists of the bytes that its
 * fragments brought, memory keeps to its bound, and all of it comes back.
 */
final class ReassemblyTarget implements Target {
    private static final int MOST_BYTES = 128 << 10;
    private static final int MOST_DATAGRAMS = 4;
    private static final long TIMEOUT_NANOS = 1_000_000;

    private final MemorySegment slabMemory = Arena.ofAuto().allocate(256 << 10, 4096);
    private final MemorySegment packets = Arena.ofAuto().allocate(1 << 17);
    private final Frames frame = new Frames();
    private final IpPacket fragment = new IpPacket();
    private final IpPacket whole = new IpPacket();

    @Override
    public void run(Input input, Stopwatch watch) {
        Slab slab = new Slab(slabMemory);
        Reassembly reassembly = new Reassembly(slab, MOST_DATAGRAMS, MOST_BYTES, TIMEOUT_NANOS, new Counters());
        long nowNanos = 0;
        while (!input.isEmpty()) {
            int operation = input.u8();
            if ((operation & 7) == 7) {
                nowNanos += (long) input.u8() << 12;
                expire(reassembly, nowNanos, watch);
            } else {
                boolean honest = make(operation, input);
                add(reassembly, nowNanos, honest, watch);
            }
            must(reassembly.usedBytes() <= MOST_BYTES && reassembly.inProgress() <= MOST_DATAGRAMS, "more than allowed");
            reassembly.release();
            must(slab.usedBytes() == reassembly.usedBytes(), "the slab holds what nobody knows of");
        }
        reassembly.clear();
        must(slab.usedBytes() == 0, "memory is left");
    }

    /** Writes a fragment; false: its bytes are not those of its datagram. */
    private boolean make(int operation, Input input) {
        boolean v6 = (operation & 8) != 0;
        boolean lies = (operation & 0x30) == 0x30;
        int identification = (operation >> 6) + (lies ? 4 : 0);
        int from = input.u8() * 8 * ((operation & 7) == 6 ? 32 : 1);
        int length = (operation & 1) != 0 ? input.u16() : (1 + input.u8()) * 8;
        boolean more = (operation & 2) != 0;
        int header = v6 ? 8 : 0;
        int at = frame.begin(v6, v6 ? 44 : Sums.UDP, Math.min(header + length, 65_400));
        if (v6) {
            frame.bytes[at] = Sums.UDP;
            Sums.put16(frame.bytes, at + 2, from | (more ? 1 : 0));
            frame.bytes[at + 7] = (byte) identification;
        } else {
            Sums.put16(frame.bytes, Sums.VIRTIO + 4, identification);
            Sums.put16(frame.bytes, Sums.VIRTIO + 6, from >> 3 & 0x1fff | (more ? 0x2000 : 0));
        }
        for (int i = at + header; i < frame.length; i++) {
            frame.bytes[i] = lies ? (byte) input.u8() : at(from + i - at - header);
        }
        if ((operation & 4) != 0 && lies) {
            frame.mutate(input);
        }
        Sums.fixHeader(frame.bytes, frame.length);
        return !lies;
    }

    /** The byte at a place of every honest datagram; the first eight make a UDP header of no matter what. */
    private static byte at(int place) {
        return (byte) (place * 31 + (place >> 8));
    }

    private void add(Reassembly reassembly, long nowNanos, boolean honest, Stopwatch watch) {
        int length = frame.length - Sums.VIRTIO;
        MemorySegment packet = packets.asSlice(64, length);
        MemorySegment.copy(frame.bytes, Sums.VIRTIO, packet, ValueLayout.JAVA_BYTE, 0, length);
        if (fragment.parse(packet, 0, length) != IpPacket.OK || !fragment.isFragment()) {
            return;
        }
        watch.begin();
        boolean complete = reassembly.add(fragment, nowNanos);
        watch.end();
        if (complete && reassembly.parse(whole) == IpPacket.OK && honest) {
            MemorySegment memory = whole.memory();
            for (int i = 0; i < whole.payloadLength(); i++) {
                must(memory.get(ValueLayout.JAVA_BYTE, whole.payloadOffset() + i) == at(i), "another byte at " + i);
            }
        }
    }

    private void expire(Reassembly reassembly, long nowNanos, Stopwatch watch) {
        watch.begin();
        while (reassembly.expire(nowNanos)) {
            if (reassembly.length() > 0) {
                int reason = whole.parse(reassembly.memory(), reassembly.offset(), reassembly.length());
                must(reason == IpPacket.OK, "a first fragment is kept that cannot be read: " + reason);
            }
        }
        watch.end();
        must(reassembly.deadlineNanos() > nowNanos, "a time is over and nothing came of it");
    }

    private static void must(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }
}
