package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressTextTest {
    @Test
    void ipv4IsADottedQuad() {
        assertEquals("192.0.2.255", AddressText.of(0, Hex.ipv4(192, 0, 2, 255)));
    }

    // the examples and rules of RFC 5952 section 4
    @ParameterizedTest
    @CsvSource({
        "20010db800000000, 0000000000000001, 2001:db8::1",
        "20010db800000001, 0001000100010001, 2001:db8:0:1:1:1:1:1",
        "2001000000000000, 0001000000000001, 2001::1:0:0:1",
        "20010db800000000, 0001000000000001, 2001:db8::1:0:0:1",
        "0000000000000000, 0000000000000000, ::",
        "0000000000000000, 0000000000000001, ::1",
        "fd00000000000000, 0000000000000000, fd00::",
        "20010db8aaaabbbb, ccccddddeeee0001, 2001:db8:aaaa:bbbb:cccc:dddd:eeee:1",
    })
    void ipv6IsCanonical(String hi, String lo, String text) {
        assertEquals(text, AddressText.of(Long.parseUnsignedLong(hi, 16), Long.parseUnsignedLong(lo, 16)));
    }

    @Test
    void anIpv4PortFollowsAColon() {
        assertEquals("192.0.2.1:80", AddressText.of(0, Hex.ipv4(192, 0, 2, 1), 80));
    }

    @Test
    void anIpv6AddressWithAPortStandsInBrackets() {
        assertEquals("[::1]:80", AddressText.of(0, 1, 80));
    }
}
