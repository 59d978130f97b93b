package wireleap.tun.os;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import wireleap.tun.os.linux.gen.Linux;

class FdTest {
    private static Fd open() throws ErrnoException {
        return Fd.of("open /dev/null", Sys.open("/dev/null", Linux.O_RDONLY(), 0));
    }

    @Test
    void closingGivesTheDescriptorBack() throws ErrnoException {
        Fd fd = open();
        int number = fd.number();
        fd.close();
        assertFalse(fd.isOpen());
        assertEquals(-Linux.EBADF(), Sys.fcntl(number, Linux.F_GETFD(), 0));
    }

    @Test
    void closingTwiceDoesNotCloseWhoGotTheNumberNext() throws ErrnoException {
        Fd first = open();
        first.close();
        try (Fd second = open()) {
            first.close();
            assertEquals(0, Sys.fcntl(second.number(), Linux.F_GETFD(), 0));
        }
    }

    @Test
    void aClosedDescriptorHasNoNumber() throws ErrnoException {
        Fd fd = open();
        fd.close();
        assertThrows(IllegalStateException.class, fd::number);
    }

    @Test
    void aFailedCallBecomesAnException() {
        ErrnoException thrown = assertThrows(ErrnoException.class,
                () -> Fd.of("open /absent", Sys.open("/absent", Linux.O_RDONLY(), 0)));
        assertEquals(Errno.ENOENT, thrown.errno());
    }
}
