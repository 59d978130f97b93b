package wireleap.tun.icmp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.Hex;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpPacket;

/** Bytes by scapy 2.5.0. */
class QuotedPacketTest {
    // IP(src="10.0.0.1",dst="1.2.3.4",id=7)/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP4 = "450000210007000040116cbf0a0000010102030404d20035000da8f468656c6c6f";
    // IPv6(src="fd00::1",dst="2001:db8::5")/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP6 =
            "60000000000d1140fd00000000000000000000000000000120010db8000000000000000000000005"
            + "04d20035000d8c3b68656c6c6f";
    // IP(src="1.2.3.4",dst="10.0.0.1",id=0,flags="DF",ttl=64)/ICMP(type=3,code=3)/...
    private static final String ERROR4 = "4500003d0000400040012cba010203040a000001" + "03030b2200000000" + UDP4;
    // IPv6(src="fd57::1",dst="fd00::1")/ICMPv6PacketTooBig(mtu=1500)/...
    private static final String ERROR6 =
            "60000000003d3a40fd570000000000000000000000000001fd000000000000000000000000000001"
            + "02008c22000005dc" + UDP6;

    private final IpPacket packet = new IpPacket();
    private final IcmpMessage message = new IcmpMessage();
    private final QuotedPacket quoted = new QuotedPacket();

    private boolean wrap(MemorySegment memory, int length) {
        return packet.parse(memory, 0, length) == IpPacket.OK && message.wrap(packet) && quoted.wrap(packet, message);
    }

    private boolean wrap(String hex) {
        MemorySegment memory = Hex.memory(hex);
        return wrap(memory, (int) memory.byteSize());
    }

    private static String replaced(String hex, int at, String bytes) {
        return hex.substring(0, at * 2) + bytes + hex.substring(at * 2 + bytes.length());
    }

    @Test
    void anIpv4ErrorIsRead() {
        assertTrue(wrap(ERROR4));
        assertEquals("PORT_UNREACHABLE 17 1234 53", quoted.error() + " " + quoted.protocol() + " "
                + quoted.srcPort() + " " + quoted.dstPort());
    }

    @Test
    void theEndsOfAnIpv4PacketAreRead() {
        wrap(ERROR4);
        assertEquals(Hex.ipv4(10, 0, 0, 1), quoted.srcLo());
        assertEquals(Hex.ipv4(1, 2, 3, 4), quoted.dstLo());
        assertEquals(0, quoted.srcHi() | quoted.dstHi());
    }

    @Test
    void anIpv6ErrorIsRead() {
        assertTrue(wrap(ERROR6));
        assertEquals("PACKET_TOO_BIG 1500 17 1234 53", quoted.error() + " " + quoted.mtu() + " " + quoted.protocol()
                + " " + quoted.srcPort() + " " + quoted.dstPort());
    }

    @Test
    void theEndsOfAnIpv6PacketAreRead() {
        wrap(ERROR6);
        assertEquals("fd00000000000000 1 20010db800000000 5", "%x %x %x %x".formatted(quoted.srcHi(), quoted.srcLo(),
                quoted.dstHi(), quoted.dstLo()));
    }

    @Test
    void theSequenceNumberOfTcpIsRead() {
        // the quoted UDP length and checksum read as a number
        wrap(ERROR4);
        assertEquals(0x000da8f4, quoted.sequence());
    }

    @ParameterizedTest
    @CsvSource({
        "0300, NET_UNREACHABLE", "0301, HOST_UNREACHABLE", "0302, PROTOCOL_UNREACHABLE", "0303, PORT_UNREACHABLE",
        "0304, PACKET_TOO_BIG", "030d, ADMIN_PROHIBITED", "0b00, HOP_LIMIT_EXCEEDED", "0b01, REASSEMBLY_TIME_EXCEEDED",
    })
    void ipv4CodesAreKnown(String typeAndCode, IcmpError error) {
        assertTrue(wrap(replaced(ERROR4, 20, typeAndCode)));
        assertEquals(error, quoted.error());
    }

    @ParameterizedTest
    @CsvSource({
        "0100, NET_UNREACHABLE", "0103, HOST_UNREACHABLE", "0401, PROTOCOL_UNREACHABLE", "0104, PORT_UNREACHABLE",
        "0200, PACKET_TOO_BIG", "0101, ADMIN_PROHIBITED", "0300, HOP_LIMIT_EXCEEDED", "0301, REASSEMBLY_TIME_EXCEEDED",
    })
    void ipv6CodesAreKnown(String typeAndCode, IcmpError error) {
        assertTrue(wrap(replaced(ERROR6, 40, typeAndCode)));
        assertEquals(error, quoted.error());
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000", "0400", "0500", "0800", "0c00"})
    void otherIpv4TypesAreNone(String typeAndCode) {
        assertFalse(wrap(replaced(ERROR4, 20, typeAndCode)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"0000", "0400", "0500", "8000", "8100", "8900"})
    void otherIpv6TypesAreNone(String typeAndCode) {
        assertFalse(wrap(replaced(ERROR6, 40, typeAndCode)));
    }

    @ParameterizedTest
    @CsvSource({"28, 55, 4", "28, 65, 4", "28, 44, 4", "34, 0001, 4", "48, 40, 6"})
    void aQuoteThatIsNoStartOfADatagramIsNone(int at, String bytes, int version) {
        assertFalse(wrap(replaced(version == 4 ? ERROR4 : ERROR6, at, bytes)));
    }

    @Test
    void fewerThanEightBytesOfTransportAreNone() {
        // IP(src="1.2.3.4",dst="10.0.0.1",id=0,flags="DF",ttl=64)/ICMP(type=3,code=3)/bytes(...)[:27]
        assertFalse(wrap("450000370000400040012cc0010203040a000001" + "03034fe800000000" + UDP4.substring(0, 54)));
    }

    @Test
    void aFirstFragmentOfIpv6IsReadBehindItsHeader() {
        // IPv6(src="fd57::1",dst="fd00::1")/ICMPv6DestUnreach(code=4)
        // /(IPv6(src="fd00::1",dst="2001:db8::5")/IPv6ExtHdrFragment(m=1,nh=17)/bytes.fromhex("04d20035000d8c3b"))
        assertTrue(wrap("6000000000403a40fd570000000000000000000000000001fd000000000000000000000000000001"
                + "0104aac500000000" + "6000000000102c40fd00000000000000000000000000000120010db8000000000000000000000005"
                + "1100000100000000" + "04d20035000d8c3b"));
        assertEquals("17 1234", quoted.protocol() + " " + quoted.srcPort());
    }

    @Test
    void hostileErrorsAreReadWithinTheirBoundsOrRefused() {
        Random random = new Random(3);
        for (String hex : new String[] {ERROR4, ERROR6}) {
            MemorySegment original = Hex.memory(hex);
            int length = (int) original.byteSize();
            for (int i = 0; i < 200_000; i++) {
                MemorySegment memory = MemorySegment.ofArray(new byte[length]).copyFrom(original);
                int transport = hex.equals(ERROR4) ? 20 : 40;
                for (int changes = random.nextInt(5); changes >= 0; changes--) {
                    Bytes.putU8(memory, transport + random.nextInt(length - transport), random.nextInt());
                }
                if (random.nextInt(4) == 0) {
                    length = shorten(memory, hex.equals(ERROR4), random);
                }
                if (wrap(memory, length)) {
                    assertTrue(quoted.mtu() >= 0);
                    quoted.sequence();
                }
                length = (int) original.byteSize();
            }
        }
    }

    private static int shorten(MemorySegment memory, boolean ipv4, Random random) {
        if (!ipv4) {
            int length = 40 + random.nextInt((int) memory.byteSize() - 40);
            Bytes.putU16(memory, 4, length - 40);
            return length;
        }
        int length = 20 + random.nextInt((int) memory.byteSize() - 20);
        Bytes.putU16(memory, 2, length);
        Bytes.putU16(memory, 10, 0);
        Bytes.putU16(memory, 10, Checksum.complement(Checksum.sum(memory, 0, 20, 0)));
        return length;
    }
}
