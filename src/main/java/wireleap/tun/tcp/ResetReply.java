package wireleap.tun.tcp;

import java.lang.foreign.MemorySegment;
import wireleap.tun.wire.TcpHeader;

/** The reset that answers a segment for which there is no connection: RFC 9293 sections 3.5.2 and 3.10.7.1. */
public final class ResetReply {
    private ResetReply() {}

    /**
     * Writes it, with the ports exchanged and without a checksum.
     *
     * @param segment what is answered
     * @param payloadLength of that segment, in bytes
     * @param out where {@link TcpHeader#BYTES} are free from {@code offset} on
     * @return bytes of the header, or 0: a reset is never answered
     */
    public static int write(TcpHeader segment, int payloadLength, MemorySegment out, long offset) {
        if (segment.has(TcpHeader.RST)) {
            return 0;
        }
        boolean acknowledges = segment.has(TcpHeader.ACK);
        int length = payloadLength + (segment.has(TcpHeader.SYN) ? 1 : 0) + (segment.has(TcpHeader.FIN) ? 1 : 0);
        int seq = acknowledges ? segment.ack() : 0;
        int ack = acknowledges ? 0 : segment.seq() + length;
        int flags = acknowledges ? TcpHeader.RST : TcpHeader.RST | TcpHeader.ACK;
        TcpHeader.write(out, offset, segment.dstPort(), segment.srcPort(), seq, ack, TcpHeader.BYTES, flags, 0);
        return TcpHeader.BYTES;
    }
}
