package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;

class LinuxMemoryTest {
    private static boolean isMapped(MemorySegment memory) throws Exception {
        return Files.readString(Path.of("/proc/self/maps")).lines().map(line -> line.split("[- ]")).anyMatch(
                range -> Long.parseUnsignedLong(range[0], 16) <= memory.address()
                        && memory.address() < Long.parseUnsignedLong(range[1], 16));
    }

    @Test
    void sixteenGibibytesCostNothingUntilTheyAreTouched() throws Exception {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = LinuxMemory.map(1L << 34, arena);
            assertEquals(0, memory.get(ValueLayout.JAVA_BYTE, (1L << 34) - 1));
        }
    }

    @Test
    void itsArenaUnmapsIt() throws Exception {
        MemorySegment memory;
        try (Arena arena = Arena.ofConfined()) {
            memory = LinuxMemory.map(1 << 22, arena);
            assertTrue(isMapped(memory));
        }
        assertFalse(isMapped(memory));
    }

    @Test
    void moreThanThereIsRoomForIsRefused() {
        try (Arena arena = Arena.ofConfined()) {
            ErrnoException thrown = assertThrows(ErrnoException.class, () -> LinuxMemory.map(1L << 60, arena));
            assertEquals(Errno.ENOMEM, thrown.errno());
            assertTrue(thrown.getMessage().startsWith("mmap " + (1L << 60)), thrown.getMessage());
        }
    }
}
