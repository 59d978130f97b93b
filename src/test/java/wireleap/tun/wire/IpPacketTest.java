package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.mem.Counter;
import wireleap.tun.testing.HeapAllocation;

class IpPacketTest {
    // Bytes by scapy 2.5.0; SRC4 = dict(src="10.0.0.1",dst="1.2.3.4"), SRC6 = dict(src="fd00::1",dst="2001:db8::5")
    // IP(src="10.13.49.0",dst="1.2.3.4",id=7)/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP4 = "450000210007000040113bb30a0d31000102030404d20035000d77e868656c6c6f";
    // IPv6(**SRC6)/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP6 =
            "60000000000d1140fd00000000000000000000000000000120010db8000000000000000000000005"
            + "04d20035000d8c3b68656c6c6f";
    // IP(**SRC4,tos=0xb9,ttl=3,options=[IPOption_Router_Alert()])/UDP(sport=1,dport=2)/b"x"
    private static final String OPTIONS4 = "46b9002100010000031114080a0000010102030494040000"
            + "00010002000979d278";
    // IP(**SRC4,options=[IPOption_LSRR(pointer=4,routers=["9.9.9.9"])])/UDP(sport=1,dport=2)/b"x"
    private static final String SOURCE_ROUTE4 = "47000025000100004011d1a70a00000101020304"
            + "8307040909090900" + "0001000200096bc678";
    // IPv6(**SRC6,tc=0xb9,hlim=3)/IPv6ExtHdrHopByHop(options=[PadN(optdata=b"\0\0\0\0")])
    // /IPv6ExtHdrRouting(segleft=0,addresses=["::5"])/IPv6ExtHdrDestOpt(options=[PadN(optdata=b"\0\0\0\0")])
    // /UDP(sport=1,dport=2)/b"x"
    private static final String EXTENSIONS6 =
            "6b90000000310003fd00000000000000000000000000000120010db8000000000000000000000005"
            + "2b00010400000000" + "3c02000000000000" + "00000000000000000000000000000005"
            + "1100010400000000" + "00010002 00095d1978";
    // IP(**SRC4,id=0xbeef,flags="MF",frag=185,proto=17)/(b"y"*16)
    private static final String FRAGMENT4 = "45000024beef20b940118d1a0a00000101020304" + "79797979797979797979797979797979";
    // IPv6(**SRC6)/IPv6ExtHdrFragment(offset=181,m=1,id=0xdeadbeef,nh=17)/(b"y"*16)
    private static final String FRAGMENT6 =
            "6000000000182c40fd00000000000000000000000000000120010db8000000000000000000000005"
            + "110005a9deadbeef" + "79797979797979797979797979797979";
    // IPv6(**SRC6)/IPv6ExtHdrFragment(offset=0,m=0,id=0xdeadbeef)/UDP(sport=1,dport=2)/b"x"
    private static final String ATOMIC6 =
            "6000000000112c40fd00000000000000000000000000000120010db8000000000000000000000005"
            + "11000000deadbeef" + "0001000200095d1978";

    private final IpPacket packet = new IpPacket();

    private int parse(String hex) {
        MemorySegment memory = Hex.memory(hex);
        return packet.parse(memory, 0, (int) memory.byteSize());
    }

    /** Parses a packet of which bytes were replaced; an IPv4 header's checksum is made right again. */
    private int parseWith(String hex, int at, String bytes) {
        String plain = hex.replace(" ", "");
        String changed = plain.substring(0, at * 2) + bytes + plain.substring(at * 2 + bytes.length());
        MemorySegment memory = Hex.memory(changed);
        if (changed.startsWith("4")) {
            int headerBytes = (Bytes.u8(memory, 0) & 0xf) * 4;
            Bytes.putU16(memory, 10, 0);
            Bytes.putU16(memory, 10, Checksum.complement(Checksum.sum(memory, 0, headerBytes, 0)));
        }
        return packet.parse(memory, 0, (int) memory.byteSize());
    }

    @Test
    void ipv4FieldsAreRead() {
        assertEquals(IpPacket.OK, parse(UDP4));
        assertEquals("4 17 64 7 20 13", packet.version() + " " + packet.protocol() + " " + packet.hopLimit() + " "
                + packet.identification() + " " + packet.headerLength() + " " + packet.payloadLength());
    }

    @Test
    void ipv4AddressesAreMapped() {
        parse(UDP4);
        assertEquals(0, packet.srcHi() | packet.dstHi());
        assertEquals(Hex.ipv4(10, 13, 49, 0), packet.srcLo());
        assertEquals(Hex.ipv4(1, 2, 3, 4), packet.dstLo());
    }

    @Test
    void ipv6FieldsAreRead() {
        assertEquals(IpPacket.OK, parse(UDP6));
        assertEquals("6 17 64 0 40 13", packet.version() + " " + packet.protocol() + " " + packet.hopLimit() + " "
                + packet.identification() + " " + packet.headerLength() + " " + packet.payloadLength());
    }

    @Test
    void ipv6AddressesAreRead() {
        parse(UDP6);
        assertEquals(0xfd00_0000_0000_0000L, packet.srcHi());
        assertEquals(1, packet.srcLo());
        assertEquals(0x2001_0db8_0000_0000L, packet.dstHi());
        assertEquals(5, packet.dstLo());
    }

    @Test
    void ipv4OptionsAreSkipped() {
        assertEquals(IpPacket.OK, parse(OPTIONS4));
        assertEquals(24, packet.payloadOffset());
    }

    @ParameterizedTest
    @ValueSource(strings = {OPTIONS4, EXTENSIONS6})
    void trafficClassIsRead(String hex) {
        parse(hex);
        assertEquals(0xb9, packet.trafficClass());
    }

    @Test
    void anUnusedSourceRouteIsRefused() {
        assertEquals(IpPacket.BAD_OPTIONS, parse(SOURCE_ROUTE4));
    }

    @Test
    void aUsedUpSourceRouteIsSkipped() {
        assertEquals(IpPacket.OK, parseWith(SOURCE_ROUTE4, 22, "08"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"94000000", "94010000", "94050000", "01010194"})
    void ipv4OptionsThatDoNotFitAreRefused(String options) {
        assertEquals(IpPacket.BAD_OPTIONS, parseWith(OPTIONS4, 20, options));
    }

    @Test
    void ipv6ExtensionsAreFollowedToTheTransport() {
        assertEquals(IpPacket.OK, parse(EXTENSIONS6));
        assertEquals(17, packet.protocol());
        assertEquals(40 + 8 + 24 + 8, packet.payloadOffset());
        assertEquals(40 + 8 + 24, packet.protocolOffset());
    }

    @Test
    void aRoutingHeaderWithSegmentsLeftIsRefused() {
        assertEquals(IpPacket.BAD_EXTENSIONS, parseWith(EXTENSIONS6, 40 + 8 + 3, "01"));
    }

    @Test
    void hopByHopOptionsAnywhereButFirstAreRefused() {
        assertEquals(IpPacket.BAD_EXTENSIONS, parseWith(EXTENSIONS6, 40, "00"));
    }

    @ParameterizedTest
    @CsvSource({"1e04, 0", "5e04, 6", "9e04, 6", "c204, 6", "1e05, 6", "1e03, 0"})
    void anUnknownIpv6OptionIsSkippedOnlyIfItAllowsThatAndFits(String option, int reason) {
        assertEquals(reason, parseWith(EXTENSIONS6, 42, option));
    }

    @Test
    void anExtensionHeaderBeyondThePacketIsRefused() {
        assertEquals(IpPacket.BAD_EXTENSIONS, parseWith(EXTENSIONS6, 40 + 8 + 24 + 1, "05"));
    }

    @ParameterizedTest
    @CsvSource({"8, 0", "9, 6"})
    void noMoreThanEightExtensionHeadersAreFollowed(int headers, int reason) {
        String fixed = "60000000%04x3c40fd00000000000000000000000000000120010db8000000000000000000000005";
        String hex = fixed.formatted(headers * 8 + 8) + "3c00010400000000".repeat(headers - 1) + "1100010400000000"
                + "0001000200080000";
        assertEquals(reason, parse(hex));
    }

    @Test
    void anIpv4FragmentIsRead() {
        assertEquals(IpPacket.OK, parse(FRAGMENT4));
        assertTrue(packet.isFragment() && packet.moreFragments());
        assertEquals("48879 1480 16", packet.identification() + " " + packet.fragmentOffset() + " "
                + packet.payloadLength());
    }

    @Test
    void anIpv6FragmentIsRead() {
        assertEquals(IpPacket.OK, parse(FRAGMENT6));
        assertTrue(packet.isFragment() && packet.moreFragments());
        assertEquals("-559038737 1448 16 17 48", packet.identification() + " " + packet.fragmentOffset() + " "
                + packet.payloadLength() + " " + packet.protocol() + " " + packet.headerLength());
    }

    @Test
    void aSecondFragmentHeaderIsRefused() {
        assertEquals(IpPacket.BAD_EXTENSIONS, parseWith(ATOMIC6, 40, "2c"));
    }

    @Test
    void anAtomicFragmentIsWhole() {
        assertEquals(IpPacket.OK, parse(ATOMIC6));
        assertFalse(packet.isFragment());
        assertEquals(48, packet.payloadOffset());
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, UDP6, OPTIONS4, EXTENSIONS6, FRAGMENT4, FRAGMENT6})
    void fewerBytesThanTheHeaderSaysAreTruncated(String hex) {
        MemorySegment memory = Hex.memory(hex);
        for (int length = 0; length < memory.byteSize(); length++) {
            assertEquals(IpPacket.TRUNCATED, packet.parse(memory, 0, length), "of " + length + " bytes");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, UDP6})
    void bytesBeyondThePacketAreIgnored(String hex) {
        assertEquals(IpPacket.OK, parse(hex + "0000"));
        assertEquals(13, packet.payloadLength());
    }

    @ParameterizedTest
    @ValueSource(strings = {"00", "35", "55", "75", "f5"})
    void otherVersionsAreRefused(String first) {
        assertEquals(IpPacket.BAD_VERSION, parseWith(UDP4, 0, first));
    }

    @Test
    void anIpv4HeaderOfFewerThanFiveWordsIsRefused() {
        assertEquals(IpPacket.BAD_LENGTH, parseWith(UDP4, 0, "44"));
    }

    @Test
    void anIpv4TotalLengthBelowTheHeaderIsRefused() {
        assertEquals(IpPacket.BAD_LENGTH, parseWith(UDP4, 2, "0013"));
    }

    @ParameterizedTest
    @CsvSource({"2, " + UDP4, "4, " + UDP6})
    void aLengthOfZeroIsAJumbogram(int at, String hex) {
        assertEquals(IpPacket.JUMBOGRAM, parseWith(hex, at, "0000"));
    }

    @Test
    void aWrongIpv4HeaderChecksumIsFound() {
        assertEquals(IpPacket.BAD_CHECKSUM, parse("46" + UDP4.substring(2) + "00"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000000", "00010203", "7f000001", "e0000001", "f0000001", "ffffffff"})
    void ipv4SourcesThatAreNoOtherHostAreRefused(String address) {
        assertEquals(IpPacket.BAD_SOURCE, parseWith(UDP4, 12, address));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000000000000000000000000000000", "00000000000000000000000000000001",
        "000000000000000000000000 0a000001", "00000000000000000000ffff 0a000001", "ff020000000000000000000000000001"})
    void ipv6SourcesThatAreNoOtherHostAreRefused(String address) {
        assertEquals(IpPacket.BAD_SOURCE, parseWith(UDP6, 8, address.replace(" ", "")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000000", "7f000001"})
    void ipv4DestinationsThatNeverLeaveAHostAreRefused(String address) {
        assertEquals(IpPacket.BAD_DESTINATION, parseWith(UDP4, 16, address));
    }

    @ParameterizedTest
    @ValueSource(strings = {"00000000000000000000000000000001", "00000000000000000000ffff0a000001"})
    void ipv6DestinationsThatNeverLeaveAHostAreRefused(String address) {
        assertEquals(IpPacket.BAD_DESTINATION, parseWith(UDP6, 24, address));
    }

    @ParameterizedTest
    @ValueSource(strings = {"e0000001", "efffffff", "ffffffff"})
    void ipv4MulticastAndBroadcastAreTold(String address) {
        assertEquals(IpPacket.OK, parseWith(UDP4, 16, address));
        assertTrue(packet.isMulticast());
    }

    @Test
    void ipv6MulticastIsTold() {
        assertEquals(IpPacket.OK, parseWith(UDP6, 24, "ff020000000000000000000000000001"));
        assertTrue(packet.isMulticast());
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, UDP6})
    void unicastIsNoMulticast(String hex) {
        parse(hex);
        assertFalse(packet.isMulticast());
    }

    @Test
    void everyReasonHasACounter() {
        assertEquals(Counter.DROP_IP_DESTINATION, IpPacket.counter(IpPacket.BAD_DESTINATION));
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, OPTIONS4, SOURCE_ROUTE4, UDP6, EXTENSIONS6, FRAGMENT4, FRAGMENT6, ATOMIC6})
    void mutatedPacketsAreReadWithinTheirBoundsOrRefused(String hex) {
        Random random = new Random(hex.hashCode());
        MemorySegment original = Hex.memory(hex);
        int length = (int) original.byteSize();
        MemorySegment memory = Hex.memory(hex); // of exactly that size: reading beyond it throws
        for (int i = 0; i < 100_000; i++) {
            MemorySegment.copy(original, 0, memory, 0, length);
            for (int changes = random.nextInt(4); changes >= 0; changes--) {
                memory.set(ValueLayout.JAVA_BYTE, random.nextInt(length), (byte) random.nextInt());
            }
            if ((Bytes.u8(memory, 0) >>> 4) == 4 && (Bytes.u8(memory, 0) & 0xf) * 4 <= length) {
                Bytes.putU16(memory, 10, 0);
                int sum = Checksum.sum(memory, 0, (Bytes.u8(memory, 0) & 0xf) * 4, 0);
                Bytes.putU16(memory, 10, Checksum.complement(sum));
            }
            assertWithinBounds(memory, random.nextInt(10) == 0 ? random.nextInt(length + 1) : length);
        }
    }

    @Test
    void noiseOfAnyLengthIsReadWithinItsBoundsOrRefused() {
        Random random = new Random(7);
        MemorySegment noise = Hex.noise(70_000, random);
        for (int i = 0; i < 300_000; i++) {
            int offset = random.nextInt(4_000);
            Bytes.putU8(noise, offset, random.nextBoolean() ? 0x45 + random.nextInt(8) : 0x60);
            assertWithinBounds(noise.asSlice(offset, random.nextInt(66_000)));
        }
    }

    private void assertWithinBounds(MemorySegment memory) {
        assertWithinBounds(memory, (int) memory.byteSize());
    }

    private void assertWithinBounds(MemorySegment memory, int length) {
        if (packet.parse(memory, 0, length) == IpPacket.OK) {
            boolean within = packet.headerLength() >= 20 && packet.payloadLength() >= 0
                    && packet.payloadOffset() + packet.payloadLength() <= length;
            assertTrue(within, () -> Hex.text(memory, 0, memory.byteSize()));
        }
    }

    @Test
    void parsingAllocatesNothing() {
        MemorySegment udp4 = Hex.memory(UDP4);
        MemorySegment extensions6 = Hex.memory(EXTENSIONS6);
        UdpHeader udp = new UdpHeader();
        assertEquals(0, HeapAllocation.leastOf(20, () -> {
            for (int i = 0; i < 50_000; i++) {
                packet.parse(udp4, 0, 33);
                udp.wrap(packet.memory(), packet.payloadOffset(), packet.payloadLength());
                udp.intact(packet);
                packet.parse(extensions6, 0, (int) extensions6.byteSize());
            }
        }));
    }
}
