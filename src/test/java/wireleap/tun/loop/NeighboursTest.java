package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/** What one loop reads and another has to do with. */
class NeighboursTest {
    private static final int LENGTH = 1000;
    /** Of a session that is the first loop's. */
    private static final int PORT = 2000;

    private final List<LoopWorld> worlds = LoopWorld.two();
    private final LoopWorld reader = worlds.getLast();
    private final LoopWorld owner = worlds.getFirst();
    private final IpWriter ip = new IpWriter().between(0, LoopClient.ADDRESS, 0, LoopClient.TARGET, UdpHeader.PROTOCOL);

    @AfterEach
    void close() {
        worlds.forEach(LoopWorld::close);
    }

    private void put(LoopWorld world, int port) {
        var memory = world.device.memory();
        var at = world.device.offset();
        ip.write(memory, at + VirtioNetHeader.BYTES, UdpHeader.BYTES + LENGTH);
        UdpHeader.write(memory, at + VirtioNetHeader.BYTES + ip.headerBytes(), port, 80, LENGTH,
            ip.pseudoHeaderSum(UdpHeader.BYTES + LENGTH));
        VirtioNetHeader.writePartial(memory, at, VirtioNetHeader.GSO_NONE, ip.headerBytes(), UdpHeader.BYTES,
            UdpHeader.CHECKSUM_OFFSET, LENGTH, LENGTH);
        world.device.sent(VirtioNetHeader.BYTES + ip.headerBytes() + UdpHeader.BYTES + LENGTH);
    }

    @Test
    void aDatagramOfTheOthersSessionIsSentByTheOther() {
        put(reader, PORT);
        reader.turn();
        owner.turn();
        assertEquals(1, reader.count(Counter.GIVEN));
        assertEquals(0, reader.count(Counter.DATAGRAMS_UP));
        assertEquals(1, owner.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void aDatagramOfItsOwnSessionIsSentByItself() {
        put(owner, PORT);
        owner.turn();
        assertEquals(0, owner.count(Counter.GIVEN));
        assertEquals(1, owner.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void theOtherIsWokenOnceATurn() {
        for (var i = 0; i < 5; i++) {
            put(reader, PORT);
        }
        owner.poller.onAwait = reader::turn;
        owner.turn();
        assertEquals(1, owner.poller.wakes.availablePermits());
        assertEquals(5, owner.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void aLoopWithPacketsOfOthersDoesNotWait() {
        put(reader, PORT);
        reader.turn();
        owner.turn();
        assertEquals(0, owner.poller.lastTimeoutNanos);
    }

    @Test
    void whatIsMoreThanAShareWaitsForTheNextTurn() {
        for (var i = 0; i < 10; i++) {
            for (var j = 0; j < Turns.PACKETS_A_TURN; j++) {
                put(reader, PORT);
            }
            reader.turn();
        }
        owner.turn();
        var first = owner.count(Counter.DATAGRAMS_UP);
        assertTrue(first > 0 && first < 10 * Turns.PACKETS_A_TURN, first + " in one turn");
        owner.turn();
        owner.turn();
        assertEquals(10 * Turns.PACKETS_A_TURN, owner.count(Counter.DATAGRAMS_UP));
    }

    @Test
    void datagramsThatAreGivenAllocateNothing() {
        var allocated = HeapAllocation.leastOf(60, () -> {
            for (var i = 0; i < 1_000; i++) {
                reader.nowNanos += 50_000;
                owner.nowNanos += 50_000;
                put(reader, PORT);
                reader.turn();
                owner.turn();
            }
        });
        assertTrue(owner.count(Counter.DATAGRAMS_UP) > 1_000, owner.count(Counter.DATAGRAMS_UP) + " were given");
        assertEquals(0, allocated);
    }
}
