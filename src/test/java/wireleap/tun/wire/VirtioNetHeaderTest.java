package wireleap.tun.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bytes are those of a little-endian processor, as all are for which the daemon is built. */
class VirtioNetHeaderTest {
    private final MemorySegment memory = Arena.ofAuto().allocate(16);
    private final VirtioNetHeader header = new VirtioNetHeader();

    private VirtioNetHeader read(String hex) {
        assertTrue(header.wrap(Hex.memory(hex), 0, 12));
        return header;
    }

    @Test
    void fieldsAreReadInTheProcessorsOrder() {
        // struct virtio_net_hdr_v1 of an IPv4 TCP super-segment, by python's
        // struct.pack("<BBHHHHH", 1, 1, 54, 1460, 20, 16, 0).hex()
        VirtioNetHeader virtio = read("0101 3600 b405 1400 1000 0000");
        assertEquals("1 1 54 1460 20 16", virtio.flags() + " " + virtio.gsoType() + " " + virtio.hdrLen() + " "
                + virtio.gsoSize() + " " + virtio.csumStart() + " " + virtio.csumOffset());
    }

    @Test
    void theEcnBitIsApartFromTheType() {
        VirtioNetHeader virtio = read("0184 0000 0000 0000 0000 0000");
        assertEquals(VirtioNetHeader.GSO_TCPV6, virtio.gsoType());
    }

    @ParameterizedTest
    @CsvSource({"00, false", "01, true", "02, true", "03, true", "04, false"})
    void aChecksumIsTrustedWhenTheKernelSaysSo(String flags, boolean trusted) {
        assertEquals(trusted, read(flags + "00 0000 0000 0000 0000 0000").checksumTrusted());
    }

    @Test
    void elevenBytesAreNoHeader() {
        assertFalse(header.wrap(memory, 0, 11));
    }

    @Test
    void aPayloadOfMoreThanOneSegmentIsCut() {
        VirtioNetHeader.writePartial(memory, 4, VirtioNetHeader.GSO_TCPV4, 20, 32, 16, 14_480, 1_448);
        // struct.pack("<BBHHHHH", 1, 1, 52, 1448, 20, 16, 0).hex()
        assertEquals("01013400a805140010000000", Hex.text(memory, 4, 12));
    }

    @Test
    void aPayloadOfOneSegmentIsNotCut() {
        VirtioNetHeader.writePartial(memory, 4, VirtioNetHeader.GSO_UDP_L4, 40, 8, 6, 1_200, 1_200);
        // struct.pack("<BBHHHHH", 1, 0, 48, 0, 40, 6, 0).hex()
        assertEquals("010030000000280006000000", Hex.text(memory, 4, 12));
    }

    @Test
    void aCompletePacketLeavesNothingToDo() {
        memory.fill((byte) 0xff);
        VirtioNetHeader.writeComplete(memory, 4);
        assertEquals("00".repeat(12), Hex.text(memory, 4, 12));
    }
}
