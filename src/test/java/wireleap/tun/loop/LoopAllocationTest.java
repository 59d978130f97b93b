package wireleap.tun.loop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.mem.Counter;
import wireleap.tun.os.Poller;
import wireleap.tun.testing.HeapAllocation;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.UdpHeader;
import wireleap.tun.wire.VirtioNetHeader;

/** Nothing is allocated for a packet, from the device through the stack to the socket and back. */
class LoopAllocationTest {
    private static final int ROUNDS = 1_000;
    private static final int WARM_UPS = 40;
    /** What the measurement itself may cost, whatever the number of packets. */
    private static final long NOISE_BYTES = 2_000;

    private final LoopWorld world = new LoopWorld();
    private final IpWriter ip = new IpWriter().between(0, LoopClient.ADDRESS, 0, LoopClient.TARGET, UdpHeader.PROTOCOL);

    @AfterEach
    void close() {
        world.close();
    }

    private void bothWays(LoopClient client, int fd) {
        for (var i = 0; i < ROUNDS; i++) {
            world.nowNanos += 50_000;
            client.says += 100_000;
            world.sockets.recvBytes = 100_000;
            world.ready(fd, Poller.READABLE);
            world.turn();
        }
    }

    @Test
    void segmentsBothWaysAllocateNothing() {
        var client = world.connect(1000);
        world.sockets.recvResult = 65_536;
        var fd = world.youngest();
        var allocated = HeapAllocation.of(WARM_UPS, () -> bothWays(client, fd));
        var packets = world.count(Counter.PACKETS_IN) + world.count(Counter.PACKETS_OUT);
        assertTrue(packets > 2 * ROUNDS * WARM_UPS, packets + " packets");
        assertTrue(client.received > 1_000_000_000L && world.sockets.sentBytes > 1_000_000_000L, "too little was carried");
        assertTrue(allocated < NOISE_BYTES, allocated + " bytes");
    }

    private void datagrams(int fd) {
        for (var i = 0; i < ROUNDS; i++) {
            world.nowNanos += 50_000;
            var memory = world.device.memory();
            var at = world.device.offset();
            ip.write(memory, at + VirtioNetHeader.BYTES, UdpHeader.BYTES + 1000);
            UdpHeader.write(memory, at + VirtioNetHeader.BYTES + ip.headerBytes(), 2000, 80, 1000,
                ip.pseudoHeaderSum(UdpHeader.BYTES + 1000));
            VirtioNetHeader.writePartial(memory, at, VirtioNetHeader.GSO_NONE, ip.headerBytes(), UdpHeader.BYTES,
                UdpHeader.CHECKSUM_OFFSET, 1000, 1000);
            world.device.sent(VirtioNetHeader.BYTES + ip.headerBytes() + UdpHeader.BYTES + 1000);
            world.sockets.recvBytes = 10_000;
            if (fd >= 0) {
                world.ready(fd, Poller.READABLE);
            }
            world.turn();
        }
    }

    @Test
    void datagramsBothWaysAllocateNothing() {
        world.sockets.recvResult = 1000;
        datagrams(-1);
        var fd = world.youngest();
        var allocated = HeapAllocation.leastOf(WARM_UPS, () -> datagrams(fd));
        assertTrue(world.count(Counter.DATAGRAMS_DOWN) >= 10 * ROUNDS, world.count(Counter.DATAGRAMS_DOWN) + " came down");
        assertEquals(world.count(Counter.PACKETS_IN), world.count(Counter.DATAGRAMS_UP));
        assertEquals(0, allocated);
    }

    @Test
    void emptyTurnsAllocateNothing() {
        var allocated = HeapAllocation.of(WARM_UPS, () -> {
            for (var i = 0; i < ROUNDS; i++) {
                world.turn();
            }
        });
        assertTrue(allocated < NOISE_BYTES, allocated + " bytes");
    }

    @Test
    void packetsThatAreDroppedAllocateNothing() {
        var noise = MemorySegment.ofArray(new byte[60]).fill((byte) 0x45);
        var allocated = HeapAllocation.of(WARM_UPS, () -> {
            for (var i = 0; i < ROUNDS; i++) {
                world.device.put(noise);
                world.turn();
            }
        });
        assertEquals(ROUNDS * (WARM_UPS + 1L), world.count(Counter.PACKETS_IN));
        assertTrue(allocated < NOISE_BYTES, allocated + " bytes");
    }
}
