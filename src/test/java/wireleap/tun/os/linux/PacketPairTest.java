package wireleap.tun.os.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.IoVec;

class PacketPairTest {
    private static final int LARGEST = 12 + 65_535;

    @Test
    void eachReadsWhatTheOtherWritesPacketByPacket() throws ErrnoException {
        try (Arena arena = Arena.ofConfined(); PacketPair pair = PacketPair.open()) {
            MemorySegment memory = arena.allocateFrom("first, second");
            assertEquals(5, pair.near().write(memory, 0, 5));
            assertEquals(6, pair.near().write(new IoVec(arena, 2).add(memory, 7, 2).add(memory, 9, 4)));
            MemorySegment read = arena.allocate(100);
            assertEquals(5, pair.far().read(read, 0, 100));
            assertEquals(6, pair.far().read(read, 0, 100));
            assertEquals("second", new String(read.asSlice(0, 6).toArray(JAVA_BYTE)));
            assertEquals(1, pair.far().write(memory, 0, 1));
            assertEquals(1, pair.near().read(read, 0, 100));
        }
    }

    @Test
    void itCarriesTheLargestPacket() throws ErrnoException {
        try (Arena arena = Arena.ofConfined(); PacketPair pair = PacketPair.open()) {
            MemorySegment memory = arena.allocate(LARGEST);
            assertEquals(LARGEST, pair.near().write(memory, 0, LARGEST));
            assertEquals(LARGEST, pair.far().read(memory, 0, LARGEST));
        }
    }

    @Test
    void whereThereIsNothingToReadItSaysSo() throws ErrnoException {
        try (Arena arena = Arena.ofConfined(); PacketPair pair = PacketPair.open()) {
            assertTrue(Errno.EAGAIN.is(pair.near().read(arena.allocate(100), 0, 100)));
        }
    }

    @Test
    void whatFindsNoRoomIsRefused() throws ErrnoException {
        try (Arena arena = Arena.ofConfined(); PacketPair pair = PacketPair.open()) {
            MemorySegment memory = arena.allocate(LARGEST);
            int written = LARGEST;
            for (int i = 0; i < 1_000 && written == LARGEST; i++) {
                written = pair.near().write(memory, 0, LARGEST);
            }
            assertTrue(Errno.EAGAIN.is(written), () -> "no end of room");
        }
    }
}
