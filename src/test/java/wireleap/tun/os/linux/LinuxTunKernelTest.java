package wireleap.tun.os.linux;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import wireleap.tun.demo.Namespace;
import wireleap.tun.os.Errno;
import wireleap.tun.os.ErrnoException;
import wireleap.tun.os.IoVec;
import wireleap.tun.os.Offloads;
import wireleap.tun.os.PacketDevice;
import wireleap.tun.os.Poller;
import wireleap.tun.testing.NeedsProgram;
import wireleap.tun.testing.NeedsTun;
import wireleap.tun.testing.TestNet;
import wireleap.tun.wire.IpWriter;
import wireleap.tun.wire.UdpHeader;

/** Devices in a namespace of each test's own: 10.9.0.1/24 is the host, 10.9.0.2 is behind the TUN. */
@NeedsTun
@NeedsProgram("ip")
class LinuxTunKernelTest {
    private static final String NAME = "wltest0";
    private static final long HOST = 0xffff_0a09_0001L;
    private static final long BEHIND = 0xffff_0a09_0002L;
    private static final int HEADER = LinuxTun.VIRTIO_HEADER_BYTES;

    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory = arena.allocate(65_536 + HEADER);
    private Namespace namespace;

    @BeforeEach
    void open() throws Exception {
        namespace = Namespace.open("tun");
    }

    @AfterEach
    void close() {
        namespace.close();
        arena.close();
    }

    private LinuxTun create(int queues) throws Exception {
        return namespace.call(() -> LinuxTun.create(NAME, queues));
    }

    private LinuxTun createUp() throws Exception {
        LinuxTun tun = create(1);
        assertEquals("", ip("link", "set", NAME, "addrgenmode", "none"));
        assertEquals("", ip("addr", "add", "10.9.0.1/24", "dev", NAME));
        assertEquals("", ip("link", "set", NAME, "up"));
        return tun;
    }

    private String ip(String... arguments) throws Exception {
        return TestNet.output(namespace, Stream.concat(Stream.of("ip"), Stream.of(arguments)).toArray(String[]::new));
    }

    private DatagramChannel bound() throws Exception {
        return namespace.call(() -> DatagramChannel.open().bind(new InetSocketAddress("10.9.0.1", 0)));
    }

    private static int port(DatagramChannel channel) throws IOException {
        return ((InetSocketAddress) channel.getLocalAddress()).getPort();
    }

    /** A virtio header without any offload, then a UDP datagram from behind the TUN with these words. */
    private int datagram(int toPort, String words) {
        byte[] payload = words.getBytes(StandardCharsets.US_ASCII);
        IpWriter ip = new IpWriter().between(0, BEHIND, 0, HOST, UdpHeader.PROTOCOL);
        int udp = HEADER + ip.headerBytes();
        memory.asSlice(0, HEADER).fill((byte) 0);
        MemorySegment.copy(payload, 0, memory, ValueLayout.JAVA_BYTE, udp + UdpHeader.BYTES, payload.length);
        ip.write(memory, HEADER, UdpHeader.BYTES + payload.length);
        UdpHeader.write(memory, udp, 7, toPort, payload.length, 0);
        return udp + UdpHeader.BYTES + payload.length;
    }

    private static String received(DatagramChannel channel) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(2048);
        channel.receive(buffer);
        return new String(buffer.array(), 0, buffer.position(), StandardCharsets.US_ASCII);
    }

    @Test
    void aNewDeviceIsThereUnderItsName() throws Exception {
        try (LinuxTun tun = create(1)) {
            assertEquals(NAME, tun.name());
            assertTrue(ip("-d", "link", "show", NAME).contains("tun type tun pi off vnet_hdr on"));
        }
    }

    /** What a kernel from 6.2 on agrees to. */
    @Test
    void allOffloadsAreInForce() throws Exception {
        try (LinuxTun tun = create(1)) {
            assertEquals(new Offloads(true, true, true, true, true), tun.offloads());
        }
    }

    @Test
    void aDeviceThatIsThereIsNotTakenOver() throws Exception {
        try (LinuxTun tun = create(2)) {
            ErrnoException thrown = assertThrows(ErrnoException.class, () -> create(2));
            assertEquals(Errno.EBUSY, thrown.errno());
            assertEquals("ioctl TUNSETIFF wltest0: EBUSY (16), Device or resource busy", thrown.getMessage());
        }
    }

    @Test
    void aClosedDeviceIsGone() throws Exception {
        create(2).close();
        assertTrue(ip("link", "show", NAME).contains("does not exist"));
    }

    @Test
    void eachQueueHasItsOwnDescriptorAndTheSameOffloads() throws Exception {
        try (LinuxTun tun = create(2)) {
            assertEquals(2, tun.queues().size());
            assertNotEquals(tun.queues().get(0).fd(), tun.queues().get(1).fd());
            assertEquals(tun.queues().get(0).offloads(), tun.queues().get(1).offloads());
        }
    }

    @Test
    void aQueueWithoutPacketsSaysAgain() throws Exception {
        try (LinuxTun tun = createUp()) {
            assertEquals(Errno.EAGAIN, Errno.of(-tun.queues().getFirst().read(memory, 0, 2048)));
        }
    }

    @Test
    void writingToADeviceThatIsDownIsAnErrorAsAValue() throws Exception {
        try (LinuxTun tun = create(1)) {
            assertEquals(Errno.EIO, Errno.of(-tun.queues().getFirst().write(memory, 0, datagram(9, "down"))));
        }
    }

    @Test
    void whatTheHostSendsIsReadWithAHeaderThatLeavesTheChecksum() throws Exception {
        try (LinuxTun tun = createUp();
             DatagramChannel channel = bound()) {
            PacketDevice queue = tun.queues().getFirst();
            channel.send(ByteBuffer.wrap("hello".getBytes(StandardCharsets.US_ASCII)),
                    new InetSocketAddress("10.9.0.2", 7));
            assertEquals(HEADER + 20 + 8 + 5, namespace.call(() -> awaited(queue)));
            assertEquals(1, memory.get(ValueLayout.JAVA_BYTE, 0), "NEEDS_CSUM");
            assertEquals(20, memory.get(ValueLayout.JAVA_SHORT, 6), "csum_start");
            assertEquals(0x45, memory.get(ValueLayout.JAVA_BYTE, HEADER));
            byte[] payload = memory.asSlice(HEADER + 28, 5).toArray(ValueLayout.JAVA_BYTE);
            assertArrayEquals("hello".getBytes(StandardCharsets.US_ASCII), payload);
        }
    }

    private int awaited(PacketDevice queue) throws ErrnoException {
        try (Arena local = Arena.ofConfined();
             Epoll epoll = new Epoll(local, 1)) {
            epoll.add(queue.fd(), Poller.READABLE, 0);
            assertEquals(1, epoll.await(SocketPair.PATIENCE_NANOS), "no packet came");
            return queue.read(memory, 0, 65_536);
        }
    }

    @Test
    void whatIsWrittenReachesTheHost() throws Exception {
        try (LinuxTun tun = createUp();
             DatagramChannel channel = bound()) {
            int length = datagram(port(channel), "from behind");
            assertEquals(length, tun.queues().getFirst().write(memory, 0, length));
            assertEquals("from behind", received(channel));
        }
    }

    @Test
    void partsAreOnePacket() throws Exception {
        try (LinuxTun tun = createUp();
             DatagramChannel channel = bound()) {
            int length = datagram(port(channel), "in three parts");
            IoVec parts = new IoVec(arena, 3).add(memory, 0, 40).add(memory, 40, 3).add(memory, 43, length - 43);
            assertEquals(length, tun.queues().getFirst().write(parts));
            assertEquals("in three parts", received(channel));
        }
    }

    @Test
    void aPacketThatIsNoIpIsAnErrorAsAValue() throws Exception {
        try (LinuxTun tun = createUp()) {
            int length = datagram(9, "version 0");
            memory.set(ValueLayout.JAVA_BYTE, HEADER, (byte) 0);
            assertEquals(Errno.EINVAL, Errno.of(-tun.queues().getFirst().write(memory, 0, length)));
        }
    }

    @Test
    void aNameThatIsTooLongIsRefusedBeforeTheKernelCutsIt() {
        assertThrows(IllegalArgumentException.class, () -> LinuxTun.create("sixteen-letters-", 1));
    }

    @Test
    void theHostsOwnNamespaceKnowsNothingOfIt() throws Exception {
        try (LinuxTun tun = create(1)) {
            assertFalse(new ProcessBuilder("ip", "link", "show", tun.name()).start().waitFor() == 0);
        }
    }
}
