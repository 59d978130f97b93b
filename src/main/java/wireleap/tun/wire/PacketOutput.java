package wireleap.tun.wire;

import java.lang.foreign.MemorySegment;

/** Where packets to the TUN go. One a loop, used by its thread alone. */
public interface PacketOutput {
    /** Size of the scratch in bytes: virtio header, IP header with options or a fragment header, transport header. */
    int HEADER_SPACE = 256;
    /** Where the virtio header begins in the scratch: such that the IP header lies at a multiple of 16. */
    int HEADER_OFFSET = 4;
    /** Where the IP header begins in the scratch. */
    int IP_OFFSET = HEADER_OFFSET + VirtioNetHeader.BYTES;

    /** Whether it takes super-datagrams: UDP of many datagrams of one size ({@link VirtioNetHeader#GSO_UDP_L4}). */
    boolean cutsDatagrams();

    /** The scratch, {@link #HEADER_SPACE} bytes: a packet's headers are built here from {@link #HEADER_OFFSET} on. */
    MemorySegment headers();

    /**
     * Sends a packet: headers from the scratch, then up to two slices of payload. All is copied or written before this
     * returns. A device that is full drops the packet, and that is counted there.
     *
     * @param headerBytes bytes in the scratch from {@link #HEADER_OFFSET} on, the virtio header included
     * @param length1 bytes of the first slice; 0: none, memory1 may then be anything
     * @param length2 bytes of the second slice; 0: none, memory2 may then be anything
     */
    void send(int headerBytes, MemorySegment memory1, long offset1, int length1,
              MemorySegment memory2, long offset2, int length2);
}
