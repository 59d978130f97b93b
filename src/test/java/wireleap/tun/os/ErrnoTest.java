package wireleap.tun.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import wireleap.tun.os.linux.gen.Linux;

class ErrnoTest {
    @ParameterizedTest
    @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "OTHER")
    void linuxNumberIsTheHeaders(Errno errno) throws Exception {
        assertEquals(Linux.class.getMethod(errno.name()).invoke(null), errno.number());
    }

    @ParameterizedTest
    @EnumSource
    void aNumberLeadsBackToItsName(Errno errno) {
        assertEquals(errno, Errno.of(errno.number()));
    }

    @Test
    void aNumberWithoutANameIsOther() {
        assertEquals(Errno.OTHER, Errno.of(4095));
    }

    @Test
    void onlyMinusTheNumberIsTheError() {
        assertTrue(Errno.EAGAIN.is(-Errno.EAGAIN.number()));
        assertFalse(Errno.EAGAIN.is(Errno.EAGAIN.number()));
    }

    @Test
    void successIsNoError() {
        assertFalse(Errno.OTHER.is(0));
    }

    @Test
    void exceptionTellsCallNameNumberAndMeaning() {
        assertEquals("ioctl TUNSETIFF wltun0: EPERM (1), Operation not permitted",
                new ErrnoException("ioctl TUNSETIFF wltun0", 1).getMessage());
    }

    @Test
    void exceptionTellsANumberThatHasNoName() {
        assertEquals("read x: errno 4095", new ErrnoException("read x", 4095).getMessage());
    }
}
