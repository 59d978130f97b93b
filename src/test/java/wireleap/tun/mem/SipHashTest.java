package wireleap.tun.mem;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import org.junit.jupiter.api.Test;

/** The reference implementation's vectors: key 00 01 .. 0f, input 00 01 02 and so on (vectors.h, vectors_sip64). */
class SipHashTest {
    private final SipHash hash = new SipHash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L);

    @Test
    void nothingHashesAsInTheReference() {
        assertEquals(0x726fdb47dd0e0e31L, hash.begin().end());
    }

    @Test
    void eightBytesHashAsInTheReference() {
        assertEquals(0x93f5f5799a932462L, hash.begin().add(0x0706050403020100L).end());
    }

    @Test
    void sixteenBytesHashAsInTheReference() {
        assertEquals(0x3f2acc7f57c29bdbL, hash.begin().add(0x0706050403020100L).add(0x0f0e0d0c0b0a0908L).end());
    }

    @Test
    void anotherKeyGivesAnotherHash() {
        assertNotEquals(hash.begin().add(1).end(), new SipHash(1, 2).begin().add(1).end());
    }
}
