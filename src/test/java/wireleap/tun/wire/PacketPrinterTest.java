package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.mem.Bytes;

class PacketPrinterTest {
    // IP(src="10.13.49.0",dst="1.2.3.4",id=0,flags="DF",ttl=64)
    // /TCP(sport=40000,dport=443,flags="S",seq=1,window=64240,options=[("MSS",1460)])
    private static final String TCP4 = "4500002c000040004006fbb90a0d310001020304"
            + "9c4001bb00000001000000006002faf0c0260000020405b4";

    private static String text(String hex) {
        MemorySegment memory = Hex.memory(hex);
        return PacketPrinter.of(memory, 0, (int) memory.byteSize());
    }

    // the same packets as in IpPacketTest and IcmpMessageTest
    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        TCP4 + "|10.13.49.0:40000 > 1.2.3.4:443 TCP S seq 1 win 64240 mss 1460, 0 bytes",
        "60000000000d1140fd00000000000000000000000000000120010db800000000000000000000000504d20035000d8c3b68656c6c6f"
            + "|[fd00::1]:1234 > [2001:db8::5]:53 UDP, 5 bytes",
        "450000230007000040016ccd0a00000101020304080054951234000961626364656667"
            + "|10.0.0.1 > 1.2.3.4 ICMP type 8 code 0, 7 bytes",
        "45000024beef20b940118d1a0a0000010102030479797979797979797979797979797979"
            + "|10.0.0.1 > 1.2.3.4 protocol 17, fragment 48879 at 1480 and more, 16 bytes",
        "6000000000088440fd00000000000000000000000000000120010db80000000000000000000000053132333435363738"
            + "|fd00::1 > 2001:db8::5 protocol 132, 8 bytes",
        "4500|DROP_TRUNCATED, 2 bytes",
    })
    void aPacketIsOneLine(String hex, String line) {
        assertEquals(line, text(hex));
    }

    @Test
    void optionsOfTcpAreShown() {
        // IP(src="10.13.49.0",dst="1.2.3.4")/TCP(sport=1,dport=2,flags="PA",seq=9,ack=4294967295,window=8,
        // options=[("NOP",None)]*2+[("Timestamp",(7,8))]+[("NOP",None)]*2+[("SAck",(20,30))])/b"x"
        assertEquals("10.13.49.0:1 > 1.2.3.4:2 TCP PA seq 9 ack 4294967295 win 8 ts 7/8 sack 20..30, 1 byte",
                text("450000410001000040063ba40a0d3100010203040001000200000009ffffffffb018000889350000"
                        + "0101080a0000000700000008" + "0101050a000000140000001e" + "78"));
    }

    @Test
    void whatIsLeftToTheOtherSideIsShown() {
        String virtio = "0101 3400 b405 1400 1000 0000"; // struct.pack("<BBHHHHH", 1, 1, 52, 1460, 20, 16, 0)
        MemorySegment memory = Hex.memory(virtio + TCP4);
        assertEquals("10.13.49.0:40000 > 1.2.3.4:443 TCP S seq 1 win 64240 mss 1460, 0 bytes, in segments of 1460,"
                + " checksum partial", PacketPrinter.withVirtio(memory, 0, (int) memory.byteSize()));
    }

    @Test
    void noiseIsPrintedToo() {
        Random random = new Random(11);
        MemorySegment original = Hex.memory("00".repeat(12) + TCP4 + "00".repeat(40));
        for (int i = 0; i < 100_000; i++) {
            MemorySegment memory = MemorySegment.ofArray(original.toArray(ValueLayout.JAVA_BYTE));
            int length = random.nextInt((int) memory.byteSize() + 1);
            for (int changes = random.nextInt(5); changes > 0; changes--) {
                Bytes.putU8(memory, 32 + random.nextInt((int) memory.byteSize() - 32), random.nextInt());
            }
            MemorySegment noise = memory.asSlice(0, length);
            assertFalse(PacketPrinter.withVirtio(noise, 0, length).isEmpty());
            assertEquals(length == 0, PacketPrinter.headersInHex(noise, 0, length).isEmpty());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        TCP4 + "|" + TCP4,
        // the datagram, the message, the fragment and the unknown protocol of above
        "60000000000d1140fd00000000000000000000000000000120010db800000000000000000000000504d20035000d8c3b68656c6c6f"
            + "|60000000000d1140fd00000000000000000000000000000120010db800000000000000000000000504d20035000d8c3b",
        "450000230007000040016ccd0a00000101020304080054951234000961626364656667"
            + "|450000230007000040016ccd0a00000101020304",
        "45000024beef20b940118d1a0a0000010102030479797979797979797979797979797979"
            + "|45000024beef20b940118d1a0a00000101020304",
        "6000000000088440fd00000000000000000000000000000120010db80000000000000000000000053132333435363738"
            + "|6000000000088440fd00000000000000000000000000000120010db8000000000000000000000005",
        // an IPv4 header whose checksum is wrong, and one that is cut
        "450000230007000040016cce0a00000101020304080054951234000961626364656667"
            + "|450000230007000040016cce0a00000101020304",
        "4500|4500",
    })
    void headersInHexHaveNoPayload(String packet, String headers) {
        String virtio = "000000000000000000000000";
        MemorySegment memory = Hex.memory(virtio + packet);
        assertEquals(virtio + headers, PacketPrinter.headersInHex(memory, 0, (int) memory.byteSize()));
    }

    @Test
    void headersInHexOfLessThanAVirtioHeaderAreAllThereIs() {
        assertEquals("0102", PacketPrinter.headersInHex(Hex.memory("0102"), 0, 2));
    }
}
