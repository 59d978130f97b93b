package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import wireleap.tun.mem.Bytes;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.wire.IpPacket;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.UdpHeader;

class InboxTest {
    private static final int SMALLEST = IpPacket.IPV6_HEADER_BYTES + 8;
    private static final int LARGEST = IpPacket.IPV6_HEADER_BYTES + 65_535;

    private final SimPoller poller = new SimPoller();
    private final Inbox inbox = new Inbox(Arena.ofAuto().allocate(Inbox.MEMORY_BYTES, 64), poller);

    /** Packets of any length, each with a number at its end. */
    private static final class Giver {
        private final MemorySegment memory = Arena.ofAuto().allocate(1 << 17);
        private final IpWriter ip = new IpWriter().between(0x2001_0db8L << 32, 1, 0x2001_0db8L << 32, 2, UdpHeader.PROTOCOL);
        private final IpPacket packet = new IpPacket();

        IpPacket packet(int length, long number) {
            ip.write(memory, 4, length - IpPacket.IPV6_HEADER_BYTES);
            Bytes.putI64(memory, 4 + length - 8, number);
            if (packet.parse(memory, 4, length) != IpPacket.OK) {
                throw new AssertionError("the test's packet is none");
            }
            return packet;
        }
    }

    private final Giver giver = new Giver();

    private long takenNumber() {
        return Bytes.i64(inbox.memory(), inbox.offset() + inbox.length() - 8);
    }

    @ParameterizedTest
    @ValueSource(ints = {SMALLEST, 55, 56, 57, 1500, LARGEST - 1, LARGEST})
    void aPacketIsTakenAsItWasGiven(int length) {
        var packet = giver.packet(length, 42);
        assertTrue(inbox.give(packet, 0x1234_5678));
        assertEquals(length, inbox.length());
        assertEquals(0x1234_5678, inbox.note());
        assertEquals(-1, MemorySegment.mismatch(packet.memory(), packet.headerOffset(), packet.headerOffset() + length,
            inbox.memory(), inbox.offset(), inbox.offset() + length));
    }

    @Test
    void nothingIsThereAtFirstAndAfterTheLast() {
        assertTrue(inbox.isEmpty());
        inbox.give(giver.packet(100, 0), 0);
        assertFalse(inbox.isEmpty());
        inbox.release();
        assertTrue(inbox.isEmpty());
    }

    @Test
    void packetsComeInOrderRoundAndRound() {
        var random = new Random(7);
        long given = 0;
        for (long taken = 0; taken < 50_000; taken++) {
            while (given - taken < 10) {
                assertTrue(inbox.give(giver.packet(SMALLEST + random.nextInt(random.nextInt(1, LARGEST - SMALLEST)), given), 0));
                given++;
            }
            assertFalse(inbox.isEmpty());
            assertEquals(taken, takenNumber());
            inbox.release();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {SMALLEST, 1500, LARGEST})
    void itIsBoundedAndTakesAgainWhatWasReleased(int length) {
        for (var round = 0; round < 5; round++) {
            var room = 0;
            while (inbox.give(giver.packet(length, room), 0)) {
                room++;
            }
            assertTrue(room * (length + 8L) <= Inbox.MEMORY_BYTES && room >= 14, room + " packets");
            inbox.release();
            assertTrue(inbox.give(giver.packet(length, room), 0));
            assertFalse(inbox.give(giver.packet(length, 0), 0));
            for (var i = 1; i <= room; i++) {
                assertEquals(i, takenNumber());
                inbox.release();
            }
            assertTrue(inbox.isEmpty());
        }
    }

    @Test
    void onlyATakerThatSleepsIsWoken() {
        inbox.wake();
        assertEquals(0, poller.wakes.availablePermits());
        assertTrue(inbox.sleeps());
        inbox.wake();
        inbox.wake();
        assertEquals(1, poller.wakes.availablePermits());
    }

    @Test
    void aTakerThatWokeByItselfIsNotWoken() {
        inbox.sleeps();
        inbox.wakes();
        inbox.wake();
        assertEquals(0, poller.wakes.availablePermits());
    }

    @Test
    void aTakerDoesNotSleepWhileThereIsAPacket() {
        inbox.give(giver.packet(100, 0), 0);
        assertFalse(inbox.sleeps());
    }

    /** Two givers and a taker that sleeps when it can: nothing is lost, each giver's packets come in order. */
    @Test
    @Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void threadsAtOnceLoseNothingAndKeepTheirOrder() throws InterruptedException {
        final var each = 100_000L;
        poller.waits = true;
        var givers = new Thread[2];
        for (var i = 0; i < givers.length; i++) {
            var note = i;
            givers[i] = Thread.ofPlatform().start(() -> giveAll(note, each));
        }
        var next = new long[givers.length];
        while (next[0] + next[1] < givers.length * each) {
            if (inbox.sleeps()) {
                poller.await(Long.MAX_VALUE);
            }
            inbox.wakes();
            while (!inbox.isEmpty()) {
                assertEquals(next[inbox.note()]++, takenNumber());
                inbox.release();
            }
        }
        for (var thread : givers) {
            thread.join();
        }
    }

    private void giveAll(int note, long count) {
        var own = new Giver();
        for (long i = 0; i < count; i++) {
            while (!inbox.give(own.packet(SMALLEST + (int) (i * 31 % 3000), i), note)) {
                inbox.wake();
                Thread.yield();
            }
            inbox.wake();
        }
    }

    @Test
    void nothingIsAllocatedForAPacket() {
        var allocated = HeapAllocation.leastOf(20, () -> {
            for (var i = 0; i < 10_000; i++) {
                inbox.give(giver.packet(1500, i), i);
                inbox.sleeps();
                inbox.wake();
                inbox.wakes();
                inbox.release();
            }
        });
        assertEquals(0, allocated);
    }
}
