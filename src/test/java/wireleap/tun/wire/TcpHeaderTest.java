package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TcpHeaderTest {
    /**
     * A SYN of Linux 6.18, without its IP header: {@code tcpdump -x -i lo 'tcp[13] == 2'} in a network namespace of its
     * own ({@code unshare -n}, {@code ip link set lo mtu 1500 up}) while a socket connects to 127.0.0.1 port 80.
     */
    private static final String LINUX_SYN = "d0820050" + "5da8a4e8" + "00000000" + "a002faf0" + "fe300000"
            + "020405b4" + "0402080a" + "389a0feb" + "00000000" + "0103030a";
    /** Port 5000 to 443, seq 1, ack 2, ACK PSH, window 512, two NOPs and two SACK blocks. */
    private static final String WITH_SACK = "138801bb" + "00000001" + "00000002" + "a0180200" + "00000000"
            + "0101" + "0512" + "0000000a" + "00000014" + "0000001e" + "00000028";

    private final TcpHeader header = new TcpHeader();

    private boolean wrap(String hex) {
        byte[] bytes = HexFormat.of().parseHex(hex);
        return header.wrap(MemorySegment.ofArray(bytes), 0, bytes.length);
    }

    @Test
    void aSynOfLinuxIsRead() {
        assertTrue(wrap(LINUX_SYN));
        assertEquals(0xd082, header.srcPort());
        assertEquals(80, header.dstPort());
        assertEquals(0x5da8a4e8, header.seq());
        assertEquals(0, header.ack());
        assertEquals(40, header.headerLength());
        assertEquals(TcpHeader.SYN, header.flags());
        assertEquals(64_240, header.window());
        assertEquals(0xfe30, header.checksum());
        assertEquals(0, header.payloadLength());
    }

    @Test
    void theOptionsOfASynOfLinuxAreRead() {
        wrap(LINUX_SYN);
        TcpOptions options = header.options();
        assertEquals(1460, options.mss());
        assertTrue(options.sackPermitted());
        assertTrue(options.hasTimestamps());
        assertEquals(0x389a0feb, options.tsVal());
        assertEquals(0, options.tsEcr());
        assertEquals(10, options.windowScale());
        assertEquals(0, options.sackCount());
    }

    @Test
    void sackBlocksAreRead() {
        assertTrue(wrap(WITH_SACK + "cafe"));
        TcpOptions options = header.options();
        assertEquals(2, options.sackCount());
        assertEquals(10, options.sackLeft(0));
        assertEquals(20, options.sackRight(0));
        assertEquals(30, options.sackLeft(1));
        assertEquals(40, options.sackRight(1));
        assertEquals(2, header.payloadLength());
        assertEquals(40, header.payloadOffset());
    }

    @Test
    void absentOptionsAreSaidToBeAbsent() {
        wrap(LINUX_SYN);
        assertTrue(wrap("138801bb" + "00000001" + "00000002" + "50100200" + "00000000"));
        TcpOptions options = header.options();
        assertEquals(0, options.mss());
        assertEquals(-1, options.windowScale());
        assertFalse(options.sackPermitted());
        assertFalse(options.hasTimestamps());
        assertEquals(0, options.sackCount());
    }

    @Test
    void fromAMalformedOptionOnTheRestIsIgnored() {
        // MSS, then an option of length 0, then window scale
        assertTrue(wrap("138801bb" + "00000001" + "00000002" + "80020200" + "00000000" + "020405b4" + "fe000000"
                + "01030307"));
        assertEquals(1460, header.options().mss());
        assertEquals(-1, header.options().windowScale());
    }

    @Test
    void anOptionThatReachesBeyondTheHeaderIsIgnored() {
        assertTrue(wrap("138801bb" + "00000001" + "00000002" + "60020200" + "00000000" + "0101080a"
                + "1111111122222222"));
        assertFalse(header.options().hasTimestamps());
    }

    @Test
    void aKnownOptionOfAWrongLengthIsIgnored() {
        assertTrue(wrap("138801bb" + "00000001" + "00000002" + "70020200" + "00000000" + "02030501" + "01030307"));
        assertEquals(0, header.options().mss());
        assertEquals(7, header.options().windowScale());
    }

    @Test
    void afterTheEndOfOptionsNothingIsRead() {
        assertTrue(wrap("138801bb" + "00000001" + "00000002" + "60020200" + "00000000" + "00030307"));
        assertEquals(-1, header.options().windowScale());
    }

    @Test
    void lessThanAHeaderIsMalformed() {
        assertFalse(wrap("138801bb" + "00000001" + "00000002" + "50100200" + "000000"));
    }

    @Test
    void aLengthBelowTwentyIsMalformed() {
        assertFalse(wrap("138801bb" + "00000001" + "00000002" + "40100200" + "00000000"));
    }

    @Test
    void aLengthBeyondTheSegmentIsMalformed() {
        assertFalse(wrap("138801bb" + "00000001" + "00000002" + "60100200" + "00000000"));
    }

    @Test
    void noiseIsReadWithoutHarm() {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 200_000; i++) {
            byte[] noise = new byte[random.nextInt(80)];
            random.nextBytes(noise);
            if (noise.length > 12 && random.nextBoolean()) {
                noise[12] = (byte) (5 + random.nextInt(11) << 4);
            }
            if (header.wrap(MemorySegment.ofArray(noise), 0, noise.length)) {
                TcpOptions options = header.options();
                assertTrue(options.sackCount() <= 4);
                for (int block = 0; block < options.sackCount(); block++) {
                    options.sackLeft(block);
                    options.sackRight(block);
                }
            }
        }
    }

    @Test
    void aHeaderIsWritten() {
        MemorySegment memory = MemorySegment.ofArray(new byte[21]);
        memory.fill((byte) 0xff);
        TcpHeader.write(memory, 1, 0xd4ee, 80, 0x3c6ba5e4, -2, 20, TcpHeader.ACK | TcpHeader.PSH, 64_240);
        assertEquals("ff" + "d4ee0050" + "3c6ba5e4" + "fffffffe" + "5018faf0" + "00000000", hex(memory));
    }

    @Test
    void optionsAreWrittenAsTheyAreRead() {
        MemorySegment memory = MemorySegment.ofArray(new byte[60]);
        long at = TcpHeader.BYTES;
        at = TcpOptions.putMss(memory, at, 8960);
        at = TcpOptions.putSackPermitted(memory, at);
        at = TcpOptions.putTimestamps(memory, at, -7, 9);
        at = TcpOptions.putWindowScale(memory, at, 14);
        at = TcpOptions.putSackHeader(memory, at, 1);
        at = TcpOptions.putSackBlock(memory, at, -5, 5);
        assertEquals(56, at);
        TcpHeader.write(memory, 0, 1, 2, 3, 4, (int) at, TcpHeader.SYN, 0);
        assertTrue(header.wrap(memory, 0, 60));
        TcpOptions options = header.options();
        assertEquals(8960, options.mss());
        assertTrue(options.sackPermitted());
        assertEquals(-7, options.tsVal());
        assertEquals(9, options.tsEcr());
        assertEquals(14, options.windowScale());
        assertEquals(-5, options.sackLeft(0));
        assertEquals(5, options.sackRight(0));
    }

    private static String hex(MemorySegment memory) {
        return HexFormat.of().formatHex(memory.toArray(ValueLayout.JAVA_BYTE));
    }
}
