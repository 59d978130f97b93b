package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;

class UdpHeaderTest {
    // scapy 2.5.0: IP(src="10.13.49.0",dst="1.2.3.4",id=7)/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP4 = "450000210007000040113bb30a0d31000102030404d20035000d77e868656c6c6f";
    // scapy 2.5.0: IPv6(src="fd00::1",dst="2001:db8::5")/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP6 =
            "60000000000d1140fd00000000000000000000000000000120010db8000000000000000000000005"
            + "04d20035000d8c3b68656c6c6f";

    private final IpPacket packet = new IpPacket();
    private final UdpHeader udp = new UdpHeader();

    private boolean wrap(String hex) {
        MemorySegment memory = Hex.memory(hex);
        packet.parse(memory, 0, (int) memory.byteSize());
        return udp.wrap(memory, packet.payloadOffset(), packet.payloadLength());
    }

    @Test
    void fieldsAreRead() {
        assertTrue(wrap(UDP4));
        assertEquals("1234 53 13 5", udp.srcPort() + " " + udp.dstPort() + " " + udp.length() + " "
                + udp.payloadLength());
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, UDP6})
    void anIntactDatagramIsTaken(String hex) {
        wrap(hex);
        assertTrue(udp.intact(packet));
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, UDP6})
    void aBrokenDatagramIsNot(String hex) {
        wrap(hex);
        Bytes.putU8(packet.memory(), udp.payloadOffset(), 'j');
        assertFalse(udp.intact(packet));
    }

    @ParameterizedTest
    @CsvSource({"true, " + UDP4, "false, " + UDP6})
    void aChecksumMayBeAbsentInIpv4Only(boolean taken, String hex) {
        wrap(hex);
        Bytes.putU16(packet.memory(), packet.payloadOffset() + UdpHeader.CHECKSUM_OFFSET, 0);
        assertEquals(taken, udp.intact(packet));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7, 14, 65_535})
    void aLengthBelowTheHeaderOrBeyondThePacketIsMalformed(int length) {
        wrap(UDP4);
        Bytes.putU16(packet.memory(), packet.payloadOffset() + 4, length);
        assertFalse(udp.wrap(packet.memory(), packet.payloadOffset(), packet.payloadLength()));
    }

    @Test
    void bytesBeyondTheLengthAreIgnored() {
        wrap(UDP4);
        Bytes.putU16(packet.memory(), packet.payloadOffset() + 4, 10);
        assertTrue(udp.wrap(packet.memory(), packet.payloadOffset(), packet.payloadLength()));
        assertEquals(2, udp.payloadLength());
    }

    @Test
    void fewerBytesThanAHeaderAreMalformed() {
        assertFalse(udp.wrap(Hex.memory("00010002000800"), 0, 7));
    }

    @Test
    void aHeaderIsWrittenAsItIsRead() {
        MemorySegment memory = Arena.ofAuto().allocate(8);
        UdpHeader.write(memory, 0, 1234, 53, 5, 0x77e8);
        assertEquals("04d20035000d77e8", Hex.text(memory, 0, 8));
    }
}
