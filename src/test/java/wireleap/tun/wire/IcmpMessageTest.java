package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;

/** Bytes by scapy 2.5.0. */
class IcmpMessageTest {
    // IP(src="10.0.0.1",dst="1.2.3.4",id=7)/ICMP(id=0x1234,seq=9)/b"abcdefg"
    private static final String ECHO4 = "450000230007000040016ccd0a00000101020304" + "080054951234000961626364656667";
    // IPv6(src="fd00::1",dst="2001:db8::5")/ICMPv6EchoRequest(id=0x1234,seq=9,data=b"abcdefg")
    private static final String ECHO6 =
            "60000000000f3a40fd00000000000000000000000000000120010db8000000000000000000000005"
            + "8000b18b1234000961626364656667";

    private final IpPacket packet = new IpPacket();
    private final IcmpMessage message = new IcmpMessage();

    private boolean wrap(String hex) {
        MemorySegment memory = Hex.memory(hex);
        assertEquals(IpPacket.OK, packet.parse(memory, 0, (int) memory.byteSize()));
        return message.wrap(packet);
    }

    @ParameterizedTest
    @ValueSource(strings = {ECHO4, ECHO6})
    void anEchoRequestIsRead(String hex) {
        assertTrue(wrap(hex) && message.isEchoRequest() && !message.isError());
        assertEquals("12340009 7", Integer.toHexString(message.parameter()) + " " + message.bodyLength());
    }

    @ParameterizedTest
    @ValueSource(strings = {ECHO4, ECHO6})
    void anIntactMessageIsFoundIntactAndABrokenOneIsNot(String hex) {
        wrap(hex);
        assertTrue(message.intact(packet));
        Bytes.putU8(packet.memory(), message.bodyOffset(), 'x');
        assertFalse(message.intact(packet));
    }

    @Test
    void fewerBytesThanAHeaderAreNoMessage() {
        // IP(src="10.0.0.1",dst="1.2.3.4",id=7,proto=1)/b"1234567"
        assertFalse(wrap("4500001b0007000040016cd50a00000101020304" + "31323334353637"));
    }

    @ParameterizedTest
    @CsvSource({"4, 3, true", "4, 5, true", "4, 12, true", "4, 0, false", "4, 8, false", "4, 13, false",
        "6, 1, true", "6, 127, true", "6, 137, true", "6, 128, false", "6, 129, false"})
    void errorsAreToldFromQueries(int version, int type, boolean error) {
        assertEquals(error, IcmpMessage.isError(version, type));
    }
}
