package wireleap.tun.wire;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** An output that remembers every packet, without its virtio header; each gets a scratch full of old bytes. */
public final class SentPackets implements PacketOutput {
    private final List<MemorySegment> packets = new ArrayList<>();
    private final List<MemorySegment> virtioHeaders = new ArrayList<>();
    private MemorySegment headers = scratch();

    private static MemorySegment scratch() {
        return Arena.ofAuto().allocate(HEADER_SPACE).fill((byte) 0xee);
    }

    @Override
    public boolean cutsDatagrams() {
        return false;
    }

    @Override
    public MemorySegment headers() {
        return headers;
    }

    @Override
    public void send(int headerBytes, MemorySegment memory1, long offset1, int length1,
                     MemorySegment memory2, long offset2, int length2) {
        int ownBytes = headerBytes - VirtioNetHeader.BYTES;
        MemorySegment packet = Arena.ofAuto().allocate(ownBytes + length1 + length2);
        MemorySegment.copy(headers, IP_OFFSET, packet, 0, ownBytes);
        MemorySegment.copy(memory1, offset1, packet, ownBytes, length1);
        MemorySegment.copy(memory2, offset2, packet, ownBytes + length1, length2);
        packets.add(packet);
        virtioHeaders.add(headers.asSlice(HEADER_OFFSET, VirtioNetHeader.BYTES));
        headers = scratch();
    }

    /** What was sent, from the IP header on, oldest first. */
    public List<MemorySegment> packets() {
        return packets;
    }

    /** The virtio headers of what was sent, oldest first. */
    public List<MemorySegment> virtioHeaders() {
        return virtioHeaders;
    }
}
