package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;

@EnabledOnOs(OS.LINUX)
class DaemonLockTest {
    private static final String NAME = "wireleap_tun-test-" + ProcessHandle.current().pid();

    @Test
    void secondOneIsToldWhoHasIt() throws Exception {
        try (DaemonLock lock = DaemonLock.take(NAME)) {
            ErrnoException taken = assertThrows(ErrnoException.class, () -> DaemonLock.take(NAME).close());
            assertEquals(Errno.EADDRINUSE, taken.errno());
            assertTrue(taken.getMessage().contains("as process " + ProcessHandle.current().pid() + " "),
                    taken.getMessage());
        }
    }

    @Test
    void closedLockMayBeTakenAgain() throws Exception {
        for (int i = 0; i < 3; i++) {
            DaemonLock.take(NAME + "again").close();
        }
    }

    @Test
    void otherNamesAreOtherLocks() throws Exception {
        try (DaemonLock one = DaemonLock.take(NAME + "one"); DaemonLock two = DaemonLock.take(NAME + "two")) {
            assertTrue(one != two);
        }
    }
}
