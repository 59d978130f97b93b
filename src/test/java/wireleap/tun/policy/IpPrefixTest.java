package wireleap.tun.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.math.BigInteger;
import java.net.InetAddress;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpPrefixTest {
    @ParameterizedTest
    @CsvSource({
        "1.2.3.4, 1.2.3.4",
        "1.2.3.4/32, 1.2.3.4",
        "255.255.255.255, 255.255.255.255",
        "0.0.0.0, 0.0.0.0",
        "10.0.0.0/8, 10.0.0.0/8",
        "128.0.0.0/1, 128.0.0.0/1",
        "::ffff:1.2.3.4, 1.2.3.4",
        "::FFFF:102:304, 1.2.3.4",
        "0:0:0:0:0:ffff:1.2.3.4/128, 1.2.3.4",
        "::ffff:10.0.0.0/104, 10.0.0.0/8",
        "::ffff:0:0/97, 0.0.0.0/1",
        "::, ::",
        "::/128, ::",
        "::1, ::1",
        "0::0:1, ::1",
        "2001:DB8::1, 2001:db8::1",
        "2001:0db8:0000:0000:0000:0000:0000:0001/128, 2001:db8::1",
        "2001:db8::/32, 2001:db8::/32",
        "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
        "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
        "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
        "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
        "::2:3:4:5:6:7:8, 0:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
        "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
        "::1.2.3.4, ::102:304",
        "fe80::1, fe80::1",
        "8000::/1, 8000::/1",
        "::/1, ::/1",
    })
    void textIsWrittenCanonically(String text, String canonical) {
        assertEquals(canonical, IpPrefix.parse(text).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "1.2.3", "1.2.3.4.5", "1.2.3.", ".1.2.3", "1..2.3", "01.2.3.4", "1.2.3.04", "1.2.3.00", "256.1.1.1",
        "1.2.3.1000", "16909060", "1.2.3.4 ", " 1.2.3.4", "+1.2.3.4", "-1.2.3.4", "0x1.2.3.4", "1,2,3,4", ".", "...",
        "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8", "::1::", "1::2::3", ":1", "1:", ":", ":::", "1:::2",
        "12345::", "g::", "::1.2.3", "::1.2.3.4.5", "::01.2.3.4", "::256.2.3.4", "::1.2.3.4:1", "1.2.3.4::",
        "1:2:3:4:5:6:7:1.2.3.4", "::1 ", "[::1]", "::-1", "::+1", ":: 1",
    })
    void whatIsNoAddressIsRefused(String text) {
        assertThrows(IllegalArgumentException.class, () -> IpPrefix.parse(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "1.2.3.4/", "1.2.3.4/33", "1.2.3.4/032", "1.2.3.4/+32", "1.2.3.4/-1", "1.2.3.4/32/32", "1.2.3.4/a",
        "1.2.3.4/255.255.255.255", "1.2.3.4/ 32", "1.2.3.4/4294967328", "::1/129", "::1/1280", "::1/0128", "::/00",
        "1.2.3.0/\u0662\u0664",
    })
    void badPrefixLengthIsRefusedAsSuch(String text) {
        assertTrue(refusal(text).contains("prefix length"), refusal(text));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "10.0.0.1/8 | \"10.0.0.1/8\" has host bits set; the network is 10.0.0.0/8, the address 10.0.0.1",
        "2001:db8::1/32 | \"2001:db8::1/32\" has host bits set; the network is 2001:db8::/32, the address 2001:db8::1",
        "::ffff:10.0.0.1/104 | \"::ffff:10.0.0.1/104\" has host bits set; the network is 10.0.0.0/8,"
            + " the address 10.0.0.1",
        "::ffff:1.2.3.4/95 | \"::ffff:1.2.3.4/95\" has host bits set; the network is ::fffe:0:0/95,"
            + " the address 1.2.3.4",
    })
    void hostBitsAreRefusedWithWhatWouldBeRight(String text, String message) {
        assertEquals(message, refusal(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0/0", "::/0", "::ffff:0:0/96", "::ffff:0.0.0.0/96", "1.2.3.4/0"})
    void everythingIsRefusedAsEverything(String text) {
        assertTrue(refusal(text).contains("is a /0"), refusal(text));
    }

    @ParameterizedTest
    @CsvSource({
        "fe80::1%eth0, zone",
        "1.2.3.4%eth0, zone",
        "example.com, is a name",
        "localhost, is a name",
        "1.2.3.4.example, is a name",
        "aa:bb:cc:dd:ee:ff, no IPv6 address",
        "1.2.3, four numbers",
        "'', has no address",
        "/8, has no address",
        "!, is no address",
    })
    void messageSaysWhatIsWrong(String text, String words) {
        assertTrue(refusal(text).contains(words), refusal(text));
    }

    @Test
    void longAndUnprintableTextIsShownShortAndSafe() {
        String message = refusal("\n\u001b[31m" + "x".repeat(1000));
        assertTrue(message.startsWith("\"??[31mxxx") && message.length() < 300, message);
    }

    @Test
    void everyAddressIsReadBackAsItself() throws Exception {
        long seed = 20250117;
        Random random = new Random(seed);
        for (int i = 0; i < 20_000; i++) {
            long hi = sparse(random);
            long lo = sparse(random);
            IpPrefix address = new IpPrefix(hi, lo, 128);
            assertEquals(address, IpPrefix.parse(address.toString()), () -> "seed " + seed);
            BigInteger number = new BigInteger(1, InetAddress.getByName(address.toString()).getAddress());
            assertEquals(address.isIpv4() ? BigInteger.valueOf(lo & 0xffff_ffffL)
                    : new BigInteger(Long.toUnsignedString(hi)).shiftLeft(64)
                            .or(new BigInteger(Long.toUnsignedString(lo))),
                    number, () -> "seed " + seed);
        }
    }

    /** Many groups of zeros. */
    private static long sparse(Random random) {
        long word = 0;
        for (int i = 0; i < 4; i++) {
            word = word << 16 | (random.nextBoolean() ? 0 : random.nextInt(0x10000) >>> random.nextInt(16));
        }
        return word;
    }

    @Test
    void everyLengthMasksItsAddress() {
        for (int length = 1; length <= 128; length++) {
            IpPrefix network = new IpPrefix(IpPrefix.maskHi(length), IpPrefix.maskLo(length), length);
            assertEquals(network, IpPrefix.parse(network.toString()));
        }
    }

    @Test
    void constructorRefusesBitsAfterTheLength() {
        assertThrows(IllegalArgumentException.class, () -> new IpPrefix(0, 1, 127));
        assertThrows(IllegalArgumentException.class, () -> new IpPrefix(1, 0, 63));
        assertThrows(IllegalArgumentException.class, () -> new IpPrefix(0, 0, 129));
        assertThrows(IllegalArgumentException.class, () -> new IpPrefix(0, 0, -1));
    }

    @Test
    void networkContainsItsOwnFamilyOnly() {
        IpPrefix lowHalf = IpPrefix.parse("::/1");
        IpPrefix address = IpPrefix.parse("1.2.3.4");
        assertFalse(lowHalf.contains(address.hi(), address.lo()));
        assertTrue(lowHalf.contains(0x2001_0db8_0000_0000L, 1));
        assertFalse(IpPrefix.ALL_IPV6.contains(address));
        assertTrue(IpPrefix.ALL_IPV4.contains(address));
    }

    @Test
    void networkContainsItsEndsAndNotTheirNeighbours() {
        IpPrefix network = IpPrefix.parse("10.1.0.0/16");
        assertTrue(network.contains(IpPrefix.parse("10.1.0.0")));
        assertTrue(network.contains(IpPrefix.parse("10.1.255.255")));
        assertFalse(network.contains(IpPrefix.parse("10.0.255.255")));
        assertFalse(network.contains(IpPrefix.parse("10.2.0.0")));
        assertFalse(network.contains(IpPrefix.parse("10.0.0.0/8")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.0.0.0/8", "127.1.0.0/16", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1"})
    void loopbackAndUnspecifiedNeedNoRoute(String text) {
        assertFalse(IpPrefix.parse(text).needsRoute());
    }

    @ParameterizedTest
    @ValueSource(strings = {"126.0.0.0/7", "128.0.0.1", "0.0.0.0/8", "0.0.0.1", "::2", "::/127", "fe80::1", "10.0.0.1"})
    void everythingElseNeedsARoute(String text) {
        assertTrue(IpPrefix.parse(text).needsRoute());
    }

    @Test
    void orderIsByFamilyThenAddressThenWidth() {
        List<String> sorted = List.of("1.2.3.4", "10.0.0.0/8", "10.0.0.0/9", "10.0.0.0", "255.255.255.255", "::/1",
                "::", "::1", "2001:db8::/32", "2001:db8::", "ffff::");
        Stream<String> again = sorted.reversed().stream().map(IpPrefix::parse).sorted().map(IpPrefix::toString);
        assertEquals(sorted, again.toList());
    }

    private static String refusal(String text) {
        return assertThrows(IllegalArgumentException.class, () -> IpPrefix.parse(text)).getMessage();
    }
}
