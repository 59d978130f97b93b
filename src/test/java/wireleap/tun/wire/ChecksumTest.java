package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.testing.HeapAllocation;

class ChecksumTest {
    // scapy 2.5.0: IP(src="10.13.49.0",dst="1.2.3.4",id=7)/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP4 = "450000210007000040113bb30a0d31000102030404d20035000d77e868656c6c6f";
    // scapy 2.5.0: IPv6(src="fd00::1",dst="2001:db8::5")/UDP(sport=1234,dport=53)/b"hello"
    private static final String UDP6 =
            "60000000000d1140fd00000000000000000000000000000120010db8000000000000000000000005"
            + "04d20035000d8c3b68656c6c6f";
    // scapy 2.5.0: IP(src="10.13.49.0",dst="1.2.3.4",id=0,flags="DF",ttl=64)
    //              /TCP(sport=40000,dport=443,flags="S",seq=1,window=64240,options=[("MSS",1460)])
    private static final String TCP4 = "4500002c000040004006fbb90a0d310001020304"
            + "9c4001bb00000001000000006002faf0c0260000020405b4";
    // scapy 2.5.0: IPv6(src="fd00::1",dst="2001:db8::5")
    //              /TCP(sport=40000,dport=443,flags="S",seq=1,window=64240,options=[("MSS",1440)])
    private static final String TCP6 =
            "6000000000180640fd00000000000000000000000000000120010db8000000000000000000000005"
            + "9c4001bb00000001000000006002faf0d48d0000020405a0";

    private static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    /** Word by word, carry by carry, as RFC 1071 section 1 puts it. */
    private static int naive(byte[] bytes) {
        int sum = 0;
        for (int i = 0; i < bytes.length; i++) {
            sum += (bytes[i] & 0xff) << ((i & 1) == 0 ? 8 : 0);
            if (sum > 0xffff) {
                sum -= 0xffff;
            }
        }
        return sum;
    }

    private static IpPacket packet(String hex) {
        MemorySegment memory = Hex.memory(hex);
        IpPacket packet = new IpPacket();
        assertEquals(IpPacket.OK, packet.parse(memory, 0, (int) memory.byteSize()));
        return packet;
    }

    @Test
    void theExampleOfRfc1071Section3SumsToDdf2() {
        assertEquals(0xddf2, Checksum.sum(Hex.memory("0001f203f4f5f6f7"), 0, 8, 0));
    }

    @Test
    void anOddLastByteIsTheHighHalfOfAWord() {
        assertEquals(0x0102 + 0x0300, Checksum.sum(Hex.memory("010203"), 0, 3, 0));
    }

    @Test
    void nothingSumsToZero() {
        assertEquals(0, Checksum.sum(MemorySegment.NULL, 0, 0, 0));
    }

    @Test
    void onesAloneSumToMinusZero() {
        assertEquals(0xffff, Checksum.sum(Hex.memory("ff".repeat(65_535)), 0, 65_534, 0));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void sumsAreThoseOfTheNaiveWayAtAnyOffsetAndLength(long seed) {
        Random random = new Random(seed);
        MemorySegment memory = Hex.noise(70_000, random);
        int offset = random.nextInt(64);
        int length = seed < 100 ? (int) seed : random.nextInt(65_536);
        assertEquals(naive(Hex.bytes(memory, offset, length)), Checksum.sum(memory, offset, length, 0));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void twoSlicesSumAsOneWhereverTheyAreCut(long seed) {
        Random random = new Random(seed);
        int length = random.nextInt(3_000);
        MemorySegment memory = Hex.noise(length, random);
        int cut = random.nextInt(length + 1);
        int initial = random.nextInt(0x10000);
        assertEquals(Checksum.sum(memory, 0, length, initial),
                Checksum.sum(memory, 0, cut, memory, cut, length - cut, initial));
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, UDP6, TCP4, TCP6})
    void intactTransportsAreFoundIntact(String hex) {
        assertTrue(Checksum.transportIntact(packet(hex)));
    }

    @ParameterizedTest
    @ValueSource(strings = {UDP4, UDP6, TCP4, TCP6})
    void anyBitChangedInATransportIsFound(String hex) {
        IpPacket packet = packet(hex);
        for (int bit = 0; bit < packet.payloadLength() * 8; bit++) {
            long at = packet.payloadOffset() + bit / 8;
            int changed = Bytes.u8(packet.memory(), at) ^ 1 << bit % 8;
            Bytes.putU8(packet.memory(), at, changed);
            assertFalse(Checksum.transportIntact(packet), "bit " + bit);
            Bytes.putU8(packet.memory(), at, changed ^ 1 << bit % 8);
        }
    }

    @Test
    void thePseudoHeaderOfIpv4IsSummedWithoutTheMappedPrefix() {
        // 10.13.49.0, 1.2.3.4, protocol 17, length 13
        int expected = naive(Hex.bytes(Hex.memory("0a0d3100 01020304 0011 000d"), 0, 12));
        assertEquals(expected, Checksum.pseudoHeader(0, Hex.ipv4(10, 13, 49, 0), 0, Hex.ipv4(1, 2, 3, 4), 17, 13));
    }

    @Test
    void aUdpChecksumIsNeverZero() {
        assertEquals(0xffff, Checksum.complementForUdp(0xffff));
    }

    @Test
    void summingAllocatesNothing() {
        MemorySegment memory = Hex.noise(1_500, new Random(1));
        assertEquals(0, HeapAllocation.leastOf(20, () -> {
            for (int i = 0; i < 100_000; i++) {
                Checksum.sum(memory, i & 7, 1_490, memory, 3, 11, 0);
            }
        }));
    }
}
