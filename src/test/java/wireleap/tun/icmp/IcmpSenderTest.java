package wireleap.tun.icmp;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.mem.Counters;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.wire.Checksum;
import wireleap.tun.wire.Fragmenter;
import wireleap.tun.wire.Hex;
import wireleap.tun.wire.IcmpMessage;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.PacketOutput;
import wireleap.tun.wire.SentPackets;

/** Bytes by scapy 2.5.0; S4 = dict(src="10.0.0.1",dst="1.2.3.4"), S6 = dict(src="fd00::1",dst="2001:db8::5"). */
class IcmpSenderTest {
    // IP(**S4,id=7)/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP4 = "450000210007000040116cbf0a0000010102030404d20035000da8f468656c6c6f";
    // IPv6(**S6)/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP6 =
            "60000000000d1140fd00000000000000000000000000000120010db8000000000000000000000005"
            + "04d20035000d8c3b68656c6c6f";
    // IP(src="1.2.3.4",dst="10.0.0.1",id=0,flags="DF",ttl=64)/ICMP(...)
    private static final String FROM_TARGET4 = "4500003d0000400040012cba010203040a000001";
    // IP(src="10.13.49.1",dst="10.0.0.1",id=0,flags="DF",ttl=64)/ICMP(...)
    private static final String FROM_ROUTER4 = "4500003d000040004001f5b10a0d31010a000001";
    // IPv6(src="2001:db8::5",dst="fd00::1")/...
    private static final String FROM_TARGET6 =
            "60000000003d3a4020010db8000000000000000000000005fd000000000000000000000000000001";
    // IPv6(src="fd57::1",dst="fd00::1")/...
    private static final String FROM_ROUTER6 =
            "60000000003d3a40fd570000000000000000000000000001fd000000000000000000000000000001";

    private final SentPackets sent = new SentPackets();
    private final Counters counters = new Counters();
    private final IpPacket packet = new IpPacket();
    private final IcmpMessage message = new IcmpMessage();
    private final IcmpSender sender = sender(sent, 10);

    private IcmpSender sender(PacketOutput output, int burst) {
        return new IcmpSender(output, new Fragmenter(output, 1, 1), new TokenBucket(burst, 1), counters, 1_500,
                Hex.ipv4(10, 13, 49, 1), 0xfd57_0000_0000_0000L, 1);
    }

    private IpPacket parse(String hex) {
        MemorySegment memory = Hex.memory(hex);
        assertEquals(IpPacket.OK, packet.parse(memory, 0, (int) memory.byteSize()));
        return packet;
    }

    private IpPacket udp(int version) {
        return parse(version == 4 ? UDP4 : UDP6);
    }

    private String sentText() {
        assertEquals(1, sent.packets().size());
        return Hex.text(sent.packets().get(0), 0, sent.packets().get(0).byteSize());
    }

    private void echo(String request) {
        parse(request);
        assertTrue(message.wrap(packet) && message.intact(packet) && message.isEchoRequest());
        sender.answerEcho(packet, message);
    }

    @Test
    void anIpv4EchoIsAnsweredAsByScapy() {
        echo("450000230007000040016ccd0a00000101020304" + "080054951234000961626364656667");
        // IP(src="1.2.3.4",dst="10.0.0.1",id=0,flags="DF",ttl=64)/ICMP(type=0,id=0x1234,seq=9)/b"abcdefg"
        assertEquals("450000230000400040012cd4010203040a000001" + "00005c951234000961626364656667", sentText());
    }

    @Test
    void anIpv6EchoIsAnsweredAsByScapy() {
        echo("60000000000f3a40fd00000000000000000000000000000120010db8000000000000000000000005"
                + "8000b18b1234000961626364656667");
        // IPv6(src="2001:db8::5",dst="fd00::1")/ICMPv6EchoReply(id=0x1234,seq=9,data=b"abcdefg")
        assertEquals("60000000000f3a4020010db8000000000000000000000005fd000000000000000000000000000001"
                + "8100b08b1234000961626364656667", sentText());
    }

    @Test
    void anEchoToMulticastIsNotAnswered() {
        // IP(src="10.0.0.1",dst="224.0.0.1",id=7)/ICMP(id=0x1234,seq=9)/b"abcdefg"
        echo("4500002300070000400190d10a000001e0000001" + "080054951234000961626364656667");
        assertTrue(sent.packets().isEmpty());
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void aLargeEchoIsAnsweredInFragments(int version) {
        IpWriter ip = new IpWriter();
        MemorySegment data = Hex.noise(5_000, new Random(version));
        udp(version);
        ip.between(packet.srcHi(), packet.srcLo(), packet.dstHi(), packet.dstLo(), IcmpMessage.protocol(version));
        MemorySegment request = Hex.memory(new byte[ip.headerBytes() + 5_008]);
        ip.write(request, 0, 5_008);
        IcmpMessage.write(request, ip.headerBytes(), version == 4 ? 8 : 128, 0, 7,
                version == 4 ? 0 : ip.pseudoHeaderSum(5_008), data, 0, 5_000);
        MemorySegment.copy(data, 0, request, ip.headerBytes() + 8, 5_000);
        echo(Hex.text(request, 0, request.byteSize()));
        assertEquals(4, sent.packets().size());
    }

    // each is IP(...)/ICMP(type=..,code=..[,nexthopmtu=1500])/UDP4 with its checksum
    @ParameterizedTest
    @CsvSource({
        "HOST_UNREACHABLE, 03010b2400000000", "PACKET_TOO_BIG, 03040545000005dc",
        "HOP_LIMIT_EXCEEDED, 0b00032500000000",
    })
    void whatRoutersTellComesFromOurAddressInIpv4(IcmpError error, String icmp) {
        assertTrue(sender.error(error, udp(4), 0));
        assertEquals(FROM_ROUTER4 + icmp + UDP4, sentText());
    }

    // ICMPv6DestUnreach(code=3), ICMPv6PacketTooBig(mtu=1500), ICMPv6TimeExceeded(code=0), each /UDP6
    @ParameterizedTest
    @CsvSource({
        "HOST_UNREACHABLE, 010392fb00000000", "PACKET_TOO_BIG, 02008c22000005dc",
        "HOP_LIMIT_EXCEEDED, 030090fe00000000",
    })
    void whatRoutersTellComesFromOurAddressInIpv6(IcmpError error, String icmp) {
        assertTrue(sender.error(error, udp(6), 0));
        assertEquals(FROM_ROUTER6 + icmp + UDP6, sentText());
    }

    @Test
    void aClosedPortIsToldByItsOwnHostInIpv4() {
        sender.error(IcmpError.PORT_UNREACHABLE, udp(4), 0);
        assertEquals(FROM_TARGET4 + "03030b2200000000" + UDP4, sentText()); // ICMP(type=3,code=3)/UDP4
    }

    @Test
    void aClosedPortIsToldByItsOwnHostInIpv6() {
        sender.error(IcmpError.PORT_UNREACHABLE, udp(6), 0);
        assertEquals(FROM_TARGET6 + "0104629500000000" + UDP6, sentText()); // ICMPv6DestUnreach(code=4)/UDP6
    }

    @Test
    void anUnknownIpv6ProtocolIsAParameterProblemThatPointsAtIt() {
        // IPv6(**S6,nh=132)/b"12345678"
        String sctp = "6000000000088440fd00000000000000000000000000000120010db8000000000000000000000005"
                + "3132333435363738";
        sender.error(IcmpError.PROTOCOL_UNREACHABLE, parse(sctp), 0);
        // IPv6(src="2001:db8::5",dst="fd00::1")/ICMPv6ParamProblem(code=1,ptr=6)/...
        assertEquals("6000000000383a4020010db8000000000000000000000005fd000000000000000000000000000001"
                + "0401f0e800000006" + sctp, sentText());
    }

    @Test
    void aRefusedSynThatIsGoneIsQuotedAnewInIpv4() {
        sender.error(IcmpError.NET_UNREACHABLE, 0, Hex.ipv4(10, 0, 0, 1), 0, Hex.ipv4(1, 2, 3, 4), 6,
                0x9c4001bb_00000001L, 0);
        // IP(src="10.13.49.1",dst="10.0.0.1",id=0,flags="DF",ttl=64)/ICMP(type=3,code=0)
        // /(IP(**S4,id=0,flags="DF",ttl=64,proto=6)/bytes.fromhex("9c4001bb00000001"))
        assertEquals("45000038000040004001f5b60a0d31010a000001" + "03005f0300000000"
                + "4500001c0000400040062cd60a00000101020304" + "9c4001bb00000001", sentText());
    }

    @Test
    void aRefusedSynThatIsGoneIsQuotedAnewInIpv6() {
        sender.error(IcmpError.NET_UNREACHABLE, 0xfd00_0000_0000_0000L, 1, 0x2001_0db8_0000_0000L, 5, 6,
                0x9c4001bb_00000001L, 0);
        // IPv6(src="fd57::1",dst="fd00::1")/ICMPv6DestUnreach(code=0)
        // /(IPv6(**S6,nh=6)/bytes.fromhex("9c4001bb00000001"))
        assertEquals("6000000000383a40fd570000000000000000000000000001fd000000000000000000000000000001"
                + "0100d52d00000000" + "6000000000080640fd00000000000000000000000000000120010db8000000000000000000000005"
                + "9c4001bb00000001", sentText());
    }

    @Test
    void withoutAnAddressOfOursErrorsComeFromTheTarget() {
        new IcmpSender(sent, new Fragmenter(sent, 1, 1), new TokenBucket(1, 1), counters, 1_500, 0, 0, 0)
                .error(IcmpError.HOST_UNREACHABLE, udp(4), 0);
        assertTrue(sentText().startsWith(FROM_TARGET4));
    }

    @Test
    void anotherMtuThanTheTunsCanBeTold() {
        udp(6);
        sender.packetTooBig(1_280, packet.srcHi(), packet.srcLo(), packet.dstHi(), packet.dstLo(), 17, 0, 0);
        assertEquals("0200", sentText().substring(80, 84));
        assertEquals("00000500", sentText().substring(88, 96));
    }

    @ParameterizedTest
    @CsvSource({"4, 576", "6, 1280"})
    void noMoreIsQuotedThanTheRfcsAllow(int version, int bytes) {
        IpWriter ip = new IpWriter();
        udp(version);
        ip.between(packet.srcHi(), packet.srcLo(), packet.dstHi(), packet.dstLo(), 17);
        MemorySegment large = Hex.noise(60_000, new Random(1));
        ip.write(large, 0, 60_000 - ip.headerBytes());
        packet.parse(large, 0, 60_000);
        sender.error(IcmpError.PORT_UNREACHABLE, packet, 0);
        assertEquals(bytes, sent.packets().get(0).byteSize());
        IpPacket error = parse(sentText());
        assertTrue(message.wrap(error) && message.intact(error));
    }

    @ParameterizedTest
    @ValueSource(strings = {
        // IP(**S4,id=7)/ICMP(type=3,code=3), ICMP(type=5,gw="0.0.0.0"), ICMP(type=11)
        "4500001c0007000040016cd40a00000101020304 0303fcfc00000000",
        "4500001c0007000040016cd40a00000101020304 0500faff00000000",
        "4500001c0007000040016cd40a00000101020304 0b00f4ff00000000",
        // IPv6(**S6)/ICMPv6DestUnreach(code=4); a redirect; no type at all; IPv6(**S6,nh=59)
        "6000000000083a40fd00000000000000000000000000000120010db8000000000000000000000005 0104d3f900000000",
        "6000000000083a40fd00000000000000000000000000000120010db8000000000000000000000005 8900000000000000",
        "6000000000003a40fd00000000000000000000000000000120010db8000000000000000000000005",
        "6000000000003b40fd00000000000000000000000000000120010db8000000000000000000000005",
        // .../UDP(sport=1234,dport=53)/b"hello" to 224.0.0.1 and ff02::1
        "4500002100070000401190c30a000001e0000001 04d20035000dccf868656c6c6f",
        "60000000000d1140fd000000000000000000000000000001ff020000000000000000000000000001 04d20035000dbaf568656c6c6f",
        // IP(**S4,id=0xbeef,frag=185,proto=17)/(b"y"*16)
        "45000024beef00b94011ad1a0a00000101020304 79797979797979797979797979797979",
    })
    void whatMustNotBeAnsweredIsNot(String hex) {
        IpPacket about = parse(hex.replace(" ", ""));
        assertFalse(sender.error(IcmpError.PORT_UNREACHABLE, about, 0));
        assertEquals(1, counters.value(Counter.ICMP_ERROR_WITHHELD));
        assertTrue(sent.packets().isEmpty());
    }

    @Test
    void anEchoRequestMayBeAnsweredByAnError() {
        IpPacket echo = parse("450000230007000040016ccd0a00000101020304" + "080054951234000961626364656667");
        assertTrue(sender.error(IcmpError.HOP_LIMIT_EXCEEDED, echo, 0));
    }

    @Test
    void errorsBeyondTheRateAreNotSentButCounted() {
        for (int i = 0; i < 15; i++) {
            sender.error(IcmpError.PORT_UNREACHABLE, udp(4), 0);
        }
        assertEquals("10 5", sent.packets().size() + " " + counters.value(Counter.ICMP_RATE_LIMITED));
    }

    @Test
    void echoAndErrorsAllocateNothing() {
        PacketOutput nowhere = new PacketOutput() {
            private final MemorySegment headers = Hex.memory(new byte[HEADER_SPACE]);

            @Override
            public boolean cutsDatagrams() {
                return false;
            }

            @Override
            public MemorySegment headers() {
                return headers;
            }

            @Override
            public void send(int headerBytes, MemorySegment memory1, long offset1, int length1,
                             MemorySegment memory2, long offset2, int length2) {
                Checksum.sum(memory1, offset1, length1, 0);
            }
        };
        IcmpSender warm = sender(nowhere, Integer.MAX_VALUE);
        MemorySegment echo = Hex.memory("450000230007000040016ccd0a00000101020304" + "080054951234000961626364656667");
        assertEquals(0, HeapAllocation.leastOf(20, () -> {
            for (int i = 0; i < 50_000; i++) {
                packet.parse(echo, 0, 35);
                message.wrap(packet);
                warm.answerEcho(packet, message);
                warm.error(IcmpError.HOST_UNREACHABLE, packet, i);
                warm.error(IcmpError.HOST_UNREACHABLE, 0, packet.srcLo(), 0, packet.dstLo(), 6, i, i);
            }
        }));
    }

    @Test
    void theDataOfAnEchoComesBackUnchanged() {
        echo("450000230007000040016ccd0a00000101020304" + "080054951234000961626364656667");
        assertArrayEquals("abcdefg".getBytes(), Hex.bytes(sent.packets().get(0), 28, 7));
    }
}
