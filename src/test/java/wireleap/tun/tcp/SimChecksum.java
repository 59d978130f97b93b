package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;
import wireleap.tun.mem.Bytes;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.TcpHeader;

/** TCP checksums of the simulation, whose two ends have no addresses. */
final class SimChecksum {
    private SimChecksum() {}

    static void complete(byte[] packet) {
        MemorySegment memory = MemorySegment.ofArray(packet);
        Bytes.putU16(memory, TcpHeader.CHECKSUM_OFFSET, 0);
        Bytes.putU16(memory, TcpHeader.CHECKSUM_OFFSET, Checksum.complement(sum(memory, packet.length)));
    }

    static boolean intact(byte[] packet) {
        return Checksum.isIntact(sum(MemorySegment.ofArray(packet), packet.length));
    }

    private static int sum(MemorySegment memory, int length) {
        return Checksum.sum(memory, 0, length, Checksum.pseudoHeader(0, 1, 0, 2, TcpHeader.PROTOCOL, length));
    }
}
