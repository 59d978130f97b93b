package wireleap.tun.wire;

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

class FragmenterTest {
    private final SentPackets sent = new SentPackets();
    private final Fragmenter fragmenter = new Fragmenter(sent, 0xbeef, 1);
    private final IpWriter ip = new IpWriter();
    private final MemorySegment payload = Hex.noise(70_000, new Random(1));

    private boolean send(int version, int length, int mtu) {
        if (version == 4) {
            ip.between(0, Hex.ipv4(1, 2, 3, 4), 0, Hex.ipv4(10, 0, 0, 1), UdpHeader.PROTOCOL);
        } else {
            ip.between(0x2001_0db8_0000_0000L, 5, 0xfd00_0000_0000_0000L, 1, UdpHeader.PROTOCOL);
        }
        UdpHeader.writeComplete(sent.headers(), Fragmenter.transportOffset(ip), ip, 53, 1234, payload, 3, length);
        return fragmenter.send(ip, UdpHeader.BYTES, payload, 3, length, mtu);
    }

    private IpPacket packet(int index) {
        IpPacket packet = new IpPacket();
        MemorySegment memory = sent.packets().get(index);
        assertEquals(IpPacket.OK, packet.parse(memory, 0, (int) memory.byteSize()));
        return packet;
    }

    @ParameterizedTest
    @CsvSource({"4, 1472", "6, 1452"})
    void whatFitsIsSentWhole(int version, int length) {
        send(version, length, 1_500);
        assertEquals(1, sent.packets().size());
        assertFalse(packet(0).isFragment());
    }

    @ParameterizedTest
    @CsvSource({"4, 1473", "6, 1453"})
    void whatDoesNotFitIsSentInFragments(int version, int length) {
        send(version, length, 1_500);
        assertEquals(2, sent.packets().size());
        assertTrue(packet(0).isFragment() && packet(1).isFragment());
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void noFragmentIsLargerThanTheMtu(int version) {
        send(version, 60_000, 1_281);
        assertTrue(sent.packets().stream().allMatch(p -> p.byteSize() <= 1_281));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void aWholeDatagramHasTheRightChecksum(int version) {
        send(version, 1_000, 1_500);
        assertTrue(Checksum.transportIntact(packet(0)));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void nothingIsLeftToTheKernel(int version) {
        send(version, 3_000, 1_500);
        assertTrue(sent.virtioHeaders().stream().allMatch(h -> Hex.text(h, 0, 12).equals("00".repeat(12))));
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 6})
    void fragmentsOfOneDatagramShareTheirIdentification(int version) {
        send(version, 3_000, 1_500);
        assertEquals("48879 48879 48879", packet(0).identification() + " " + packet(1).identification() + " "
                + packet(2).identification());
    }

    @Test
    void theNextDatagramHasAnotherIdentification() {
        send(4, 2_000, 1_500);
        send(4, 2_000, 1_500);
        assertEquals(0xbeef + 1, packet(2).identification());
    }

    @ParameterizedTest
    @CsvSource({"4, 65507, true", "4, 65508, false", "6, 65527, true", "6, 65528, false"})
    void moreThanIpCanSayIsNotSent(int version, int length, boolean taken) {
        assertEquals(taken, send(version, length, 1_500));
        assertEquals(taken, !sent.packets().isEmpty());
    }

    @Test
    void ipv4FragmentsAreThoseOfScapy() {
        // fragment(IP(src="1.2.3.4",dst="10.0.0.1",id=0xbeef,ttl=64)/UDP(sport=53,dport=1234)/(b"A"*1300),
        // fragsize=1256)
        for (int i = 0; i < 1_300; i++) {
            Bytes.putU8(payload, 3 + i, 'A');
        }
        send(4, 1_300, 1_280);
        assertEquals("450004fcbeef2000401188fb010203040a000001" + "003504d2051c32f9" + "41".repeat(1_248),
                Hex.text(sent.packets().get(0), 0, sent.packets().get(0).byteSize()));
        assertEquals("45000048beef009d4011ad12010203040a000001" + "41".repeat(52),
                Hex.text(sent.packets().get(1), 0, sent.packets().get(1).byteSize()));
    }
}
