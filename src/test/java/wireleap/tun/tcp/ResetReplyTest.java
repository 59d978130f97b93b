package wireleap.tun.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import wireleap.tun.wire.TcpHeader;

/** RFC 9293 section 3.10.7.1. */
class ResetReplyTest {
    private final MemorySegment in = MemorySegment.ofArray(new byte[20]);
    private final MemorySegment out = MemorySegment.ofArray(new byte[20]);

    private int reply(int flags, int payloadLength) {
        TcpHeader.write(in, 0, 0x1111, 0x2222, 1000, 2000, 20, flags, 100);
        TcpHeader segment = new TcpHeader();
        segment.wrap(in, 0, 20);
        return ResetReply.write(segment, payloadLength, out, 0);
    }

    private String written() {
        return HexFormat.of().formatHex(out.toArray(ValueLayout.JAVA_BYTE));
    }

    @Test
    void aSegmentWithAckIsAnsweredAtItsAck() {
        assertEquals(20, reply(TcpHeader.ACK, 50));
        assertEquals("22221111" + "000007d0" + "00000000" + "50040000" + "00000000", written());
    }

    @Test
    void aSynIsAcknowledgedByTheReset() {
        reply(TcpHeader.SYN, 0);
        assertEquals("22221111" + "00000000" + "000003e9" + "50140000" + "00000000", written());
    }

    @Test
    void payloadAndFinAreAcknowledgedByTheReset() {
        reply(TcpHeader.FIN, 9);
        assertEquals("22221111" + "00000000" + "000003f2" + "50140000" + "00000000", written());
    }

    @Test
    void aResetIsNotAnswered() {
        assertEquals(0, reply(TcpHeader.RST | TcpHeader.ACK, 0));
    }
}
