package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import wireleap.tun.mem.Counter;
import wireleap.tun.os.Errno;
import wireleap.tun.os.Poller;
import wireleap.tun.upstream.Link;
import wireleap.tun.upstream.LinkOwner;
import wireleap.tun.upstream.SocketError;
import wireleap.tun.wire.VirtioNetHeader;

class TurnsTest {
    private final LoopWorld world = new LoopWorld();

    @AfterEach
    void close() {
        world.close();
        assertTrue(world.sockets.open.isEmpty(), "sockets are left open");
    }

    @Test
    void theDeviceIsWatchedByLevel() {
        assertEquals(Poller.READABLE, world.poller.interests.get(SimDevice.FD));
    }

    @Test
    void bytesOfAClientGoToTheSocketInTheSameTurn() {
        var client = world.connect(1000);
        client.says = 5_000;
        world.turn();
        world.turn();
        assertEquals(5_000, world.sockets.sentBytes);
    }

    @Test
    void bytesOfTheSocketGoToTheClientInTheSameTurn() {
        var client = world.connect(1000);
        world.sockets.recvResult = 5_000;
        world.sockets.recvBytes = 5_000;
        world.ready(world.youngest(), Poller.READABLE);
        world.turn();
        assertEquals(5_000, client.received);
    }

    @Test
    void whatTheDeviceTakesIsCounted() {
        var bytes = new AtomicLong();
        var client = world.device.tap;
        world.device.tap = (memory, offset, length) -> {
            bytes.addAndGet(length - VirtioNetHeader.BYTES);
            client.onPacket(memory, offset, length);
        };
        world.connect(1000);
        world.sockets.recvResult = 5_000;
        world.sockets.recvBytes = 5_000;
        world.ready(world.youngest(), Poller.READABLE);
        world.turn();
        assertEquals(bytes.get(), world.count(Counter.BYTES_OUT));
        assertEquals(1, world.count(Counter.SUPER_SEGMENTS_OUT));
    }

    @Test
    void noMoreThanItsShareIsReadInATurn() {
        for (var i = 0; i < 2 * Turns.PACKETS_A_TURN; i++) {
            world.device.put(MemorySegment.ofArray(new byte[40]));
        }
        world.turn();
        assertEquals(Turns.PACKETS_A_TURN, world.device.waiting());
        world.turn();
        assertEquals(0, world.device.waiting());
    }

    @Test
    void aDeviceThatIsNotReadyIsNotRead() {
        world.poller.ready(12L, Poller.READABLE);
        world.turns.turn();
        assertEquals(0, world.device.reads);
    }

    @Test
    void aTurnIsSocketsThenPacketsThenTasksThenTheEnd() {
        var order = new ArrayList<String>();
        var client = world.connect(1000);
        var link = world.links.connect(0, 1, 2, (events, nowNanos) -> order.add("socket"));
        world.device.tap = (memory, offset, length) -> order.add("end");
        client.says = 5_000; // two segments at least, so that the turn's end owes an ACK
        client.connection.endOfTurn(world.nowNanos);
        world.mailbox.post((stack, nowNanos) -> order.add(world.sockets.sentBytes == 5_000 ? "packet, task" : "task"));
        world.ready(SimDevice.FD, Poller.READABLE);
        world.ready(world.youngest(), Poller.READABLE);
        world.turns.turn();
        assertEquals(List.of("socket", "packet, task", "end"), order);
        link.close();
    }

    @Test
    void aTurnWithoutDeadlineWaitsForEver() {
        world.turn();
        assertEquals(Long.MAX_VALUE, world.poller.lastTimeoutNanos);
    }

    @Test
    void aTurnWaitsNoLongerThanToTheDeadline() {
        world.client(1000).open(world.nowNanos);
        world.turn();
        world.nowNanos += 1_000_000;
        world.turn();
        assertEquals(LoopWorld.PATIENCE - 1_000_000, world.poller.lastTimeoutNanos);
    }

    @Test
    void whatIsDueIsDone() {
        var client = world.client(1000);
        client.open(world.nowNanos);
        world.turn();
        world.nowNanos += LoopWorld.PATIENCE;
        world.turn();
        assertTrue(client.connection.closed());
    }

    @Test
    void whatASocketCouldNotSayInItsShareItSaysInTheNextTurnAtOnce() {
        world.connect(1000);
        world.sockets.recvResult = 65_536;
        world.ready(world.youngest(), Poller.READABLE);
        world.turns.turn();
        world.turns.turn();
        assertTrue(world.poller.lastTimeoutNanos <= 0, world.poller.lastTimeoutNanos + " ns");
    }

    @Test
    void tasksGetTheTurnsTime() {
        var times = new ArrayList<Long>();
        world.mailbox.post((stack, nowNanos) -> times.add(nowNanos));
        world.turn();
        assertEquals(List.of(world.nowNanos), times);
    }

    @Test
    void aTaskThatFailsIsCountedAndTheNextOneRuns() {
        var ran = new ArrayList<String>();
        world.mailbox.post((stack, nowNanos) -> {
            throw new IllegalStateException("a task of a test");
        });
        world.mailbox.post((stack, nowNanos) -> ran.add("next"));
        world.turn();
        assertEquals(List.of("next"), ran);
        assertEquals(1, world.count(Counter.INTERNAL_ERRORS));
    }

    @Test
    void aSocketsOwnerThatFailsIsCountedAndTheNextOneIsTold() {
        var told = new ArrayList<Integer>();
        world.links.connect(0, 1, 2, (events, nowNanos) -> {
            if (events == LinkOwner.WRITABLE) {
                throw new IllegalStateException("an owner of a test");
            }
        });
        world.ready(world.youngest(), Poller.WRITABLE);
        world.links.connect(0, 1, 2, (events, nowNanos) -> told.add(events));
        world.ready(world.youngest(), Poller.WRITABLE);
        world.turn();
        assertEquals(List.of(LinkOwner.WRITABLE), told);
        assertEquals(1, world.count(Counter.INTERNAL_ERRORS));
    }

    @Test
    void aSocketsOwnerThatFailsFindsItsSocketFailed() {
        var results = new ArrayList<Integer>();
        var links = new ArrayList<Link>();
        links.add(world.links.connect(0, 1, 2, (events, nowNanos) -> {
            if (events == LinkOwner.WRITABLE) {
                throw new IllegalStateException("an owner of a test");
            }
            results.add(links.getFirst().connectResult());
        }));
        world.ready(world.youngest(), Poller.WRITABLE);
        world.turn();
        assertEquals(List.of(SocketError.OTHER), results);
    }

    @Test
    void aThousandTurnsInEachOfWhichAPacketFailsAreNotTheEnd() {
        world.sockets.connectFailures = 2000;
        for (var i = 0; i < 2000; i++) {
            world.client(1000 + i).open(world.nowNanos);
            world.turn();
            world.clients.clear();
            world.nowNanos += 10_000_000;        // no flood that the door would be kept against
        }
        assertEquals(2000, world.count(Counter.INTERNAL_ERRORS));
        world.connect(999);
    }

    @Test
    void aFlowThatFailsAtItsFirstPacketIsGone() {
        world.sockets.connectFailures = 1;
        var client = world.client(1000);
        client.open(world.nowNanos);
        world.turn();
        world.turn();
        assertEquals(0, world.turns.tcpFlows());
        assertTrue(client.connection.closed());
    }

    @Test
    void aPacketThatFailsIsCountedAndTheNextOneIsTaken() {
        world.sockets.connectFailures = 1;
        world.client(1000).open(world.nowNanos);
        var client = world.client(1001);
        client.open(world.nowNanos);
        world.turn();
        world.ready(world.youngest(), Poller.WRITABLE);
        world.turn();
        world.turn();
        assertEquals(1, world.count(Counter.INTERNAL_ERRORS));
        assertTrue(client.isEstablished());
    }

    @Test
    void aFlowThatFailsIsResetAndTheOthersGoOn() {
        var broken = world.connect(1000);
        var good = world.connect(1001);
        var tap = world.device.tap;
        var failures = new int[] {1};
        world.device.tap = (memory, offset, length) -> {
            if (length > 1000 && failures[0]-- > 0) {
                throw new IllegalStateException("a device of a test");
            }
            tap.onPacket(memory, offset, length);
        };
        world.sockets.recvResult = 5_000;
        world.sockets.recvBytes = 10_000;
        world.ready(world.youngest() - 1, Poller.READABLE);
        world.ready(world.youngest(), Poller.READABLE);
        world.turn();
        world.turn();
        assertEquals(1, world.count(Counter.INTERNAL_ERRORS));
        assertTrue(broken.connection.closed(), "the flow that failed is still there");
        assertTrue(good.received > 0, "the other flow was not served");
    }

    @Test
    void aDeviceThatWasDeletedEndsTheLoopAtOnce() {
        world.device.readError = -Errno.EBADFD.number();
        world.poller.ready(SimDevice.FD, Poller.FAILED);
        assertThrows(DeviceGoneException.class, world.turns::turn);
    }

    @Test
    void aDeviceThatFailsOnceIsReadAgain() {
        world.device.readError = -Errno.EIO.number();
        world.poller.ready(SimDevice.FD, Poller.READABLE);
        world.turn();
        world.device.readError = 0;
        world.connect(1000);
        assertEquals(1, world.count(Counter.INTERNAL_ERRORS));
    }

    @Test
    void aBrokenPollerEndsTheLoop() {
        world.poller.awaitError = -Errno.EBADF.number();
        assertThrows(IllegalStateException.class, world.turns::turn);
    }

    @ParameterizedTest
    @CsvSource({"EAGAIN, 1, 0", "ENOBUFS, 1, 0", "ENOMEM, 1, 0", "EIO, 0, 1", "EINVAL, 0, 1"})
    void packetsThatTheDeviceDoesNotTakeAreCountedByTheReason(Errno errno, long full, long refused) {
        world.device.writeError = -errno.number();
        world.sockets.openError = -Errno.ECONNREFUSED.number(); // answered by a reset, one packet
        world.client(1000).open(world.nowNanos);
        world.turn();
        assertEquals(full, world.count(Counter.DROP_DEVICE_FULL));
        assertEquals(refused, world.count(Counter.DROP_DEVICE_REFUSED));
        assertEquals(0, world.count(Counter.PACKETS_OUT));
    }

    @Test
    void closingResetsTheClients() {
        var client = world.connect(1000);
        world.turns.close();
        assertTrue(client.connection.closed());
        assertEquals(1, world.count(Counter.TCP_RESET_STOPPED));
        assertEquals(1, world.sockets.wereReset.size());
    }

    @Test
    void closingClosesEverySocketEvenWhenTheStackFails() {
        world.connect(1000);
        world.connect(1001);
        world.device.tap = (memory, offset, length) -> {
            throw new IllegalStateException("a device of a test");
        };
        world.turns.close();
        assertTrue(world.sockets.open.isEmpty());
    }
}
